"""``task_done`` and ``join``: waiting until all that was ever put has been worked on."""

from abc import abstractmethod
from typing import TypeVar

from concli.patterns._buffer import Buffer
from concli.patterns._waiters import Waiters

T = TypeVar("T")

__all__ = ["JoinableBuffer"]


class JoinableBuffer(Buffer[T]):
    """A buffer that knows how many of its items have not been worked on yet."""

    def __init__(self) -> None:
        super().__init__()
        self._joiners = Waiters()
        self._finished = 0

    @property
    def unfinished_tasks(self) -> int:
        """The items that were put and that nobody called done."""
        with self._mutex:
            return self._unfinished()

    def task_done(self) -> None:
        """Say that the work on one item that was got is complete.

        Raises ``ValueError`` when called more often than there were items.
        """
        with self._mutex:
            if not self._unfinished():
                raise ValueError("task_done() called too many times")
            self._finish(1)

    def join(self) -> None:
        """Wait until every item that was ever put has been got and worked on."""
        with self._mutex:
            while self._unfinished():
                self._joiners.wait(self._mutex, None)

    # What follows is called with the mutex held.

    def _finish(self, count: int) -> None:
        """Call ``count`` items done, or all if there are fewer: some may have been called done too early."""
        self._finished += min(count, self._unfinished())
        if not self._unfinished():
            self._joiners.wake_all()

    def _unfinished(self) -> int:
        return self._puts() - self._finished

    @abstractmethod
    def _puts(self) -> int:
        """Return how many items were ever put."""
