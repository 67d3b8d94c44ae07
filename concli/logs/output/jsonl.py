"""JSON, an object a line."""

import json

import numpy as np
from numpy.typing import NDArray

from concli.logs.entries import Column, Entries
from concli.logs.output._segments import Choice, Segment, Value
from concli.logs.output.escaping import Escaper, Escapes
from concli.logs.output.members import Members, Pieces, level_choice, split_column, valid_numbers

__all__ = ["JSON_ESCAPES", "JsonLines"]

#: What must not stand in a string. The backslash comes first, as the others are written with it.
JSON_ESCAPES = Escapes(
    {b"\\": b"\\\\", b'"': b'\\"'} | {bytes([c]): json.dumps(chr(c))[1:-1].encode() for c in range(32)}, utf8=True
)


class JsonLines(Members):
    """One JSON object a line, UTF-8, with what an entry has; numbers and JSON as they are."""

    header = b""

    def __init__(self, columns: tuple[str, ...] | None = None) -> None:
        super().__init__(columns)
        self._write = Escaper(JSON_ESCAPES, head=b"{")
        self._keys: dict[str, bytes] = {}

    def __call__(self, entries: Entries, keep: NDArray[np.bool_]) -> tuple[Pieces, int]:
        """Render the entries for which ``keep`` is true."""
        members, size = self.of(entries, keep)
        segments: list[Segment] = []
        replaced, empty = 0, np.full(size, True)
        for member in members:
            key = self._key(member.name)
            if member.levels is not None:
                choice, replaced = level_choice(member, key + b'"', b'"', JSON_ESCAPES.value)
                segments.append(choice)
                empty &= np.array([not option for option in choice.options])[member.levels]
            else:
                segments += _values(key, member.column)
                empty &= member.column.starts < 0
        if empty.any():
            segments.append(Choice([b"", b","], empty.view(np.uint8)))
        # The comma before the first member becomes the brace.
        pieces, count = self._write([*segments, b"}\n"], size)
        return pieces, replaced + count

    def _key(self, name: str) -> bytes:
        key = self._keys.get(name)
        if key is None:
            key = b"," + json.dumps(name, ensure_ascii=False).encode("utf-8", "replace") + b":"
            if len(self._keys) < 1000:
                self._keys[name] = key
        return key


def _values(key: bytes, column: Column) -> list[Segment]:
    bare: Column | None = None
    quoted: Column | None = column
    if column.kind == "json":
        bare, quoted = column, None
    elif column.kind == "number":
        bare, quoted = split_column(column, valid_numbers(column))
    segments: list[Segment] = []
    if bare is not None:
        segments.append(Value(bare, key, b"", raw=column.kind == "json"))
    if quoted is not None:
        segments.append(Value(quoted, key + b'"', b'"'))
    return segments
