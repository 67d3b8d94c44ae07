"""Tables in text: values separated by commas or tabs."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from concli.logs.entries import Entries
from concli.logs.output._segments import Segment, Value
from concli.logs.output.escaping import Escaper, Escapes
from concli.logs.output.members import COMMON, Member, Members, Pieces, level_choice, split_column, valid_numbers

__all__ = ["Csv", "Tsv"]

_CSV_ESCAPES = Escapes({b'"': b'""'}, utf8=False)
_TSV_ESCAPES = Escapes({b"\\": b"\\\\", b"\t": b"\\t", b"\n": b"\\n", b"\r": b"\\r"}, utf8=False)


class _Table(Members):
    """Every line has the same columns, known before the first entry."""

    escapes: Escapes
    separator: bytes
    columns: tuple[str, ...]
    counts_left_out = True

    def __init__(self, columns: Sequence[str] | None = None) -> None:
        super().__init__(COMMON if columns is None else columns)
        self._write = Escaper(self.escapes)

    @property
    def header(self) -> bytes:
        """The line with the names of the columns."""
        names = (name.encode("utf-8", "surrogateescape") for name in self.columns)
        return self.separator.join(map(self.cell, names)) + b"\n"

    def cell(self, text: bytes) -> bytes:
        """Return a value as it stands in the table."""
        return self.escapes.value(text)[0]

    def values(self, member: Member) -> list[Segment]:
        """Return the values of a column."""
        return [Value(member.column)]

    def __call__(self, entries: Entries, keep: NDArray[np.bool_]) -> tuple[Pieces, int]:
        """Render the entries for which ``keep`` is true."""
        members, size = self.of(entries, keep)
        by_name = {member.name: member for member in members}
        segments: list[Segment] = []
        for number, name in enumerate(self.columns):
            if number:
                segments.append(self.separator)
            member = by_name.get(name)
            if member and member.levels is not None:
                segments.append(level_choice(member, b"", b"", lambda text: (self.cell(text), 0))[0])
            elif member:
                segments += self.values(member)
        return self._write([*segments, b"\n"], size)


class Csv(_Table):
    """RFC 4180 with a header: a value is quoted but for timestamps, plain levels and numbers; none is nothing.

    Lines end with a line feed, and bytes that are not UTF-8 stay.
    """

    escapes, separator = _CSV_ESCAPES, b","

    def cell(self, text: bytes) -> bytes:
        """Return a value as it stands in the table."""
        if any(byte in text for byte in (b'"', b",", b"\n", b"\r")):
            return b'"' + super().cell(text) + b'"'
        return text

    def values(self, member: Member) -> list[Segment]:
        """Return the values of a column."""
        column = member.column
        if member.name == "timestamp":
            return [Value(column)]
        if column.kind != "number":
            return [Value(column, b'"', b'"')]
        bare, quoted = split_column(column, valid_numbers(column))
        values: list[Segment] = [Value(bare)] if bare else []
        return [*values, Value(quoted, b'"', b'"')] if quoted else values


class Tsv(_Table):
    r"""Tabs between the values and ``\t \n \r \\`` in them, with a header; bytes that are not UTF-8 stay."""

    escapes, separator = _TSV_ESCAPES, b"\t"
