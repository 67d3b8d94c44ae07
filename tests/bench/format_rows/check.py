"""Whether the work was done: how many entries each made, and whether their values are the same."""

import itertools
import json
import os
import re
from collections import Counter
from typing import Any

__all__ = [
    "base_entries",
    "bytes_in",
    "differences",
    "goaccess_requests",
    "lines_in",
    "lnav_messages",
    "number_in",
    "report_entries",
]

_BLOCK_BYTES = 1024 * 1024
_BASE = re.compile(rb"^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} \[[A-Za-z0-9_]+\] ", re.MULTILINE)
_COMPARED = 20_000  # entries
_ABSENT = (None, "", "-")  # polars, DuckDB, and logs themselves
_CONVERTED = ("timestamp", "level")  # concli makes them uniform, the peers leave them as they were


def base_entries(path: str) -> int:
    """Return the lines that begin an entry of the base format."""
    with open(path, "rb") as file:
        blocks = iter(lambda: b"".join(file.readlines(_BLOCK_BYTES)), b"")
        return sum(len(_BASE.findall(block)) for block in blocks)


def lines_in(path: str) -> int:
    """Return the number of line feeds."""
    with open(path, "rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(_BLOCK_BYTES), b""))


def bytes_in(path: str) -> int:
    """Return the size."""
    return os.path.getsize(path)


def number_in(path: str) -> int:
    """Return the number that a file holds."""
    with open(path, encoding="ascii") as file:
        return int(file.read())


def report_entries(path: str) -> int:
    """Return the entries that the report of concli's stats tells of."""
    return int(_json(path)["totals"]["entries"])


def goaccess_requests(path: str) -> int:
    """Return the requests that goaccess understood."""
    return int(_json(path)["general"]["valid_requests"])


def lnav_messages(path: str) -> int:
    """Return the sum over the levels."""
    return sum(int(row["count"]) for row in _json(path))


def differences(reference: str, output: str) -> str:
    """Say which values of the first entries differ from concli's, of those that both have and none converts.

    A message of concli's may go on: the lines of a stack trace, which the peers have not.
    """
    differ: Counter[str] = Counter()
    compared = 0
    with open(reference, encoding="utf-8") as ours, open(output, encoding="utf-8") as theirs:
        for one, other in itertools.islice(zip(ours, theirs, strict=False), _COMPARED):
            compared += 1
            mine, its = _values(one), _values(other)
            differ.update(name for name in mine.keys() & its.keys() if not _same(mine[name], its[name]))
    return ", ".join(f"{name} differs in {count} of {compared}" for name, count in sorted(differ.items()))


def _values(line: str) -> dict[str, str]:
    entry = json.loads(line)
    return {name: str(value) for name, value in entry.items() if value not in _ABSENT and name not in _CONVERTED}


def _same(mine: str, other: str) -> bool:
    return mine == other or mine.startswith(f"{other}\n")


def _json(path: str) -> Any:
    with open(path, encoding="utf-8") as file:
        return json.load(file)
