"""How a future comes by its outcome: from a call, or from that of other futures.

Whoever finishes a future does this on the way, as callbacks. It may be interrupted where it waits for a
lock; then it goes on all the same, and the interrupt after that, or nobody would ever finish what follows.
"""

import concurrent.futures
from collections.abc import Callable
from concurrent.futures import CancelledError, InvalidStateError
from concurrent.futures._base import CANCELLED, PENDING
from contextlib import suppress
from functools import partial
from typing import Any, Generic, TypeVar

from concli.patterns import _sync
from concli.patterns._outcome import Outcome
from concli.patterns._waiters import RawLock

T = TypeVar("T")

__all__ = ["Gathering", "expire", "follow", "settle", "surely", "win"]


def surely(step: Callable[..., object], /, *args: object) -> None:
    """Take a step that is owed to somebody: if it is interrupted, again. So it has to bear being taken twice."""
    try:
        step(*args)
    except Exception:
        raise
    except BaseException:
        with suppress(InvalidStateError):  # it had been taken before the interrupt
            surely(step, *args)
        raise
    finally:
        del step, args  # an interrupt's traceback holds this frame, and may be the outcome of what the step is about


def settle(
    future: Outcome[Any], call: Callable[..., object], args: tuple[object, ...], options: dict[str, object]
) -> None:
    """Give ``future``, which is running, the outcome of a call; a future's outcome if it returns one."""
    try:
        value = call(*args, **options)
    except BaseException as failure:
        surely(future.set_exception, failure)
        if not isinstance(failure, Exception):
            raise
    else:
        if isinstance(value, concurrent.futures.Future):
            surely(value.add_done_callback, partial(surely, _copy, future))
        else:
            surely(future.set_result, value)
    finally:
        del future, call, args  # a failure's traceback holds this frame


def follow(
    derived: Outcome[Any],
    run: Callable[..., object],
    fn: Callable[[T], object],
    failed: Callable[[BaseException], object] | None,
    source: concurrent.futures.Future[T],
) -> None:
    """Do what ``then`` has promised."""
    failure = None if source.cancelled() else source.exception()
    try:
        if source.cancelled() or (failure is not None and failed is None):
            _copy(derived, source)
        elif _begins(derived):
            settle(derived, run, (fn, source.result()) if failure is None else (failed, failure), {})
    finally:
        del derived, failure  # as above


def win(
    winner: Outcome[T],
    claim: RawLock,
    at_end: Callable[[], object] | None,
    source: concurrent.futures.Future[T],
) -> None:
    """Take the outcome of ``source`` if it is the first; who has got hold of ``claim`` is."""
    try:
        if claim.acquire(blocking=False):
            surely(_copy, winner, source)
    finally:
        if at_end is not None:
            surely(at_end)


def expire(limited: Outcome[Any], claim: RawLock) -> None:
    """Let the time for an outcome be over, if there is none."""
    if claim.acquire(blocking=False):
        surely(_finish, limited, None, TimeoutError())


class Gathering(Generic[T]):
    """The account of a ``gather``. It holds outcomes and not the futures, or they would be a cycle."""

    def __init__(self, whole: Outcome[list[T]], count: int) -> None:
        self._whole = whole
        # Each future has its own place in these.
        self._values: list[Any] = [None] * count
        self._failures: list[BaseException | None] = [None] * count
        # The mutex guards the two below.
        self._mutex = _sync.Lock()
        self._left = set(range(count))
        self._last: int | None = None  # whose outcome was the last to come

    def add(self, index: int, future: concurrent.futures.Future[T]) -> None:
        """Note the outcome of a future; the last one finishes the whole."""
        failure = CancelledError() if future.cancelled() else future.exception()
        if failure is None:
            self._values[index] = future.result()
        self._failures[index] = failure
        with self._mutex:
            self._left.discard(index)
            if not self._left and self._last is None:
                self._last = index
        if self._last != index:
            return
        failures = [failure for failure in self._failures if failure is not None]
        if len(failures) > 1:
            failures = [BaseExceptionGroup("futures failed", failures)]
        _finish(self._whole, self._values, failures[0] if failures else None)


def _copy(target: Outcome[Any], source: concurrent.futures.Future[Any]) -> None:
    """Give ``target`` the outcome that ``source`` has, unless nobody wants it any more."""
    if not source.cancelled():
        failure = source.exception()
        _finish(target, source.result() if failure is None else None, failure)
    elif target.cancel():
        _begins(target)
    else:
        _finish(target, None, CancelledError())


def _finish(future: Outcome[T], value: T | None, failure: BaseException | None) -> None:
    """Give a future its outcome, unless it has one or has been cancelled."""
    if future.running() or _begins(future):
        if failure is None:
            future.set_result(value)  # type: ignore[arg-type]  # without a failure it is a T
        else:
            future.set_exception(failure)


def _begins(future: Outcome[Any]) -> bool:
    """Let a future that nobody else sees to be running; False if it has been cancelled, or has begun before."""
    return future._state in (PENDING, CANCELLED) and future.set_running_or_notify_cancel()  # noqa: SLF001 - one family
