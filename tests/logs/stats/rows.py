"""Scans made of literal rows, without any format."""

from collections.abc import Mapping, Sequence

import numpy as np

from concli.logs.chunk import PADDING, Chunk
from concli.logs.entries import NO_VALUE, Column, Entries, Scan
from concli.logs.line_finder import LineFinder

Row = tuple[str, str, bytes]  # timestamp, level, message


def column_of(values: Sequence[bytes | None], between: bytes = b"\n") -> Column:
    """Return a column of these values."""
    ends, starts, parts, at = [], [], [], 0
    for value in values:
        if value is None:
            starts.append(NO_VALUE)
            ends.append(NO_VALUE)
            continue
        starts.append(at)
        ends.append(at + len(value))
        parts.append(value + between)
        at += len(value) + len(between)
    return Column(b"".join(parts), np.array(starts, np.int64), np.array(ends, np.int64))


def scan_of(
    rows: Sequence[Row],
    *,
    fields: Mapping[str, Sequence[bytes | None]] | None = None,
    rejects: Sequence[tuple[bytes, str]] = (),
    number: int = 0,
    first_line: int = 1,
    between: bytes = b"\n",
) -> tuple[Scan, Chunk]:
    """Return a scan of a chunk with these entries, and behind them the rejected lines with their reasons."""
    lines = [f"{at} [{level}] ".encode() + message for at, level, message in rows] + [text for text, _ in rejects]
    data = b"".join(line.split(b"\n")[0] + b"\n" for line in lines)
    chunk = Chunk(bytearray(data + bytes(PADDING)), "app.log", number, len(data), first_line=first_line)
    chunk.consumed = len(data)
    chunk.mark_lines(LineFinder())
    names = [b"", *dict.fromkeys(level.encode() for _, level, _ in rows if level)]
    entries = Entries(
        np.arange(len(rows)),
        column_of([line.split(b"\n")[0] for line in lines[: len(rows)]]),
        column_of([at.encode() if at else None for at, _, _ in rows], between),
        np.array([names.index(level.encode()) for _, level, _ in rows], np.uint8),
        names,
        column_of([message for _, _, message in rows], between),
        {name: column_of(values, between) for name, values in (fields or {}).items()},
    )
    rejected = np.arange(len(rows), len(lines))
    return Scan(entries, 0, 0, rejected, [reason for _, reason in rejects]), chunk
