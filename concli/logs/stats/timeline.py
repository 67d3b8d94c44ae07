"""When entries were written, in bounded memory: how many and how many errors at a time, and the silences.

Entries are counted in buckets as long as one of ``WIDTHS``: the shortest with which there are no more than
``MAX_BUCKETS`` that are not empty. Each width is a multiple of the one before it, so that buckets can be put
together, and the width that is needed does not depend on who counted what: the same entries give the same
timeline, however they were shared out.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["MAX_BUCKETS", "WIDTHS", "Bar", "Bars", "Gap", "Timeline"]

Integers = NDArray[np.int64]

MAX_BUCKETS = 8192
_DAY = 86400
#: Seconds; each divides the next. Past the day these are weeks: 1, 4, 52, and many.
WIDTHS = (
    *(1, 5, 10, 30, 60, 300, 600, 1800, 3600, 10800, 21600, 43200, _DAY),
    *(_DAY * 7 * weeks for weeks in (1, 4, 52, 520, 5200, 20800)),
)
# What a bar may be as long as, besides.
_ROUND = (2, 15, 20, 120, 900, 1200, 7200, 14400, 28800, 2 * _DAY)

_SECOND = 1_000_000  # of the moments, which are microseconds
_BARS = 60  # at most, or one more; there are then 24 or more
_FEW = 1000  # of these entries one may lie far off without the others' bars being shrunk
_BURST = 3.0
_SCALE = 1.4826  # of a median absolute deviation, to be a standard deviation where there is a normal one
_LEAST_BURST = 5


class Bar(NamedTuple):
    """What was written from ``start`` on for the width of a bar; ``is_burst`` if far more errors than usual."""

    start: int
    entries: int
    errors: int
    is_burst: bool = False


class Gap(NamedTuple):
    """Nothing was written between two moments, in microseconds."""

    start: int
    end: int


class Bars(NamedTuple):
    """A histogram over time. Entries outside it are ``before`` and ``after``; ``median`` is that of the errors."""

    width_s: int
    bars: list[Bar]
    before: int = 0
    after: int = 0
    median_errors: float = 0.0
    burst_from: float = 0.0


def _nothing() -> Integers:
    return np.empty(0, np.int64)


@dataclass
class Timeline:
    """Buckets in order: their numbers, and for each the entries, the errors, the first and the last moment."""

    level: int = 0  # which of WIDTHS
    numbers: Integers = field(default_factory=_nothing)
    entries: Integers = field(default_factory=_nothing)
    errors: Integers = field(default_factory=_nothing)
    firsts: Integers = field(default_factory=_nothing)
    lasts: Integers = field(default_factory=_nothing)

    def add(self, moments: Integers, is_error: NDArray[np.bool_]) -> None:
        """Count entries, in any order."""
        if not len(moments):
            return
        numbers = moments // (WIDTHS[self.level] * _SECOND)
        if (numbers[1:] < numbers[:-1]).any():
            order = np.argsort(moments, kind="stable")
            numbers, moments, is_error = numbers[order], moments[order], is_error[order]
        heads = _heads(numbers)
        ones = np.diff(heads, append=len(numbers))
        self._join(
            numbers[heads],
            ones,
            np.add.reduceat(is_error, heads, dtype=np.int64),
            np.minimum.reduceat(moments, heads),
            np.maximum.reduceat(moments, heads),
        )

    def merge(self, other: "Timeline") -> None:
        """Count what another has counted, which is left as it is."""
        if not len(other.numbers):
            return
        while self.level < other.level:
            self._coarsen()
        scale = WIDTHS[self.level] // WIDTHS[other.level]
        self._join(other.numbers // scale, other.entries, other.errors, other.firsts, other.lasts)

    def _join(self, numbers: Integers, entries: Integers, errors: Integers, firsts: Integers, lasts: Integers) -> None:
        self.numbers = np.concatenate((self.numbers, numbers))
        self.entries = np.concatenate((self.entries, entries))
        self.errors = np.concatenate((self.errors, errors))
        self.firsts = np.concatenate((self.firsts, firsts))
        self.lasts = np.concatenate((self.lasts, lasts))
        self._unite()
        while len(self.numbers) > MAX_BUCKETS and self.level < len(WIDTHS) - 1:
            self._coarsen()

    def _unite(self) -> None:
        """Put buckets of one number together."""
        if (self.numbers[1:] < self.numbers[:-1]).any():
            order = np.argsort(self.numbers, kind="stable")
            self.numbers, self.entries, self.errors = self.numbers[order], self.entries[order], self.errors[order]
            self.firsts, self.lasts = self.firsts[order], self.lasts[order]
        heads = _heads(self.numbers)
        if len(heads) == len(self.numbers):
            return
        self.numbers = self.numbers[heads]
        self.entries, self.errors = np.add.reduceat(self.entries, heads), np.add.reduceat(self.errors, heads)
        self.firsts, self.lasts = np.minimum.reduceat(self.firsts, heads), np.maximum.reduceat(self.lasts, heads)

    def _coarsen(self) -> None:
        self.numbers = self.numbers // (WIDTHS[self.level + 1] // WIDTHS[self.level])
        self.level += 1
        self._unite()

    def gaps(self, count: int) -> list[Gap]:
        """Return the longest silences, longest first; those shorter than two buckets may be missing."""
        silent = self.firsts[1:] - self.lasts[:-1]
        longest = np.lexsort((np.arange(len(silent)), -silent))[:count]
        return [Gap(int(self.lasts[n]), int(self.firsts[n + 1])) for n in longest.tolist() if silent[n] > 0]

    def bars(self) -> Bars:
        """Return a histogram of some 60 bars, with the bursts of errors marked.

        If most of the time belongs to a few entries far off, the bars are for the others. A burst is a bar
        with 5 errors or more, and more than the median of all bars by three (scaled) median deviations.
        """
        if not len(self.numbers):
            return Bars(WIDTHS[0], [])
        low, high = self._range()
        span = int(self.lasts[high] - self.firsts[low]) // _SECOND + 1
        fitting = (w for w in (*WIDTHS, *_ROUND) if w % WIDTHS[self.level] == 0 and span <= w * _BARS)
        width = min(fitting, default=WIDTHS[-1])
        places = (self.numbers[low : high + 1] * WIDTHS[self.level]) // width
        first = int(places[0])
        size = int(places[-1]) - first + 1
        entries, errors = np.zeros(size, np.int64), np.zeros(size, np.int64)
        np.add.at(entries, places - first, self.entries[low : high + 1])
        np.add.at(errors, places - first, self.errors[low : high + 1])
        median = float(np.median(errors))
        limit = median + _BURST * _SCALE * float(np.median(np.abs(errors - median)))
        bursts = (errors > limit) & (errors >= _LEAST_BURST)
        rows = zip(range(first, first + size), entries.tolist(), errors.tolist(), bursts.tolist(), strict=True)
        before, after = int(self.entries[:low].sum()), int(self.entries[high + 1 :].sum())
        bars = [Bar(number * width * _SECOND, *row) for number, *row in rows]
        return Bars(width, bars, before, after, median, limit)

    def _range(self) -> tuple[int, int]:
        """Return the first and the last bucket that is shown."""
        total = np.cumsum(self.entries)
        few = int(total[-1]) // _FEW
        low, high = int(np.searchsorted(total, few, side="right")), int(np.searchsorted(total, total[-1] - few))
        whole = int(self.lasts[-1] - self.firsts[0])
        if few and 4 * int(self.lasts[high] - self.firsts[low]) < whole:
            return low, high
        return 0, len(self.numbers) - 1


def _heads(numbers: Integers) -> Integers:
    """Return where in an ordered array another number begins."""
    differ = np.empty(len(numbers), bool)
    differ[:1] = True
    np.not_equal(numbers[1:], numbers[:-1], out=differ[1:])
    return np.flatnonzero(differ)
