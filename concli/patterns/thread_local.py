"""Thread-local storage whose values can be read from outside, those of ended threads included.

Choose it where each thread keeps something of its own (a scratch array, a connection, a tally)
and somebody has to see all of them in the end. For a value that follows the work rather than the
thread, use ``contextvars``.

>>> tally = ThreadLocal(list)
>>> tally.get().append(1)
>>> tally.values()
[[1]]
"""

from collections.abc import Callable
from typing import Generic, TypeVar

from concli.patterns import _sync

T = TypeVar("T")

__all__ = ["ThreadLocal"]


class ThreadLocal(Generic[T]):
    """One value a thread, made by ``factory`` when the thread first asks for it.

    A thread reads and changes its own value without a lock. The values outlive their threads.
    """

    def __init__(self, factory: Callable[[], T]) -> None:
        self._factory = factory
        self._own = _sync.local()
        self._mutex = _sync.Lock()
        self._values: list[T] = []  # guarded by the mutex

    def get(self) -> T:
        """Return the calling thread's value."""
        try:
            value: T = self._own.value
        except AttributeError:
            value = self._own.value = self._factory()
            with self._mutex:
                self._values.append(value)
        return value

    def values(self) -> list[T]:
        """Return the values of all threads that ever asked, oldest first."""
        with self._mutex:
            return list(self._values)
