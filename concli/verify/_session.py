"""While a session lasts, the patterns get their primitives from a scheduler; then all is as it was."""

import gc
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from concli import patterns
from concli.patterns import _sync
from concli.verify import _primitives, _threads
from concli.verify._baton import Baton
from concli.verify._scheduler import Scheduler
from concli.verify._strand import Crew

__all__ = ["Session", "session"]

_COLLECT_EVERY = 200  # schedules; no collection comes in the midst of one
_one_at_a_time = threading.Lock()


class Session:
    """What the schedules of one exploration share: the threads, and who is in and who is not."""

    def __init__(self) -> None:
        self._members = {threading.get_ident()}
        self.crew = Crew(self._members.add)
        self.baton = Baton()  # of the thread that explores
        self.scheduler: Scheduler | None = None
        self._schedules = 0

    @contextmanager
    def schedule(self, scheduler: Scheduler) -> Iterator[None]:
        """Have the primitives belong to ``scheduler``; end what is left of it afterwards."""
        self.crew.new_schedule()
        self.scheduler = scheduler
        try:
            yield
        finally:
            try:
                scheduler.unwind()
            finally:
                self.scheduler = None
                self._schedules += 1
                if self._schedules % _COLLECT_EVERY == 0:
                    gc.collect()

    def current(self) -> Scheduler | None:
        """Return the scheduler that the calling thread belongs to, if it does."""
        return self.scheduler if threading.get_ident() in self._members else None

    def substitutes(self) -> dict[str, Callable[..., Any]]:
        """Return what stands in for each name of ``_sync``; threads that are not of the session get the real ones."""
        members = self._members
        ident = threading.get_ident

        def instead(own: Callable[..., Any], real: Callable[..., Any]) -> Callable[..., Any]:
            def choose(*args: Any, **keywords: Any) -> Any:
                scheduler = self.scheduler
                if scheduler is None or ident() not in members:
                    return real(*args, **keywords)
                return own(scheduler, *args, **keywords)

            return choose

        def condition(scheduler: Scheduler, lock: Any = None) -> Any:
            is_ours = lock is None or isinstance(lock, _primitives.Lock | _primitives.RLock)
            return _primitives.Condition(scheduler, lock) if is_ours else threading.Condition(lock)

        def thread(scheduler: Scheduler, *args: Any, **keywords: Any) -> Any:
            return _threads.Thread(scheduler, self.crew, *args, **keywords)

        own: dict[str, Callable[..., Any]] = {
            "Lock": _primitives.Lock,
            "RLock": _primitives.RLock,
            "Condition": condition,
            "Event": _primitives.Event,
            "Semaphore": _primitives.Semaphore,
            "BoundedSemaphore": _primitives.BoundedSemaphore,
            "Thread": thread,
            "local": _threads.Local,
            "sleep": _threads.sleep,
            "checkpoint": lambda scheduler: scheduler.point("checkpoint"),
            "monotonic": lambda scheduler: scheduler.now,
            "get_ident": lambda scheduler: scheduler.current.number + 1,
            "current_thread": lambda scheduler: scheduler.current.thread,
        }
        return {name: instead(make, getattr(_sync, name)) for name, make in own.items()}


@contextmanager
def session() -> Iterator[Session]:
    """Begin a session; there is one at a time in a process."""
    if not _one_at_a_time.acquire(blocking=False):
        raise RuntimeError("schedules are being explored already in this process")
    with ExitStack() as stack:
        stack.callback(_one_at_a_time.release)
        for name in patterns.__all__:
            getattr(patterns, name)  # loaded now: what a module makes for itself must not belong to a schedule
        made = Session()
        stack.enter_context(_no_collection())
        stack.enter_context(_one_cpu())
        stack.callback(made.baton.close)
        stack.callback(made.crew.dismiss)
        for name, substitute in made.substitutes().items():
            stack.callback(setattr, _sync, name, getattr(_sync, name))
            setattr(_sync, name, substitute)
        yield made


@contextmanager
def _no_collection() -> Iterator[None]:
    """Collect garbage between schedules only: a finaliser must not come at a place nobody chose."""
    was_enabled, were_frozen = gc.isenabled(), gc.get_freeze_count()
    gc.disable()
    if not were_frozen:
        gc.collect()
        gc.freeze()  # what was there before is not gone through again and again
    try:
        yield
    finally:
        if not were_frozen:
            gc.unfreeze()
        if was_enabled:
            gc.enable()


@contextmanager
def _one_cpu() -> Iterator[None]:
    """Stay on one CPU, where a hand-over is cheapest."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    cpus = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cpus)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cpus)
