"""Locks, conditions, threads and clocks for classes that ``concli verify`` is to check.

Write ``from concli.patterns import sync`` and ``sync.Lock()`` where you would have written
``threading.Lock()``. What you get is the standard library's own; only while ``concli verify`` explores
schedules it puts primitives that it controls in their stead. So look the names up when you need them:
``from concli.patterns.sync import Lock`` would keep the one it found first.

>>> from concli.patterns import sync
>>> with sync.Lock():
...     sync.remaining(None)
-1
"""

from typing import TYPE_CHECKING

from concli.patterns import _sync

if TYPE_CHECKING:
    # What type checkers and editors see.
    from concli.patterns._sync import (
        TIMEOUT_MAX,
        BoundedSemaphore,
        Condition,
        Event,
        Lock,
        RLock,
        Semaphore,
        Thread,
        checkpoint,
        current_thread,
        deadline_after,
        get_ident,
        local,
        monotonic,
        remaining,
        sleep,
    )

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


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(_sync, name)  # at every call, and never kept: see above


def __dir__() -> list[str]:
    return __all__
