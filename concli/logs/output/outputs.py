"""All that entries can be written as, by name."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from concli.errors import UsageError
from concli.files import Output, open_output
from concli.logs.entries import Entries
from concli.logs.output.delimited import Csv, Tsv
from concli.logs.output.jsonl import JsonLines
from concli.logs.output.logfmt import Logfmt
from concli.logs.output.parquet import ParquetFile, Tables
from concli.logs.output.sqlite import Database, Rows
from concli.logs.output.text import Raw, Text

__all__ = ["OUTPUTS", "Kind", "Renderer", "output_for"]

Columns = tuple[str, ...] | None


class Renderer(Protocol):
    """Turns the kept entries of a chunk into what an output takes, for one thread.

    A call returns pieces to be written one after the other, good as long as the chunk, and how many bytes
    were replaced because they were not UTF-8. ``header`` comes before the first. ``left_out`` counts values
    of fields that there was no column for.
    """

    left_out: Counter[str]

    @property
    def header(self) -> bytes:
        """What comes before the first entry."""

    def __call__(self, entries: Entries, keep: NDArray[np.bool_]) -> tuple[Sequence[Any], int]:
        """Render the entries for which ``keep`` is true."""


class Kind(NamedTuple):
    """One of them, and which endings a file of it may have, the usual one first.

    ``renderer`` makes a renderer for one thread, ``opener`` opens the output at a path, None being standard
    output. Both are given the columns: names of fields and ``timestamp``, ``level``, ``message``; None stands
    for those three, and where entries may differ in what they have (not ``fixed``), for all fields too.
    """

    name: str
    title: str
    endings: tuple[str, ...]
    renderer: Callable[[Columns], Renderer]
    opener: Callable[[str | None, Columns], Output]
    fixed: bool = False


def _open_bytes(path: str | None, columns: Columns) -> Output:  # noqa: ARG001 - the others need them
    return open_output(path)


def _file(path: str | None, title: str) -> str:
    if path is None or path == "-":
        raise UsageError(f"{title} cannot go to standard output; name a file with -o")
    return path


_KINDS = [
    Kind("text", "timestamp [LEVEL] message", (".log", ".txt"), Text, _open_bytes),
    Kind("raw", "the lines as they were", (), Raw, _open_bytes),
    Kind("jsonl", "a JSON object a line", (".jsonl", ".ndjson", ".json"), JsonLines, _open_bytes),
    Kind("csv", "comma-separated values, RFC 4180", (".csv",), Csv, _open_bytes, fixed=True),
    Kind("tsv", "tab-separated values", (".tsv", ".tab"), Tsv, _open_bytes, fixed=True),
    Kind("logfmt", "key=value pairs", (".logfmt",), Logfmt, _open_bytes),
    Kind(
        "sqlite",
        "a table in an SQLite database",
        (".db", ".sqlite", ".sqlite3"),
        Rows,
        lambda path, columns: Database(_file(path, "an SQLite database"), columns),
        fixed=True,
    ),
    Kind(
        "parquet",
        "a Parquet file, with the extra concli[parquet]",
        (".parquet",),
        Tables,
        lambda path, columns: ParquetFile(_file(path, "a Parquet file"), columns),
        fixed=True,
    ),
]

#: All kinds of output by name.
OUTPUTS: dict[str, Kind] = {kind.name: kind for kind in _KINDS}


def output_for(path: str) -> Kind | None:
    """Return the kind that a file's ending says, None if it says none.

    >>> output_for("errors.JSONL").name
    'jsonl'
    """
    return next((kind for kind in _KINDS for ending in kind.endings if path.lower().endswith(ending)), None)
