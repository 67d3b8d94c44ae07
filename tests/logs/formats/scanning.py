"""Chunks made of some bytes, and what a format makes of them as plain values."""

import json
from typing import Any, NamedTuple

from concli.logs.chunk import PADDING, Chunk
from concli.logs.entries import Scan
from concli.logs.formats.format import Format, Reading
from concli.logs.line_finder import LineFinder

#: 2026-11-23 00:00 UTC.
MODIFIED = 1_795_392_000.0


class Entry(NamedTuple):
    """An entry as it is read."""

    timestamp: bytes | None
    level: bytes
    message: bytes | None
    fields: dict[str, Any]


def chunk_of(data: bytes, year: int | None = None) -> Chunk:
    assert data
    data = data if data.endswith(b"\n") else data + b"\n"
    chunk = Chunk(bytearray(data + b"\r" * PADDING), size=len(data), year=year, modified=MODIFIED)
    chunk.mark_lines(LineFinder())
    return chunk


def scan(of: Format, data: bytes, reading: Reading | None = None, year: int | None = None) -> Scan:
    """Scan the bytes as one chunk, and hold the account."""
    chunk = chunk_of(data, year)
    found = of.scanner(reading or Reading()).scan(chunk)
    assert found.entries.size + found.continued + found.blank + len(found.rejected) == chunk.lines
    assert len(found.reasons) == len(found.rejected)
    assert sorted({*found.rejected.tolist(), *found.entries.lines.tolist()}) == sorted(
        [*found.rejected.tolist(), *found.entries.lines.tolist()]
    )
    return found


def entries_of(found: Scan) -> list[Entry]:
    return [
        Entry(
            found.entries.timestamps.value(number),
            found.entries.names[int(found.entries.levels[number])],
            found.entries.messages.value(number),
            {
                name: json.loads(value.decode("utf-8", "surrogateescape"))
                if column.kind != "text"
                else value.decode("utf-8", "surrogateescape")
                for name, column in found.entries.fields.items()
                if (value := column.value(number)) is not None
            },
        )
        for number in range(found.entries.size)
    ]


def raws_of(found: Scan) -> list[bytes]:
    return [found.entries.raw.value(number) or b"" for number in range(found.entries.size)]


def read(of: Format, data: bytes, reading: Reading | None = None, year: int | None = None) -> list[Entry]:
    """Read bytes in which every line is of an entry."""
    found = scan(of, data, reading, year)
    assert found.reasons == []
    return entries_of(found)
