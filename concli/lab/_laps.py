"""The timing of operations that follow one another at once, at a cost that does not change what is measured.

Two looks at the clock are little beside an operation of 50 us and much beside one of half a microsecond: with
them threads would hand over to each other at other moments, and the figure would be another one. So operations
are timed by the stretch, as many as make up some 400 us, and the first of each by itself: it stands for the
others. The lengths are random, so that nothing regular in the operations falls in step with them. In a stretch
that takes far longer than it should somebody has waited: that is one long operation more. So each of a
millisecond or more is seen, and of shorter ones a fair sample.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from operator import length_hint
from random import Random
from typing import NamedTuple

from concli.metrics.histogram import Histogram

__all__ = ["Laps", "Sums"]

_STRETCH_S = 400e-6
_MOST = 128  # operations in a stretch, on average
_LONG_S = 800e-6  # an operation of so much is seen by itself
_TOGETHER = 128  # stretches are summed up at once


# Of a stretch: the seconds of the first operation and of the rest, how many those are, and the seconds of the
# one of those that waited long, else 0.
_Stretch = tuple[float, float, int, float]


class Sums(NamedTuple):
    """What a thread's operations took: ``busy_s`` all of them, ``timed`` of which were timed by themselves.

    ``since`` are the stretches that are not summed up yet. It is replaced in one step, so never half done.
    """

    busy_s: float
    longest_s: float
    timed: int
    durations: Histogram  # not changed any more
    since: list[_Stretch]

    def summed_up(self) -> "Sums":
        """Return all of it as sums."""
        busy_s, longest_s, durations = self.busy_s, self.longest_s, Histogram()
        durations.merge(self.durations)
        seconds: list[float] = []
        times: list[int] = []
        stretches = self.since.copy()
        for first_s, rest_s, others, long_s in stretches:
            busy_s += first_s + rest_s
            longest_s = max(longest_s, first_s, long_s)
            # A first that waited long stands for nobody but itself.
            typical_s = first_s if first_s < _LONG_S else max(0.0, rest_s - long_s) / (others or 1)
            seconds += (first_s, typical_s, long_s)
            times += (1, others - (long_s > 0), long_s > 0)
        durations.add_all(seconds, times)
        return Sums(busy_s, longest_s, self.timed + len(stretches), durations, [])


class Laps:
    """What one thread's operations took. That thread alone writes to it; any may read it."""

    def __init__(self, random: Random, begin: Callable[[], object]) -> None:
        """``begin`` is called before the first operation."""
        self._random = random
        self._begin = begin
        # The operations before a piece of the loop, the piece's own, and its iterator, which knows what is left.
        self._piece: tuple[int, int, Iterator[int]] = (0, 0, iter(()))
        self._sums = Sums(0.0, 0.0, 0, Histogram(), [])

    @property
    def operations(self) -> int:
        """Operations that have ended."""
        before, length, left = self._piece
        return before + max(0, length - length_hint(left) - 1)

    def sums(self) -> Sums:
        """Return what the operations that have ended took."""
        return self._sums.summed_up()

    def over(self, numbers: Sequence[int], deadline: Callable[[], float], pause: Callable[[], object]) -> Iterator[int]:
        """Yield ``numbers`` until the deadline; ``pause`` is called now and then, in the time of no operation."""
        # The numbers of a stretch are handed out by C code: there is no Python code around an operation.
        return chain.from_iterable(self._pieces(numbers, deadline, pause))

    def _pieces(
        self, numbers: Sequence[int], deadline: Callable[[], float], pause: Callable[[], object]
    ) -> Iterator[Iterator[int]]:
        clock, random = time.perf_counter, self._random.random
        self._begin()
        at, end, length, stretches = 0, len(numbers), 1, self._sums.since
        began = clock()
        while at < end and began < deadline():
            piece = iter(numbers[at : at + 1])
            self._piece = (at, 1, piece)
            yield piece
            ended = middle = clock()
            at += 1
            long_s = 0.0
            others = min(int(2 * length * random()), end - at)
            if others:
                piece = iter(numbers[at : at + others])
                self._piece = (at, others, piece)
                yield piece
                ended = clock()
                at += others
                long_s = ended - middle - (others - 1) * _STRETCH_S / length
            self._piece = (at, 0, piece)
            stretches.append((middle - began, ended - middle, others, long_s if long_s >= _LONG_S else 0.0))
            took_s = ended - began
            length = 2 * length or 1 if took_s < _STRETCH_S / 2 else int((others + 1) * _STRETCH_S / took_s)
            length = min(_MOST, length)
            if len(stretches) >= _TOGETHER:
                self._sums = self._sums.summed_up()
                stretches = self._sums.since
            pause()
            began = clock()
