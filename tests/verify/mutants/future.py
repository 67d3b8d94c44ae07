"""Futures and promises with one mistake each."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import InvalidStateError
from concurrent.futures._base import FINISHED
from typing import Any, TypeVar

from concli.patterns import Future, Promise
from concli.patterns._outcome import _OPEN

T = TypeVar("T")


class NeverSeesTheException(Promise[T]):
    """The textbook's: what the call raises goes to whoever runs it, and those who wait never hear of it."""

    def run(self, fn: Callable[..., T], /, *args: object, **options: object) -> None:
        if self.future.set_running_or_notify_cancel():
            self.future.set_result(fn(*args, **options))


class CallsBackTwice(Future[T]):
    """Adds a callback, then looks whether it is too late: but whoever was just in time has called it."""

    def add_done_callback(self, fn: Callable[..., object]) -> None:
        with self._mutex:
            if self._callbacks is None:
                self._callbacks = deque()
            self._callbacks.append(fn)
        if self.done():
            self._invoke(fn)


class DoesNotCallBack(Future[T]):
    """Looks whether it is too late, then adds a callback: by then it may be."""

    def add_done_callback(self, fn: Callable[..., object]) -> None:
        if self.done():
            self._invoke(fn)
            return
        with self._mutex:
            if self._callbacks is None:
                self._callbacks = deque()
            self._callbacks.append(fn)


class TellsOne(Future[T]):
    """``notify`` for ``notify_all``."""

    def _wake(self) -> None:
        if self._line:
            self._line.pop().release()


class DoneTooEarly(Future[T]):
    """Says that it is done before the outcome is there; who looks needs no lock, and finds nothing."""

    def set_result(self, result: T) -> None:
        with self._mutex:
            if is_open := self._state in _OPEN:
                self._state = FINISHED
                self._result = result
                self._wake()
        if not is_open:
            raise InvalidStateError
        self._invoke_callbacks()


def interrupted_on_the_way(step: Callable[..., object], /, *args: Any) -> None:
    """Take a step for others once, whatever comes in between: in the place of ``surely``."""
    step(*args)


FUTURES = [CallsBackTwice, DoesNotCallBack, TellsOne, DoneTooEarly]
