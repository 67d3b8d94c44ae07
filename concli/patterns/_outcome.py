"""What a future is made of: the state, who waits for it, and the report of a failure nobody looked at.

The standard library makes a condition and two lists for each future; here one lock is made at once.
"""

import concurrent.futures
from collections import deque
from collections.abc import Callable
from concurrent.futures import CancelledError, InvalidStateError
from concurrent.futures._base import CANCELLED, CANCELLED_AND_NOTIFIED, FINISHED, LOGGER, PENDING, RUNNING
from typing import TYPE_CHECKING, Any, TypeVar

from concli.patterns import _sync
from concli.patterns._waiters import RawLock

T = TypeVar("T")

__all__ = ["FailureNobodyLookedAt", "Outcome"]

_OPEN = frozenset({PENDING, RUNNING})


class FailureNobodyLookedAt:
    """A failure that has had no reader yet. If it goes first it raises, which the interpreter reports."""

    exception: BaseException | None = None  # an interrupt may come before there is one

    def __init__(self, exception: BaseException) -> None:
        self.exception = exception

    def __del__(self) -> None:
        failure, self.exception = self.exception, None
        if failure is not None:
            try:
                raise failure
            finally:
                del self, failure  # or the traceback would hold this frame, and this frame the failure


class _Condition:
    """A future's lock and line in the form in which ``wait`` and ``as_completed`` use them."""

    __slots__ = ("_mutex", "notify_all")

    def __init__(self, mutex: RawLock, notify_all: Callable[[], None]) -> None:
        self._mutex = mutex
        self.notify_all = notify_all

    def acquire(self) -> bool:
        return self._mutex.acquire()

    def release(self, *_: object) -> None:
        self._mutex.release()

    __enter__ = acquire
    __exit__ = release


