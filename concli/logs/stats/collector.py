"""What one thread learns of the chunks that it scans."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from concli.logs.chunk import Chunk
from concli.logs.entries import Column, Entries, Scan
from concli.logs.line_finder import line_starts, positions_of
from concli.logs.stats.moments import NO_MOMENT, moments_of
from concli.logs.stats.summary import ERROR_LEVELS, Place, Seen, Summary
from concli.logs.stats.templates import collapsed, joined, template

__all__ = ["USUAL_FIELDS", "Collector"]

#: Of these fields the most frequent values are counted if none are named.
USUAL_FIELDS = ("status", "path", "logger", "program")

_SHAPES = 20_000  # remembered at a time
_CUT = 300  # bytes of an example or a value


class _Numbers(dict[bytes, int]):
    """Numbers things from 0 as they are asked for."""

    def __missing__(self, key: bytes) -> int:
        self[key] = number = len(self)
        return number


class _Shape(NamedTuple):
    place: Place
    example: bytes
    level: str


class Collector:
    """Adds up chunks for one thread: a chunk after the other, their numbers rising.

    ``fields`` are those whose values are counted; None are the usual ones.
    """

    def __init__(self, fields: Iterable[str] | None = None) -> None:
        self.summary = Summary()
        self._fields = None if fields is None else tuple(fields)
        # Of each shape the entries, the first and the last moment.
        self._counts = self._firsts = self._lasts = np.empty(0, np.int64)
        self._forget_shapes()

    def add(self, scan: Scan, chunk: Chunk, kept: NDArray[np.bool_] | None = None) -> None:
        """Add a chunk; of its entries those for which ``kept`` is true, and all without it."""
        entries, mine = scan.entries, self.summary
        chosen = np.arange(entries.size) if kept is None else np.flatnonzero(kept)
        mine.lines += chunk.lines
        mine.entries += len(chosen)
        mine.filtered += entries.size - len(chosen)
        mine.continued += scan.continued
        mine.rejected += len(scan.rejected)
        mine.blank += scan.blank
        mine.size += chunk.consumed
        if len(scan.rejected):
            self._add_rejects(scan, chunk)
        if not len(chosen):
            return
        levels = entries.levels[chosen]
        names = [name.decode("utf-8", "replace") for name in entries.names]
        counts = np.bincount(levels, minlength=len(names)).tolist()
        by_name: Counter[str] = Counter()
        for name, count in zip(names, counts, strict=False):
            if count:
                by_name[name] += count
        mine.levels.add(by_name)
        moments, zoned = moments_of(entries.timestamps, chosen)
        is_error = np.array([name.upper() in ERROR_LEVELS for name in names], np.bool_)[levels]
        timed = moments != NO_MOMENT
        if timed.all():
            mine.timeline.add(moments, is_error)
        else:
            mine.timeline.add(moments[timed], is_error[timed])
        mine.timed += int(np.count_nonzero(timed))
        mine.zoned += zoned
        self._add_messages(entries, chosen, moments, names, chunk)
        for field in USUAL_FIELDS if self._fields is None else self._fields:
            column = entries.fields.get(field)
            if column is not None:
                mine.values_of(field).add(_values(column, chosen))

    def finish(self) -> Summary:
        """Return the summary of all that was added since the last."""
        self._settle()
        summary, self.summary = self.summary, Summary()
        return summary

    def _add_messages(
        self, entries: Entries, chosen: NDArray[np.int64], moments: NDArray[np.int64], names: list[str], chunk: Chunk
    ) -> None:
        text, begins = joined(entries.messages, chosen)
        first_lines: NDArray[np.int64] | None = None
        if text.count(b"\n") != len(chosen):  # some have more than one line
            line_feeds = np.flatnonzero(np.frombuffer(text, np.uint8) == ord("\n"))
            first_lines = np.searchsorted(line_feeds, begins)
        shapes = collapsed(text).split(b"\n")
        if first_lines is None:
            shapes.pop()
        else:
            shapes = list(map(shapes.__getitem__, first_lines.tolist()))
        known = len(self._numbers)
        numbers = np.fromiter(map(self._numbers.__getitem__, shapes), np.int64, len(shapes))
        size = len(self._numbers)
        if size > known:
            grown = size - known
            self._counts = np.concatenate((self._counts, np.zeros(grown, np.int64)))
            self._firsts = np.concatenate((self._firsts, np.full(grown, np.iinfo(np.int64).max)))
            self._lasts = np.concatenate((self._lasts, np.full(grown, np.iinfo(np.int64).min)))
            where = np.zeros(size, np.int64)
            where[numbers[::-1]] = np.arange(len(numbers))[::-1]  # of several the first stays
            self._remember(entries, chosen[where[known:]], names, chunk)
        self._counts += np.bincount(numbers, minlength=size)
        timed = moments != NO_MOMENT
        if not timed.all():
            numbers, moments = numbers[timed], moments[timed]
        np.minimum.at(self._firsts, numbers, moments)
        np.maximum.at(self._lasts, numbers, moments)
        if size > _SHAPES:
            self._settle()

    def _remember(self, entries: Entries, chosen: NDArray[np.int64], names: list[str], chunk: Chunk) -> None:
        """Keep the first entry of each shape that is new."""
        columns = (entries.lines, entries.messages.starts, entries.messages.ends, entries.levels)
        buffer = entries.messages.buffer
        for line, start, end, level in zip(*(column[chosen].tolist() for column in columns), strict=True):
            example = b"" if start < 0 else bytes(buffer[start : min(end, start + _CUT)]).partition(b"\n")[0]
            place = Place(chunk.number, line, chunk.name, chunk.first_line + line)
            self._shapes.append(_Shape(place, example, names[level]))

    def _settle(self) -> None:
        """Make templates of the shapes."""
        counts: Counter[str] = Counter()
        seen: dict[str, Seen] = {}
        rows = zip(
            self._numbers,
            self._shapes,
            self._counts.tolist(),
            self._firsts.tolist(),
            self._lasts.tolist(),
            strict=True,
        )
        for shape, known, count, first, last in rows:
            name = template(shape)
            counts[name] += count
            found = Seen(*known, *((first, last) if first <= last else (None, None)))
            seen[name] = seen[name].joined(found) if name in seen else found
        self.summary.templates.add(counts)
        self.summary.see(seen)
        self._forget_shapes()

    def _forget_shapes(self) -> None:
        self._numbers = _Numbers()
        self._shapes: list[_Shape] = []
        self._counts = self._firsts = self._lasts = np.empty(0, np.int64)

    def _add_rejects(self, scan: Scan, chunk: Chunk) -> None:
        counts = Counter(scan.reasons)
        self.summary.reasons.add(counts)
        seen = {}
        for reason in counts:
            if reason not in self.summary.rejects_seen:
                line = int(scan.rejected[scan.reasons.index(reason)])
                place = Place(chunk.number, line, chunk.name, chunk.first_line + line)
                seen[reason] = Seen(place, _line(chunk, line))
        self.summary.see_rejects(seen)


def _line(chunk: Chunk, number: int) -> bytes:
    """Return the beginning of a line of a chunk."""
    ends = positions_of(chunk.line_ends)
    start, end = int(line_starts(ends)[number]), int(ends[number])
    return bytes(chunk.buffer[start : min(end, start + _CUT)]).removesuffix(b"\r")


def _values(column: Column, chosen: NDArray[np.int64]) -> Counter[bytes]:
    """Count the values of the chosen entries, those that are there."""
    starts, ends = column.starts[chosen], column.ends[chosen]
    there = starts >= 0
    if not there.all():
        starts, ends = starts[there], ends[there]
    ends = np.minimum(ends, starts + _CUT)
    buffer = bytes(column.buffer)
    return Counter([buffer[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)])
