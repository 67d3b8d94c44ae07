"""Futures and promises: a value or an exception that comes later, once.

Choose a future to hand the outcome of one piece of work to whoever wants it, now or later, in any
number of threads; a pool gives one for each call, a promise makes one for work of your own. For a
stream of values use a buffer; to wake threads without a value use ``threading.Event``; inside an
event loop await ``asyncio.wrap_future(future)``.

The design is that of Liskov and Shrira (1988) with the protocol of ``concurrent.futures`` (PEP 3148).
A ``Future`` is one of those, so ``wait``, ``as_completed`` and ``asyncio`` take it; its own lock is a
plain one and everything else in it is made when first needed, which is what makes it cheap.

Who waits for whom::

    result, gather, race --> the future --> whoever has its promise
    the future of a pool's task --> the worker that has the task

Classic mistake: a way out that leaves the promise unkept. Let ``Promise.run`` make the call: it keeps
the promise with what is raised, too::

    thread A                      thread B
    promise.future.result()
                                  compute() raises
    waits for ever                never comes to set_result()

Classic mistake: to ask ``done()`` before setting; in between another has. Let one alone have the
promise, or be ready for ``InvalidStateError``::

    thread A                      thread B
    done() is False
                                  set_result(1)
    set_result(2) raises

Classic mistake: to wait in a callback. It runs in the thread that finishes the future, which has other
work to do; return the second future from ``then`` instead::

    worker of a pool of one       caller
                                  first.then(lambda _: second.result())
    finishes first, calls back
    waits for second              second is in the queue of the same worker

>>> promise = Promise()
>>> length = promise.future.then(len)
>>> promise.set_result("abc")
>>> length.result()
3
>>> both = gather(length, promise.future)
>>> both.result(timeout=1)
[3, 'abc']
"""

import concurrent.futures
from collections.abc import Callable
from concurrent.futures import CancelledError, InvalidStateError
from contextvars import copy_context
from functools import partial
from typing import Any, Generic, TypeVar, overload

from concli.patterns import _sync
from concli.patterns._derived import Gathering, expire, follow, settle, surely, win
from concli.patterns._outcome import Outcome
from concli.patterns._timer import call_later

T = TypeVar("T")
U = TypeVar("U")

__all__ = ["CancelledError", "Future", "InvalidStateError", "Promise", "gather", "race"]


class Future(Outcome[T]):
    """The reading end: the outcome of some work, whether it is there yet or not.

    Everything ``concurrent.futures.Future`` does, this does. ``result(timeout)`` and
    ``exception(timeout)`` wait up to ``timeout`` seconds and raise ``TimeoutError`` after that,
    ``CancelledError`` if there never will be an outcome; ``result`` raises the work's own exception.

    An exception that was neither raised by ``result`` nor returned by ``exception`` when the future is
    dropped is reported through ``sys.unraisablehook``: it is what the interpreter has for exceptions
    that can't be raised to anyone, and unlike a log record it is seen where nothing was set up to see it.
    """

    @overload
    def then(
        self, fn: Callable[[T], concurrent.futures.Future[U]], failed: Callable[[BaseException], U] | None = None
    ) -> "Future[U]": ...
    @overload
    def then(self, fn: Callable[[T], U], failed: Callable[[BaseException], U] | None = None) -> "Future[U]": ...
    def then(self, fn: Callable[[T], Any], failed: Callable[[BaseException], Any] | None = None) -> "Future[Any]":
        """Return the future of ``fn(value)``, or of ``failed(exception)`` if this one fails.

        Without ``failed`` a failure passes along. Where a call returns a future, its outcome is taken.
        The calls are made by the thread that finishes this future (at once, if it is), in a copy of
        the context of whoever called ``then``. Cancelling either future doesn't cancel work before it.
        """
        derived: Future[Any] = Future()
        try:
            self.add_done_callback(partial(surely, follow, derived, copy_context().run, fn, failed))
            return derived
        finally:
            del derived  # if it has failed by now, its exception's frames lead to this one

    def timeout(self, seconds: float) -> "Future[T]":
        """Return a future with this one's outcome, or ``TimeoutError`` if that isn't there in ``seconds``.

        This future isn't cancelled by that: others may wait for it.
        """
        limited: Future[T] = Future()
        claim = _sync.Lock()
        alarm = call_later(seconds, partial(expire, limited, claim))
        self.add_done_callback(partial(win, limited, claim, alarm.cancel))
        return limited


class Promise(Generic[T]):
    """The writing end: whoever holds it owes the ``future`` an outcome, and can give it once."""

    def __init__(self) -> None:
        self.future: Future[T] = Future()

    def set_result(self, value: T) -> None:
        """Finish with a value. Raises ``InvalidStateError`` if the future is finished or cancelled."""
        self.future.set_result(value)

    def set_exception(self, exception: BaseException) -> None:
        """Finish with an exception. Raises ``InvalidStateError`` if the future is finished or cancelled."""
        self.future.set_exception(exception)

    def run(self, fn: Callable[..., T], /, *args: object, **options: object) -> None:
        """Finish with what ``fn(*args, **options)`` returns or raises; if cancelled before, do nothing.

        An interrupt (what is no ``Exception``) is raised here as well. Raises ``RuntimeError`` if
        the promise has been kept or is running.
        """
        future = self.future
        del self
        try:
            if future.set_running_or_notify_cancel():
                settle(future, fn, args, options)
        finally:
            del future  # a failure's frames lead to this one


def gather(*futures: concurrent.futures.Future[T]) -> Future[list[T]]:
    """Return the future of all values, in the order of ``futures``.

    It is done when all are. If one has failed (or was cancelled) its exception is the outcome, if
    several have, an ``ExceptionGroup`` of them in order.
    """
    whole: Future[list[T]] = Future()
    if not futures:
        whole.set_result([])
    gathering = Gathering(whole, len(futures))
    for index, future in enumerate(futures):
        future.add_done_callback(partial(surely, gathering.add, index))
    return whole


def race(*futures: concurrent.futures.Future[T]) -> Future[T]:
    """Return a future with the outcome, value or exception, of whichever is done first.

    The others go on; what fails among them later is for their owners to look at. Raises
    ``ValueError`` without any futures.
    """
    if not futures:
        raise ValueError("a race takes at least one future")
    winner: Future[T] = Future()
    claim = _sync.Lock()
    for future in futures:
        future.add_done_callback(partial(win, winner, claim, None))
    return winner
