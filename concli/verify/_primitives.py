"""The primitives that the code under test gets while its schedules are explored.

They behave as those of ``threading`` do, except that whoever comes to one may be made to stand aside.
"""

import threading
from types import TracebackType
from typing import Any

from concli.verify._names import name_of_new
from concli.verify._options import INTERRUPT, RUN, SPURIOUS
from concli.verify._scheduler import Scheduler

__all__ = ["BoundedSemaphore", "Condition", "Event", "Interrupt", "Lock", "RLock", "Semaphore"]


class Interrupt(KeyboardInterrupt):
    """Injected into a thread that waits, as Ctrl-C would be."""


class Lock:
    """``threading.Lock`` with a switch point before each acquire and after each release."""

    __slots__ = ("born", "name", "owner", "scheduler")

    def __init__(self, scheduler: Scheduler) -> None:
        self.scheduler = scheduler
        self.owner: Any = None
        self.born = scheduler.steps
        self.name = "" if scheduler.trace is None else name_of_new("Lock")

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        scheduler = self.scheduler
        steps = scheduler.steps
        # No switch just after the lock was made, nor for the first after a call of the scenario began: to
        # switch there is the same as to have switched at the point before. A wait is a switch itself.
        if (self.owner is None or not blocking) and steps != self.born:
            if steps != scheduler.called_at:
                scheduler.point("acquire", self)
            else:
                scheduler.called_at = -1
                if scheduler.trace is not None and self.owner is None:
                    scheduler.note(scheduler.current, "acquire", self)
        if self.owner is None:
            self.owner = scheduler.current
            return True
        if not blocking:
            if timeout != -1:
                raise ValueError("can't specify a timeout for a non-blocking call")
            return False
        if timeout < 0 and timeout != -1:
            raise ValueError("timeout value must be a non-negative number")
        return timeout != 0 and self._wait(timeout)

    def _wait(self, timeout: float, *, is_condition: bool = False) -> bool:
        scheduler = self.scheduler
        reason = scheduler.wait(self, timeout, "wait for", is_condition=is_condition)
        if reason == RUN:
            self.owner = scheduler.current
            return True
        if reason == INTERRUPT:
            raise Interrupt
        return reason == SPURIOUS

    def release(self) -> None:
        if self.owner is None:
            if self.scheduler.is_aborting:
                return  # then locks are given to whoever asks
            raise RuntimeError("release unlocked lock")
        self.owner = None
        self.scheduler.point("release", self)

    def locked(self) -> bool:
        return self.owner is not None

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()

    def _is_owned(self) -> bool:
        return self.owner is not None


class RLock:
    """``threading.RLock``; a switch point only where it is really acquired or released."""

    __slots__ = ("_count", "_lock")

    def __init__(self, scheduler: Scheduler) -> None:
        self._lock = Lock(scheduler)
        self._count = 0

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        lock = self._lock
        if lock.owner is lock.scheduler.current:
            self._count += 1
            return True
        if lock.acquire(blocking, timeout):
            self._count = 1
            return True
        return False

    def release(self) -> None:
        if not self._is_owned():
            raise RuntimeError("cannot release un-acquired lock")
        self._count -= 1
        if not self._count:
            self._lock.release()

    __enter__ = acquire

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.release()

    def _is_owned(self) -> bool:
        return self._lock.owner is self._lock.scheduler.current

    def _release_save(self) -> int:
        count, self._count = self._count, 0
        self._lock.release()
        return count

    def _acquire_restore(self, count: int) -> None:
        self._lock.acquire()
        self._count = count


class Condition(threading.Condition):
    """``threading.Condition``, whose waiters wait at locks of ours."""

    _waiters: Any

    def __init__(self, scheduler: Scheduler, lock: Any = None) -> None:
        own: Any = RLock(scheduler) if lock is None else lock
        super().__init__(own)
        self._scheduler = scheduler
        self._own = own
        self.name = "" if scheduler.trace is None else name_of_new("Condition")

    def wait(self, timeout: float | None = None) -> bool:
        own = self._own
        if not own._is_owned():  # noqa: SLF001 - the protocol between conditions and locks
            raise RuntimeError("cannot wait on un-acquired lock")
        gate = Lock(self._scheduler)
        gate.name = self.name
        gate.owner = self._scheduler.current
        self._waiters.append(gate)
        is_plain = isinstance(own, Lock)
        saved = own.release() if is_plain else own._release_save()  # noqa: SLF001 - as above
        is_woken = False
        try:
            if gate.owner is None:
                gate.owner, is_woken = self._scheduler.current, True
            elif timeout is None or timeout > 0:
                is_woken = gate._wait(-1 if timeout is None else timeout, is_condition=True)  # noqa: SLF001 - of this file
            return is_woken
        finally:
            if not is_plain:
                own._acquire_restore(saved)  # noqa: SLF001 - as above
            else:
                own.acquire()
            if gate in self._waiters:
                self._waiters.remove(gate)

    def wait_for(self, predicate: Any, timeout: float | None = None) -> Any:
        deadline = None if timeout is None else self._scheduler.now + timeout
        while not (result := predicate()):
            left = None if deadline is None else deadline - self._scheduler.now
            if left is not None and left <= 0:
                break
            self.wait(left)
        return result


class Event(threading.Event):
    """``threading.Event`` on a condition of ours."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._cond = Condition(scheduler, Lock(scheduler))
        self._flag = False


class Semaphore(threading.Semaphore):
    """``threading.Semaphore`` on a condition of ours."""

    def __init__(self, scheduler: Scheduler, value: int = 1) -> None:
        if value < 0:
            raise ValueError("semaphore initial value must be >= 0")
        self._cond = Condition(scheduler, Lock(scheduler))
        self._value = value

    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
        if not blocking and timeout is not None:
            raise ValueError("can't specify timeout for non-blocking acquire")
        with self._cond:
            if blocking and not self._cond.wait_for(lambda: self._value > 0, timeout):
                return False
            if self._value == 0:
                return False
            self._value -= 1
        return True

    __enter__ = acquire


class BoundedSemaphore(Semaphore):
    """``threading.BoundedSemaphore`` on a condition of ours."""

    def __init__(self, scheduler: Scheduler, value: int = 1) -> None:
        super().__init__(scheduler, value)
        self._initial_value = value

    def release(self, n: int = 1) -> None:
        with self._cond:
            if self._value + n > self._initial_value:
                raise ValueError("Semaphore released too many times")
            self._value += n
            self._cond.notify(n)
