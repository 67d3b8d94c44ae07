"""Calls that somebody else makes, so that one can stop waiting for them."""

import contextvars
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from concli.patterns import _sync
from concli.patterns._shutdown import ShutDown
from concli.patterns.bounded_buffer import BoundedBuffer, Empty

__all__ = ["Caller", "Outcome", "call"]

# What a call returned, or what it raised.
Outcome = tuple[Any, BaseException | None]


def call(function: Callable[[Any], Any], value: Any) -> Outcome:
    """Return what ``function(value)`` returns, or raises."""
    try:
        return function(value), None
    except BaseException as error:  # noqa: BLE001 - the caller decides what becomes of it
        return None, error


class Caller:
    """Makes one call at a time in a thread of its own; one that takes too long is abandoned.

    A Python callable can't be killed: the thread goes on with an abandoned call and ends after it,
    what comes of it is ignored, and the next call is made in a new thread. The calls see a copy of the
    context variables of whoever made the first call in that thread.

    One thread uses a caller; any other may ``stop`` it.
    """

    def __init__(self, function: Callable[[Any], Any], name: str) -> None:
        self._function = function
        self._name = name
        self.abandoned = 0
        # The mutex guards the fields below.
        self._mutex = _sync.Lock()
        self._is_stopped = False
        self._values = BoundedBuffer[Any](1)  # to the thread
        self._outcomes = BoundedBuffer[Outcome](1)  # from it
        self._thread: _sync.Thread | None = None

    def call(self, value: Any, timeout: float) -> Outcome:
        """Return what the call returned or raised, ``TimeoutError`` after ``timeout`` seconds.

        Raises ``ShutDown`` when the caller has been stopped.
        """
        values, outcomes = self._values, self._outcomes
        if self._thread is None:
            values, outcomes = self._start()
        try:
            values.put(value)
            return outcomes.get(timeout=timeout)
        except Empty:
            self._abandon()
            told = f"{self._name} took longer than {timeout:g} s; the call goes on in an abandoned thread"
            return None, TimeoutError(told)
        except BaseException:  # an interrupt: whatever comes of the call is not what the next one asks for
            self._abandon()
            raise

    def stop(self) -> None:
        """Let whoever waits for a call go, with ``ShutDown``, and make no more."""
        with self._mutex:
            self._is_stopped = True
            self._values.shutdown()
            self._outcomes.shutdown()

    def close(self) -> None:
        """End the thread, which must not be at a call, and wait until it has ended."""
        self.stop()
        if self._thread is not None:
            self._thread.join()

    def _start(self) -> tuple[BoundedBuffer[Any], BoundedBuffer[Outcome]]:
        values, outcomes = BoundedBuffer[Any](1), BoundedBuffer[Outcome](1)
        run = contextvars.copy_context().run
        arguments = (_serve, self._function, values, outcomes)
        thread = _sync.Thread(target=run, args=arguments, name=f"{self._name}-call", daemon=True)
        with self._mutex:
            if self._is_stopped:
                raise ShutDown
            self._values, self._outcomes = values, outcomes
        thread.start()
        self._thread = thread
        return values, outcomes

    def _abandon(self) -> None:
        self.abandoned += 1
        self._thread = None
        self._values.shutdown()
        self._outcomes.shutdown()


def _serve(function: Callable[[Any], Any], values: BoundedBuffer[Any], outcomes: BoundedBuffer[Outcome]) -> None:
    with suppress(ShutDown):  # nobody waits for the outcome any more
        for value in values:
            outcomes.put(call(function, value))
