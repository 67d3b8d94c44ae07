"""Rejects as an input: the lines that they were, for a format that knows more than the first one did."""

import json

from concli.logs.chunk import PADDING, Chunk
from concli.logs.line_finder import LineFinder

__all__ = ["replayed"]

_BEGIN = b'{"file": "'  # as ``reject_lines`` writes it
_OF_JSON = frozenset(["json", "docker", "journald"])


def replayed(chunk: Chunk, finder: LineFinder) -> Chunk:
    """Return ``chunk`` with the lines that its rejects were in their places; itself if it has none.

    Read as JSON, they are what they are.
    """
    if not chunk.buffer.startswith(_BEGIN) or (chunk.format and chunk.format.name in _OF_JSON) or chunk.full_length:
        return chunk
    lines = bytes(memoryview(chunk.buffer)[: chunk.size - 1]).split(b"\n")
    text = b"\n".join(map(_line_of, lines)) + b"\n"
    before = Chunk(bytearray(text + bytes(PADDING)), chunk.name, chunk.number, len(text), chunk.lines)
    before.first_line, before.offset, before.consumed = chunk.first_line, chunk.offset, chunk.consumed
    before.format, before.year, before.modified, before.source = chunk.format, chunk.year, chunk.modified, chunk.source
    before.mark_lines(finder)
    return before


def _line_of(line: bytes) -> bytes:
    """Return the line that a reject was, however often; any other is itself."""
    while line.startswith(_BEGIN):
        try:
            record = json.loads(line)
            text = record["text"] if record.keys() >= {"line", "offset", "reason"} else None
        except (ValueError, KeyError, RecursionError):
            return line
        if not isinstance(text, str):
            return line
        line = text.encode("utf-8", "replace").replace(b"\n", b" ")
    return line
