"""Entries from literal rows, and back."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from concli.logs.chunk import PADDING, Chunk
from concli.logs.entries import NO_VALUE, Column, Entries, Scan

Row = Mapping[str, bytes | str | int | float | None]

_FIRST = ("timestamp", "level", "message")


def column_of(
    values: Iterable[bytes | None], kind: Literal["text", "number", "json"] = "text", before: bytes = b""
) -> Column:
    """Return a column of these values, in memory of its own that begins with ``before``."""
    buffer, starts, ends = bytearray(before), [], []
    for value in values:
        starts.append(NO_VALUE if value is None else len(buffer))
        buffer += value or b""
        ends.append(NO_VALUE if value is None else len(buffer))
    buffer += b"\xff" * PADDING
    return Column(buffer, np.array(starts, np.int64), np.array(ends, np.int64), kind)


def entries_of(rows: Sequence[Row], kinds: Mapping[str, Literal["text", "number", "json"]] | None = None) -> Entries:
    """Return entries with the values of ``rows``, text or bytes or numbers, as a scanner makes them.

    All values of an entry stand in one line, in one memory; ``raw`` is that line. A row has any of ``timestamp``,
    ``level``, ``message`` and fields, of which the columns are in the order in which they first appear.
    """
    names = list(dict.fromkeys((*_FIRST, "raw", *(name for row in rows for name in row))))
    buffer = bytearray()
    spans: dict[str, list[tuple[int, int]]] = {name: [] for name in names}
    levels = [b""]
    numbers = []
    for row in rows:
        begin = len(buffer)
        for name in names:
            value = as_bytes(row.get(name))
            if name == "raw":
                continue
            if name == "level":
                if (value or b"") not in levels:
                    levels.append(value or b"")
                numbers.append(levels.index(value or b""))
            spans[name].append((NO_VALUE, NO_VALUE) if value is None else (len(buffer), len(buffer) + len(value)))
            buffer += (value or b"") + b" " * (value is not None)
        spans["raw"].append((begin, len(buffer)))
        buffer += b"\n"
    buffer += b"\xff" * PADDING
    columns = {
        name: Column(
            buffer,
            np.array([start for start, _ in places], np.int64),
            np.array([end for _, end in places], np.int64),
            (kinds or {}).get(name, "text"),
        )
        for name, places in spans.items()
    }
    del columns["level"]
    return Entries(
        lines=np.arange(len(rows)),
        raw=columns.pop("raw"),
        timestamps=columns.pop("timestamp"),
        levels=np.array(numbers, np.uint8),
        names=levels,
        messages=columns.pop("message"),
        fields=columns,
    )


def scan_of(entries: Entries) -> Scan:
    """Return the scan of a chunk that holds these entries and nothing else."""
    return Scan(entries, 0, 0, np.empty(0, np.int64), [])


def chunk_of(entries: Entries, first_line: int = 1, name: str = "app.log") -> Chunk:
    """Return a chunk in which these entries could have stood."""
    return Chunk(bytearray(PADDING), name, first_line=first_line, lines=entries.size)


def rows_of(entries: Entries) -> list[dict[str, bytes]]:
    """Return what entries say, one by one, without what they do not have."""
    columns = {"timestamp": entries.timestamps, "message": entries.messages, **entries.fields}
    rows = []
    for number in range(entries.size):
        values = {name: column.value(number) for name, column in columns.items()}
        values["level"] = entries.names[entries.levels[number]] or None
        rows.append({name: value for name, value in values.items() if value is not None})
    return rows


def as_bytes(value: Any) -> bytes | None:
    """Return a value of a row as a column has it."""
    if value is None or isinstance(value, bytes):
        return value
    return str(value).encode("utf-8", "surrogateescape")
