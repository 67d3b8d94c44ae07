"""The one place where locks, clocks and threads come from.

Pattern modules write ``_sync.Lock()`` and never ``from threading import Lock``: the name is looked up
when it is called, so that a controlled scheduler can put its own primitives in place of these.
"""

from threading import (
    TIMEOUT_MAX,
    BoundedSemaphore,
    Condition,
    Event,
    Lock,
    RLock,
    Semaphore,
    Thread,
    current_thread,
    get_ident,
    local,
)
from time import monotonic, sleep

__all__ = [
    "TIMEOUT_MAX",
    "BoundedSemaphore",
    "Condition",
    "Event",
    "Lock",
    "RLock",
    "Semaphore",
    "Thread",
    "checkpoint",
    "current_thread",
    "deadline_after",
    "get_ident",
    "local",
    "monotonic",
    "remaining",
    "sleep",
]


def checkpoint() -> None:
    """Do nothing; while schedules are explored, let another thread go on here.

    For a place between two plain reads or writes at which ``concli verify`` is to try what others may do.
    """


def deadline_after(timeout: float | None) -> float | None:
    """Return the moment ``timeout`` seconds from now on the monotonic clock; ``None`` is for ever.

    Raises ``ValueError`` for a negative timeout, as ``queue`` does.
    """
    if timeout is not None and timeout < 0:
        raise ValueError("'timeout' must be a non-negative number")
    return None if timeout is None else monotonic() + timeout


def remaining(deadline: float | None) -> float:
    """Return the seconds left until ``deadline`` in the form ``Lock.acquire(timeout=…)`` takes.

    -1 means for ever; 0 means that the deadline has passed. What is longer than the platform can
    wait (``TIMEOUT_MAX``, centuries) is cut to that.
    """
    if deadline is None:
        return -1
    return min(max(0.0, deadline - monotonic()), TIMEOUT_MAX)
