"""The engine that is none: a unit is done by the thread that has it.

Choose it for work that leaves the GIL (numpy, compression, hashing, reading), on an interpreter without a GIL, and for
all that is over in a second. For work that holds the GIL use ``processes``.

>>> def make_adder(amount):
...     return lambda number: number + amount
>>> with Threads(2).open(make_adder, 3) as place:
...     place(4)
7
"""

import contextlib
import mmap
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

from concli.engines.engine import EngineStatistics, Place, Settings
from concli.errors import UsageError
from concli.patterns import ShutDown, _sync

__all__ = ["Threads"]

U = TypeVar("U")
R = TypeVar("R")

_LARGE = 1 << 22


class Threads:
    """Units are done in place. Each thread that calls is a worker: the function is made once for each."""

    name = "threads"
    call_s = 0.0

    def __init__(self, workers: int, settings: Settings = Settings()) -> None:  # noqa: B008 - it is frozen
        if settings._replace(beside=None) != Settings():
            raise UsageError(
                "--engine threads: it shares its memory with the job and needs no scheduler; leave them out"
            )
        self.workers = self.callers = workers

    @contextlib.contextmanager
    def open(self, make: Callable[..., Callable[[U], R]], /, *args: Any) -> Iterator[Place[U, R]]:
        """Return a place for the calling threads."""
        place = _Here(make, args)
        try:
            yield place
        finally:
            place.cancel()


class _Here(Generic[U, R]):
    def __init__(self, make: Callable[..., Callable[[U], R]], args: tuple[Any, ...]) -> None:
        self._make = make
        self._args = args
        self._own = _sync.local()
        self._is_cancelled = False  # only ever set

    def __call__(self, unit: U, /) -> R:
        if self._is_cancelled:
            raise ShutDown
        try:
            function: Callable[[U], R] = self._own.function
        except AttributeError:
            function = self._own.function = self._make(*self._args)
        return function(unit)

    def buffer(self, nbytes: int) -> memoryview:
        memory = mmap.mmap(-1, max(1, nbytes), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        if nbytes >= _LARGE and hasattr(mmap, "MADV_HUGEPAGE"):  # as numpy does for its own; a page is a fault
            memory.madvise(mmap.MADV_HUGEPAGE)
        return memoryview(memory)[:nbytes]

    def cancel(self) -> None:
        self._is_cancelled = True

    def statistics(self) -> EngineStatistics:
        # The report tells of the job's threads anyway; counting here would cost more than the call.
        return EngineStatistics("threads")
