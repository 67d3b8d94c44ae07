"""What a thread waits for while others have their turn."""

import os
import select
import threading
from collections.abc import Callable
from functools import partial

__all__ = ["Baton"]


class Baton:
    """Given to one thread, which takes it. Where the system has event counters, one of those.

    On one CPU a hand-over by an event counter costs half of one by a lock, and a twentieth without a GIL.
    """

    __slots__ = ("_file", "_lock", "give", "take")

    def __init__(self) -> None:
        self._file = -1
        self._lock = threading.Lock()
        self.take: Callable[[], object]
        self.give: Callable[[], object]
        if hasattr(os, "eventfd"):
            self._file = os.eventfd(0, os.EFD_CLOEXEC)
            self.take = partial(os.eventfd_read, self._file)
            self.give = partial(os.eventfd_write, self._file, 1)
        else:
            self._lock.acquire()
            self.take = self._lock.acquire
            self.give = self._lock.release

    def take_within(self, seconds: float) -> bool:
        """Take the baton, if it comes in so many seconds."""
        if self._file < 0:
            return self._lock.acquire(True, seconds)
        poll = select.poll()
        poll.register(self._file, select.POLLIN)
        if not poll.poll(seconds * 1000):
            return False
        self.take()
        return True

    def close(self) -> None:
        """Give back what the system gave."""
        self.give = _nobody_is_there
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def _nobody_is_there() -> None:
    """Take the place of ``give``: a thread that comes late must not write to what is another's file by now."""