class Outcome(concurrent.futures.Future[T]):
    """The protocol of ``concurrent.futures.Future`` on one plain lock.

    The lock is not reentrant: a signal handler must not touch the future its thread is busy with.
    """

    # Slots only where they are read and written for every future; the base class has a dict all the same.
    __slots__ = ("_callbacks", "_exception", "_line", "_mutex", "_result", "_state", "_unseen", "_watchers")

    def __init__(self) -> None:  # all that a future costs before anyone waits
        # The mutex guards every change of the fields below. A state other than pending and running is
        # final and is set after the outcome: who has read it needs no lock to read the outcome.
        self._mutex = _sync.Lock()
        self._state = PENDING
        self._result: T | None = None
        self._exception: BaseException | None = None
        self._unseen: FailureNobodyLookedAt | None = None
        self._line: list[RawLock] | None = None  # a raw lock for each thread in `result` and `exception`
        self._watchers: list[Any] | None = None
        self._callbacks: deque[Callable[[concurrent.futures.Future[T]], object]] | None = None

    if not TYPE_CHECKING:  # for which they are what the base class says
        # What `wait` and `as_completed` look at; made on demand, the list with the mutex held.

        @property
        def _condition(self) -> _Condition:
            return _Condition(self._mutex, self._wake)

        @property
        def _waiters(self) -> list[Any]:
            if self._watchers is None:
                self._watchers = []
            return self._watchers

    def cancel(self) -> bool:
        """Cancel the future unless it is running or finished; tell whether it is cancelled now."""
        with self._mutex:
            if self._state in (RUNNING, FINISHED):
                return False
            is_new = self._state == PENDING
            if is_new:
                self._state = CANCELLED
                self._wake()
        if is_new:
            self._invoke_callbacks()
        return True

    def cancelled(self) -> bool:
        return self._state in (CANCELLED, CANCELLED_AND_NOTIFIED)

    def running(self) -> bool:
        return self._state == RUNNING

    def done(self) -> bool:
        return self._state not in _OPEN

    def result(self, timeout: float | None = None) -> T:
        """Return the value, waiting up to ``timeout`` seconds for it, or raise the work's exception.

        Raises ``TimeoutError`` if there is neither in that time, ``CancelledError`` if never will be.
        """
        if self._state != FINISHED:
            self._wait(timeout)
        if self._exception is None:
            return self._result  # type: ignore[return-value]  # finished without an exception: it is a T
        try:
            raise self._seen(self._exception)
        finally:
            del self  # or the traceback would hold this frame, and this frame the exception

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Return the exception, or None for a success; waits and raises as ``result`` does."""
        if self._state != FINISHED:
            self._wait(timeout)
        return None if self._exception is None else self._seen(self._exception)

    def add_done_callback(self, fn: Callable[["concurrent.futures.Future[T]"], object]) -> None:
        """Have ``fn(self)`` called when the future is done, by the thread that does it; now if it is.

        Callbacks are called in order. An exception in one is logged to ``concurrent.futures``.
        """
        with self._mutex:
            if self._state in _OPEN:
                if self._callbacks is None:
                    self._callbacks = deque()
                self._callbacks.append(fn)
                return
        try:
            self._invoke(fn)
        finally:
            del fn  # as in `_invoke`

    def set_running_or_notify_cancel(self) -> bool:
        """Begin the work; False if it has been cancelled. Only for who does the work."""
        with self._mutex:
            state = self._state
            if state == PENDING:
                self._state = RUNNING
                return True
            if state == CANCELLED:
                self._state = CANCELLED_AND_NOTIFIED
                for watcher in self._watchers or ():
                    watcher.add_cancelled(self)
                return False
        LOGGER.critical("Future %s in unexpected state: %s", id(self), state)
        raise RuntimeError("Future in unexpected state")

    def set_result(self, result: T) -> None:
        """Finish with a value; ``InvalidStateError`` if there is an outcome. Only for who does the work."""
        with self._mutex:
            if is_open := self._state in _OPEN:
                self._result = result
                del result  # from here on whoever waited may count on holding the only reference
                self._state = FINISHED
                if self._line is not None:
                    self._wake()
                if self._watchers is not None:
                    for watcher in self._watchers:
                        watcher.add_result(self)
        if not is_open:
            raise InvalidStateError(f"{self._state}: {self!r}")
        if self._callbacks is not None:
            self._invoke_callbacks()

    def set_exception(self, exception: BaseException | None) -> None:
        """Finish with an exception; otherwise as ``set_result``."""
        with self._mutex:
            if is_open := self._state in _OPEN:
                self._exception = exception
                self._unseen = None if exception is None else FailureNobodyLookedAt(exception)
                self._state = FINISHED
                self._wake()
                for watcher in self._watchers or ():
                    watcher.add_exception(self)
        if not is_open:
            raise InvalidStateError(f"{self._state}: {self!r}")
        self._invoke_callbacks()

    def __repr__(self) -> str:
        state = self._state
        what = state.partition("_")[0].lower()
        if state == FINISHED:
            outcome = self._result if self._exception is None else self._exception
            what += f" {'returned' if self._exception is None else 'raised'} {type(outcome).__name__}"
        return f"<{type(self).__name__} at {id(self):#x} state={what}>"

    def _wait(self, timeout: float | None) -> None:
        """Return when finished; raise otherwise as ``result`` does."""
        deadline = None if timeout is None else _sync.monotonic() + timeout  # negative is 0 here, as ever
        in_time = True
        while self._state in _OPEN:
            if not in_time:
                raise TimeoutError
            me = _sync.Lock()
            me.acquire()
            with self._mutex:
                if self._state not in _OPEN:
                    break
                if self._line is None:
                    self._line = [me]
                else:
                    self._line.append(me)
            try:
                in_time = me.acquire() if deadline is None else me.acquire(True, _sync.remaining(deadline))
            except BaseException:
                self._leave(me)
                raise
            if not in_time:
                self._leave(me)
        if self._state != FINISHED:
            raise CancelledError

    def _leave(self, me: RawLock) -> None:
        with self._mutex:
            if me in (line := self._line or []):
                line.remove(me)

    def _wake(self) -> None:
        """Let all threads go that wait; called with the mutex held."""
        while self._line:
            self._line.pop().release()

    def _seen(self, exception: BaseException) -> BaseException:
        """Note that the exception has a reader now."""
        if self._unseen is not None:
            self._unseen.exception = None
        return exception

    def _invoke_callbacks(self) -> None:
        callbacks = self._callbacks
        while callbacks:
            try:
                self._invoke(callbacks.popleft())
            except BaseException:  # an interrupt: the others have to know all the same
                self._invoke_callbacks()
                raise

    def _invoke(self, callback: Callable[["concurrent.futures.Future[T]"], object]) -> None:
        try:
            callback(self)
        except Exception:  # noqa: BLE001 - whoever set the outcome isn't to blame
            LOGGER.exception("exception calling callback for %r", self)
        finally:
            del callback  # what it holds may get an exception whose frames lead back here
