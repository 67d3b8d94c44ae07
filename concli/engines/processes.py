"""Worker processes, for work that holds the GIL.

Choose it where the work is in Python itself (regular expressions, parsers, functions of a user's) and takes longer than
a second. Each worker is a fresh interpreter, never a fork of this one with its threads. Large buffers go through files
in memory and not through pickles. On an interpreter without a GIL, and for work that leaves it, use ``threads``.

A worker that dies (killed, out of memory) is named in the statistics, and its unit is begun again by another, twice at
most; so a unit must not spoil what it was given. What its function prints goes where the parent's output goes.

Who waits for whom::

    call --> a free worker, in turn --> that worker's answer          worker --> the next unit

>>> from operator import methodcaller
>>> with Processes(2).open(methodcaller, "upper") as place:
...     place("abc")
'ABC'
"""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from concli.engines._pool import Pool
from concli.engines._setup import setup_for
from concli.engines.engine import Place, Settings, memory_each
from concli.errors import UsageError

__all__ = ["Processes"]

U = TypeVar("U")
R = TypeVar("R")


class Processes:
    """Units are done by up to ``workers`` processes, each started when it is first needed.

    A worker may allocate ``settings.memory`` bytes for itself; a unit that needs more raises ``MemoryError``.
    """

    name = "processes"
    call_s = 0.0001

    def __init__(self, workers: int, settings: Settings = Settings()) -> None:  # noqa: B008 - it is frozen
        if settings.scheduler is not None:
            raise UsageError("--engine processes: it has no scheduler; leave out --scheduler, or use --engine dask")
        if settings.scratch is not None:
            raise UsageError("--engine processes: it shares memory with its workers; leave out --scratch")
        self.workers = self.callers = workers
        self._memory = settings.memory or memory_each(workers)

    @contextlib.contextmanager
    def open(self, make: Callable[..., Callable[[U], R]], /, *args: Any) -> Iterator[Place[U, R]]:
        """Return a place in the processes. Raises ``UsageError`` if ``make`` or its arguments can't be sent."""
        place = Pool[U, R](self.workers, setup_for(make, args), self._memory)
        try:
            yield place
        except BaseException:
            place.cancel()
            raise
        finally:
            place.close()
