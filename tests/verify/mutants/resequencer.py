"""Resequencers with one mistake each."""

from collections.abc import Callable
from typing import Any

from concli.patterns import Resequencer, ShutDown
from concli.patterns._waiters import Waiters


class _WakesOne(Waiters):
    def wake_all(self) -> None:
        self.wake()


class WakesOne(Resequencer[Any]):
    """Room wakes the first of those who wait, not the one whose turn it is."""

    def __init__(self, maxsize: int, *, number: Callable[[Any], int], sizer: Callable[[Any], int] | None) -> None:
        super().__init__(maxsize, number=number, sizer=sizer)
        self._putters = _WakesOne()


class NextMustWait(Resequencer[Any]):
    """Even the next in sequence has to wait for room, which nobody else can make."""

    def _must_wait(self, number: int, size: int) -> bool:
        return super()._must_wait(number, size) or self._size + size > self.maxsize


class WakesNoOther(Resequencer[Any]):
    """A get that leaves the next in sequence behind tells no other getter."""

    def get(self) -> Any:
        with self._mutex:
            while self._next not in self._held:
                if self._is_shutdown:
                    raise ShutDown
                self._getters.wait(self._mutex, None)
            item, size = self._held.pop(self._next)
            self._next += 1
            self._size -= size
            self._putters.wake_all()
            return item
