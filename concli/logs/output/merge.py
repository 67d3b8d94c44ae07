"""Several inputs in one order of time, in bounded memory: a block of each is all that is held.

From all inputs the entries are taken of which no input can still bring an earlier one: those up to the
earliest of the last timestamps of the blocks. They are sorted at once, stably by input.

Within an input the order stays. An entry that is earlier than one before it counts as of the same time as
that, and so does one without a timestamp.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from concli.logs.chunk import PADDING
from concli.logs.entries import NO_VALUE, Column, Entries
from concli.logs.line_finder import Positions
from concli.logs.output.instants import NO_INSTANT, instants

__all__ = ["merge"]

_MOST_LEVELS = 255


def merge(sources: Sequence[Iterator[Entries]]) -> Iterator[Entries]:
    """Return the entries of all sources in order of time, those of the same time in that of the sources.

    A source's entries may be in memory that is used again once its next are asked for; those that are returned
    have their own. The numbers of their lines are still those within their chunks.
    """
    inputs = [_Input(source) for source in sources]
    while inputs := [each for each in inputs if each.fill()]:
        limit = min(each.last for each in inputs)
        # Only what is there of the first that ends at the limit is known to be before all others of that time.
        owner = next(number for number, each in enumerate(inputs) if each.last == limit)
        parts = [each.take(limit, including=number <= owner) for number, each in enumerate(inputs)]
        yield from _merged([part for part in parts if part.keys.size])


class _Part(NamedTuple):
    """Some entries in a row, and when they count as."""

    entries: Entries
    first: int
    keys: Positions


class _Input:
    """One input and its present block."""

    def __init__(self, source: Iterator[Entries]) -> None:
        self._source = source
        self._entries: Entries | None = None
        self._keys = np.empty(0, np.int64)
        self._at = 0
        self.last = int(NO_INSTANT)

    def fill(self) -> bool:
        """Get the next block if the present is used up; tell whether there is one."""
        while self._at == len(self._keys):
            # It may be in memory that the source needs for the next.
            self._entries = None
            self._entries = next(self._source, None)
            if self._entries is None:
                return False
            keys = np.maximum(instants(self._entries.timestamps), self.last)
            self._keys, self._at = np.maximum.accumulate(keys), 0
            if len(keys):
                self.last = int(self._keys[-1])
        return True

    def take(self, limit: int, *, including: bool) -> _Part:
        """Take the entries before ``limit``, or up to it."""
        first = self._at
        self._at = int(np.searchsorted(self._keys, limit, side="right" if including else "left"))
        self._at = max(self._at, first)
        entries = self._entries
        assert entries is not None  # noqa: S101 - only those that are filled are asked
        return _Part(entries, first, self._keys[first : self._at])


def _merged(parts: list[_Part]) -> Iterator[Entries]:
    """Sort what was taken, and copy it together."""
    order = np.argsort(np.concatenate([part.keys for part in parts]), kind="stable")
    slices = [slice(part.first, part.first + len(part.keys)) for part in parts]
    names = [name for part, each in zip(parts, slices, strict=True) for name in _names(part.entries, each)]
    names = list(dict.fromkeys(names))
    if len(names) > _MOST_LEVELS and len(order) > 1:
        # More levels than can be numbered: in halves.
        middle = len(order) // 2
        for chosen in (order[:middle], order[middle:]):
            yield from _merged_some(parts, chosen)
        return
    joined = _Joined(parts, slices)
    numbers = {name: number for number, name in enumerate([b"", *names])}
    levels = [
        np.array([numbers.get(name, 0) for name in part.entries.names], np.uint8)[part.entries.levels[each]]
        for part, each in zip(parts, slices, strict=True)
    ]
    fields = dict.fromkeys(name for part in parts for name in part.entries.fields)
    yield Entries(
        lines=np.concatenate([part.entries.lines[each] for part, each in zip(parts, slices, strict=True)])[order],
        raw=joined.column([part.entries.raw for part in parts], order),
        timestamps=joined.column([part.entries.timestamps for part in parts], order),
        levels=np.concatenate(levels)[order],
        names=[b"", *names],
        messages=joined.column([part.entries.messages for part in parts], order),
        fields={name: joined.column([part.entries.fields.get(name) for part in parts], order) for name in fields},
    )


def _merged_some(parts: list[_Part], chosen: Positions) -> Iterator[Entries]:
    """Merge those of the entries that are ``chosen``, which of each part are some in a row."""
    begin = 0
    fewer = []
    for part in parts:
        mine = chosen[(chosen >= begin) & (chosen < begin + len(part.keys))] - begin
        begin += len(part.keys)
        if mine.size:
            first = int(mine.min())
            fewer.append(_Part(part.entries, part.first + first, part.keys[first : first + len(mine)]))
    yield from _merged(fewer)


def _names(entries: Entries, chosen: slice) -> list[bytes]:
    """Return the names of the levels that there are."""
    return [entries.names[number] for number in np.unique(entries.levels[chosen]).tolist() if number]


class _Joined:
    """The bytes of the parts, one after the other, and how far each has moved."""

    def __init__(self, parts: list[_Part], slices: list[slice]) -> None:
        self._slices = slices
        self._moved: list[dict[int, int]] = []
        pieces, size = [], 0
        for part, each in zip(parts, slices, strict=True):
            entries = part.entries
            reaches: dict[int, tuple[memoryview, int, int]] = {}
            for column in (entries.raw, entries.timestamps, entries.messages, *entries.fields.values()):
                starts, ends = column.starts[each], column.ends[each]
                there = starts >= 0
                if not there.any():
                    continue
                first, last = int(starts[there].min()), int(ends.max())
                _, low, high = reaches.get(id(column.buffer), (None, first, last))
                reaches[id(column.buffer)] = memoryview(column.buffer), min(low, first), max(high, last)
            moved = {}
            for buffer, (whole, low, high) in reaches.items():
                pieces.append(whole[low:high])
                moved[buffer] = size - low
                size += high - low
            self._moved.append(moved)
        self._buffer = b"".join([*pieces, bytes(PADDING)])

    def column(self, columns: Sequence[Column | None], order: Positions) -> Column:
        """Return the column of all parts; one that a part has not has no values there."""
        starts, ends = [], []
        for column, moved, each in zip(columns, self._moved, self._slices, strict=True):
            if column is None:
                nothing = np.full(each.stop - each.start, NO_VALUE, np.int64)
                starts.append(nothing)
                ends.append(nothing)
                continue
            by = moved.get(id(column.buffer), 0)
            there = column.starts[each] >= 0
            starts.append(np.where(there, column.starts[each] + by, NO_VALUE))
            ends.append(np.where(there, column.ends[each] + by, NO_VALUE))
        kinds = {column.kind for column in columns if column is not None}
        kind = kinds.pop() if len(kinds) == 1 else "text"
        return Column(self._buffer, np.concatenate(starts)[order], np.concatenate(ends)[order], kind)
