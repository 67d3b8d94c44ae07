"""logfmt: ``key=value`` pairs, an entry a line."""

import re

import numpy as np
from numpy.typing import NDArray

from concli.logs.entries import Column, Entries
from concli.logs.output._ranks import Ranks
from concli.logs.output._segments import Choice, Segment, Value
from concli.logs.output.escaping import Escaper
from concli.logs.output.jsonl import JSON_ESCAPES
from concli.logs.output.members import Members, Pieces, level_choice, split_column

__all__ = ["Logfmt", "Quoting", "logfmt_key"]

_NOT_IN_KEYS = re.compile('[\x00-\x20="\\\\\x7f]')
_NOT_PLAIN = re.compile(rb'[\x00-\x20="\\\x7f]')


def logfmt_key(name: str) -> bytes:
    """Return the name of a field as a key.

    >>> logfmt_key("user id")
    b'user_id'
    """
    return _NOT_IN_KEYS.sub("_", name).encode("utf-8", "replace") or b"_"


class Quoting:
    """Tells which values must be quoted, for the columns of one chunk."""

    def __init__(self) -> None:
        self._ranks: dict[int, Ranks] = {}

    def split(self, column: Column) -> tuple[Column | None, Column | None]:
        """Return the values that can be bare, and those that must be quoted."""
        ranks = self._ranks.get(id(column.buffer))
        if ranks is None:
            ranks = self._ranks[id(column.buffer)] = Ranks(column.buffer, _must_be_quoted)
        bare = ranks.within(column.starts, column.ends) == 0
        bare &= column.ends != column.starts
        return split_column(column, bare)


def _must_be_quoted(data: NDArray[np.uint8], out: NDArray[np.bool_]) -> NDArray[np.bool_]:
    np.less_equal(data, ord(" "), out=out)
    for byte in b'="\\\x7f':
        out |= data == byte
    return out


class Logfmt(Members):
    """``timestamp=… level=… message="…"`` and the fields, UTF-8; what an entry has not is left out.

    A message is always quoted, another value if it has to be, with the escapes of JSON.
    """

    header = b""

    def __init__(self, columns: tuple[str, ...] | None = None) -> None:
        super().__init__(columns)
        self._write = Escaper(JSON_ESCAPES, head=b"\n")

    def __call__(self, entries: Entries, keep: NDArray[np.bool_]) -> tuple[Pieces, int]:
        """Render the entries for which ``keep`` is true."""
        members, size = self.of(entries, keep)
        segments: list[Segment] = []
        quoting, replaced, empty = Quoting(), 0, np.full(size, True)
        for member in members:
            key = b" " + logfmt_key(member.name) + b"="
            if member.levels is not None:
                choice, replaced = level_choice(member, key, b"", _level)
                segments.append(choice)
                empty &= np.array([not option for option in choice.options])[member.levels]
                continue
            bare: Column | None = member.column
            quoted: Column | None = None
            if member.name == "message":
                bare, quoted = None, member.column
            elif member.name != "timestamp":
                bare, quoted = quoting.split(member.column)
            segments += [Value(bare, key)] if bare else []
            segments += [Value(quoted, key + b'"', b'"')] if quoted else []
            empty &= member.column.starts < 0
        if empty.any():
            segments.append(Choice([b"", b" "], empty.view(np.uint8)))
        # The blank before an entry becomes the line feed of the one before.
        pieces, count = self._write(segments, size)
        return pieces, replaced + count


def _level(name: bytes) -> tuple[bytes, int]:
    text, replaced = JSON_ESCAPES.value(name)
    return (b'"' + text + b'"' if _NOT_PLAIN.search(name) else text), replaced
