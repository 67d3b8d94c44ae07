"""Bounded buffers with one mistake each."""

from typing import Any

from concli.patterns import BoundedBuffer, Empty, Full
from concli.patterns._waiters import RawLock, Waiters


class IfForWhile(BoundedBuffer[Any]):
    """Takes it for granted, when it is woken, that there is an item."""

    def _wait_for_item(self, block: bool, deadline: float | None) -> None:
        if not self._items and not self._is_shutdown and block:
            self._getters.wait(self._mutex, deadline)
        if not self._items:
            super()._wait_for_item(False, None)


class OneLine(BoundedBuffer[Any]):
    """The textbook's one condition with ``notify()``: a put may wake one that waits to put."""

    def __init__(self, maxsize: int = 0) -> None:
        super().__init__(maxsize)
        self._putters = self._getters


class PollsEmpty(BoundedBuffer[Any]):
    """Asks whether it is empty, and then gets as if the answer still held."""

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        if block:
            return super().get(block, timeout)
        if self.empty() and not self.is_shutdown:
            raise Empty
        return super().get()


class WakesAfterwards(BoundedBuffer[Any]):
    """Adds, and then takes the mutex once more to say so: an interrupt between the two costs a wakeup."""

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        with self._mutex:
            if self._must_wait(1):
                self._make_room(1, block, None if timeout is None else 0.0)
            self._items.append(item)
        with self._mutex:
            self._getters.wake()


class _Forgetful(Waiters):
    def _leave(self, me: RawLock) -> bool:
        del me
        return True


class StaysInLine(BoundedBuffer[Any]):
    """Who gives up after a timeout stays in line, and is woken in place of another."""

    def __init__(self, maxsize: int = 0) -> None:
        super().__init__(maxsize)
        self._getters = _Forgetful()


class WakesOnlyOne(BoundedBuffer[Any]):
    """A large item that goes makes room for one small one, not for several."""

    def _make_room(self, size: int, block: bool, deadline: float | None) -> None:
        while self._must_wait(size):
            if not block or not self._putters.wait(self._mutex, deadline):
                raise Full
        self._sizes.append(size)
        self._size += size
