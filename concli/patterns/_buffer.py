"""What buffers have in common: two lines of waiters, an ending, and figures."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Generic, NamedTuple, TypeVar

from concli.patterns import _sync
from concli.patterns._shutdown import ShutDown
from concli.patterns._waiters import Waiters

T = TypeVar("T")

__all__ = ["Buffer", "BufferStatistics"]


class BufferStatistics(NamedTuple):
    """A frozen snapshot of a buffer.

    ``capacity``, ``size`` and ``peak`` are in the buffer's unit: items, or what its sizer returns.
    ``mean`` is the mean of the sizes that the gets found. The seconds are summed over all threads
    on a side, waits still going on included.
    """

    capacity: int
    depth: int
    size: int
    peak: int
    mean: float
    puts: int
    gets: int
    put_waits: int
    get_waits: int
    put_wait_s: float
    get_wait_s: float


class Buffer(ABC, Generic[T]):
    """A buffer that ends by ``shutdown``."""

    def __init__(self) -> None:
        # The mutex guards every field, those of the subclass too. Waiting is done in the lines, which
        # give the mutex up meanwhile; who waits in one checks again what it waited for.
        self._mutex = _sync.Lock()
        self._getters = Waiters()
        self._putters = Waiters()
        self._is_shutdown = False

    @abstractmethod
    def get(self) -> T:
        """Remove and return the next item, waiting for it; raise ``ShutDown`` at the end."""

    def __iter__(self) -> Iterator[T]:
        """Get items until the buffer has been shut down and has no more."""
        while True:
            try:
                item = self.get()
            except ShutDown:
                return
            yield item

    def shutdown(self, immediate: bool = False) -> None:
        """End the buffer: ``put`` raises ``ShutDown`` from now on, ``get`` when nothing is left.

        With ``immediate`` what is inside is dropped (``drain`` gets hold of it instead).
        """
        with self._mutex:
            if immediate:
                self._clear()
            self._end()

    def drain(self) -> list[T]:
        """End the buffer and return what was inside, so that its owner can account for it."""
        with self._mutex:
            left = self._clear()
            self._end()
        return left

    @property
    def is_shutdown(self) -> bool:
        """Whether the buffer has been shut down."""
        return self._is_shutdown

    def statistics(self) -> BufferStatistics:
        """Return a frozen snapshot."""
        with self._mutex:
            getters, putters = self._getters, self._putters
            waits = (putters.waits, getters.waits, putters.waited_s(), getters.waited_s())
            return BufferStatistics(*self._figures(), *waits)

    # What follows is called with the mutex held.

    def _end(self) -> None:
        self._is_shutdown = True
        self._getters.wake_all()
        self._putters.wake_all()

    @abstractmethod
    def _clear(self) -> list[T]:
        """Take everything out."""

    @abstractmethod
    def _figures(self) -> tuple[int, int, int, int, float, int, int]:
        """Return capacity, depth, size, peak, mean, puts and gets."""
