"""Which values of an entry are shown, and as what."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from concli.files import Buffer
from concli.logs.entries import COMMON, NO_VALUE, Column, Entries
from concli.logs.line_finder import Positions
from concli.logs.output._segments import Choice, Segment, Value, take
from concli.logs.output.columns import lay_out

__all__ = ["COMMON", "Member", "Members", "Pieces", "level_choice", "split_column", "valid_numbers"]

Pieces = Sequence[Buffer]

_NUMBER = rb"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
_ONE_NUMBER, _NUMBERS = re.compile(_NUMBER), re.compile(rb"^" + _NUMBER + rb"$", re.MULTILINE)
_WIDTH = 16
_ZEROS, _LIMITS, _TOP_BITS, _FIRST_BYTE = np.frombuffer(
    b"0" * 8 + b"\x76" * 8 + b"\x80" * 8 + b"\xff".ljust(8, b"\0"), "<u8"
)
_FIRST_BYTES = np.frombuffer(b"".join((b"\xff" * n).ljust(_WIDTH, b"\0") for n in range(_WIDTH + 1)), "<u8").reshape(
    -1, 2
)
_MOST_LEFT_OUT = 1000  # names that are told apart


class Member(NamedTuple):
    """A value of the kept entries: a column, or for the levels which name each has."""

    name: str
    column: Column
    names: list[bytes] | None = None
    levels: NDArray[np.uint8] | None = None


class Members:
    """Chooses the values that are shown, for one thread.

    ``columns`` are their names, the common ones among them; None means the common ones and all fields. Where
    these have to be known beforehand, ``left_out`` counts the values of fields that were not.
    """

    counts_left_out = False

    def __init__(self, columns: Sequence[str] | None) -> None:
        self.columns = None if columns is None else tuple(dict.fromkeys(columns))
        self.left_out: Counter[str] = Counter()

    def of(self, entries: Entries, keep: NDArray[np.bool_]) -> tuple[list[Member], int]:
        """Return the members that are there, of the kept entries alone, and how many entries these are."""
        rows = np.flatnonzero(keep)
        names = (*COMMON, *entries.fields) if self.columns is None else self.columns
        if self.counts_left_out and self.columns is not None:
            self._count_left_out(entries, rows, self.columns)
        members = []
        for name in names:
            if name == "level":
                numbers = entries.levels if len(rows) == entries.size else entries.levels[rows]
                members.append(Member(name, _NOTHING, entries.names, numbers))
                continue
            column = {"timestamp": entries.timestamps, "message": entries.messages}.get(name, entries.fields.get(name))
            if column is not None:
                members.append(Member(name, column if len(rows) == entries.size else take(column, rows)))
        return members, len(rows)

    def _count_left_out(self, entries: Entries, rows: Positions, columns: Sequence[str]) -> None:
        for name, column in entries.fields.items():
            if name not in columns and (count := int(np.count_nonzero(column.starts[rows] >= 0))):
                if name not in self.left_out and len(self.left_out) >= _MOST_LEFT_OUT:
                    name = "(other)"  # noqa: PLW2901 - a log of ever new names must not fill the memory
                self.left_out[name] += count


_NOTHING = Column(b"", np.empty(0, np.int64), np.empty(0, np.int64))


def level_choice(
    member: Member, prefix: bytes, suffix: bytes, value: Callable[[bytes], tuple[bytes, int]], missing: bytes = b""
) -> tuple[Choice, int]:
    """Return the levels, each written by ``value``, and how many bytes of them were replaced."""
    names, levels = member.names, member.levels
    assert names is not None and levels is not None  # noqa: PT018, S101 - it is the member of the levels
    options, replaced = [missing], 0
    counts = np.bincount(levels, minlength=len(names))
    for number, name in enumerate(names[1:], 1):
        text, bad = value(name)
        options.append(prefix + text + suffix if name else missing)
        replaced += bad * int(counts[number])
    return Choice(options, levels), replaced


def split_column(column: Column, first: NDArray[np.bool_]) -> tuple[Column | None, Column | None]:
    """Return the column of the values for which ``first`` is true, and that of the others; None for nothing left."""
    there = column.starts >= 0
    chosen, others = first & there, ~first & there
    if not others.any():
        return column, None
    if not chosen.any():
        return None, column
    return _only(column, chosen), _only(column, others)


def _only(column: Column, chosen: NDArray[np.bool_]) -> Column:
    return column._replace(
        starts=np.where(chosen, column.starts, NO_VALUE), ends=np.where(chosen, column.ends, NO_VALUE)
    )


def valid_numbers(column: Column) -> NDArray[np.bool_]:
    """Tell which values are numbers as JSON spells them.

    >>> texts = [b"0", b"12", b"-1.5e3", b"007", b"", b"-"]
    >>> ends = np.cumsum(list(map(len, texts)))
    >>> valid_numbers(Column(b"".join(texts), ends - list(map(len, texts)), ends)).tolist()
    [True, True, True, False, False, False]
    """
    buffer, starts, lengths = column.buffer, column.starts, column.ends - column.starts
    if not len(starts):
        return np.zeros(0, bool)
    if len(buffer) < int(starts.max()) + _WIDTH:
        buffer = b"".join((buffer, bytes(_WIDTH)))
    # Digits alone, and not too many: that is what most are. What is not 0 to 9 has the top bit set at the end.
    words = 1 if int(lengths.max()) <= 8 else 2
    kind, shape = f"V{8 * words}", (len(buffer) - _WIDTH + 1,)
    data = np.ndarray(shape, kind, buffer, strides=(1,))[np.maximum(starts, 0)]
    digits = data.view("<u8").reshape(-1, words) ^ _ZEROS
    digits &= _FIRST_BYTES[:, :words][np.minimum(lengths, _WIDTH)]
    wrong = digits + _LIMITS
    wrong |= digits
    valid: NDArray[np.bool_] = ((wrong[:, 0] | wrong[:, -1]) & _TOP_BITS) == 0
    valid &= (lengths > 0) & (lengths <= _WIDTH) & (((digits[:, 0] & _FIRST_BYTE) != 0) | (lengths == 1))
    rest = np.flatnonzero(~valid & (starts >= 0))
    if rest.size:
        segments: list[Segment] = [Value(take(column, rest)), b"\n"]
        text = lay_out(segments, len(rest)).data.tobytes()
        if text.count(b"\n") == len(rest) == len(_NUMBERS.findall(text)):
            valid[rest] = True
        else:
            for row in rest.tolist():
                valid[row] = _ONE_NUMBER.fullmatch(column.value(row) or b"") is not None
    return valid
