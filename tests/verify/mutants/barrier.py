"""Barriers with one mistake each."""

from collections.abc import Iterator
from typing import Any

from concli.patterns import Barrier, _sync
from concli.patterns.barrier import _Round


class BreaksLate(Barrier):
    """An action that fails breaks the round when the mutex is free again: others may have completed it by then."""

    def _trip(self, own: _Round, now: float) -> Iterator[None]:
        trip, self._break = self._break, lambda: None  # type: ignore[method-assign]
        try:
            return super()._trip(own, now)
        finally:
            self._break = trip  # type: ignore[method-assign]


class TellsNobody(Barrier):
    """Those who wait are not told that the barrier is broken."""

    def _break(self) -> None:
        self._is_broken = self._round.is_broken = True
        self._round = _Round()


class OneRound(Barrier):
    """The textbook's: a count and a condition, without a number for the round."""

    def __init__(self, parties: int, *args: Any) -> None:
        super().__init__(parties, *args)
        self._all_here = _sync.Condition()
        self._count = 0

    def wait(self, timeout: float | None = None) -> int:
        del timeout
        with self._all_here:
            index = self._count
            self._count += 1
            if self._count == self.parties:
                self._count = 0
                self._all_here.notify_all()
            while self._count:
                self._all_here.wait()
            return index
