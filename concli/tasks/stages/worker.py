"""What a worker of an engine does for Python stages: their functions are found there, once, and called."""

import os
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from concli.patterns import _sync
from concli.patterns._caller import Caller
from concli.tasks.stages.function import Function

__all__ = ["Abandoned", "Callers", "Step", "Unit", "make_calls"]

# The number of the step, and what it gets.
Unit = tuple[int, Any]


class Step(NamedTuple):
    """A Python stage, in plain values; see ``Function``. A call that takes longer than ``timeout`` is left behind."""

    target: str
    module: str
    name: str
    timeout: float | None = None


class Abandoned(TimeoutError):  # noqa: N818 - it says what happened
    """A call took longer than it may, and was left behind."""


class Callers:
    """The threads in which calls with a timeout are made, to be ended with the run.

    One that is sent to another process is empty there: its threads end with that process.
    """

    def __init__(self) -> None:
        # The mutex guards the fields below.
        self._mutex = _sync.Lock()
        self._all: list[Caller] = []
        self._is_over = False

    def new(self, function: Callable[[Any], Any], name: str) -> Caller:
        """Return what makes one thread's calls."""
        caller = Caller(function, name)
        with self._mutex:
            self._all.append(caller)
            is_over = self._is_over
        if is_over:
            caller.stop()
        return caller

    def stop(self) -> None:
        """Let whoever waits for a call go, with ``ShutDown``, and make no more."""
        with self._mutex:
            self._is_over = True
            callers = self._all.copy()
        for caller in callers:
            caller.stop()

    def __reduce__(self) -> tuple[type["Callers"], tuple[()]]:
        return Callers, ()


def make_calls(folder: str, steps: Sequence[Step], callers: Callers) -> Callable[[Unit], Any]:
    """Return what does a unit, for one thread. Functions are looked for, and called, in this working directory.

    Raises ``UsageError`` for a function that is not there.
    """
    if os.getcwd() != folder:  # only on other machines
        os.chdir(folder)
    calls: list[Callable[[Any], Any]] = []
    for step in steps:
        function = Function(step.target, step.module).function
        calls.append(function if step.timeout is None else _Timed(callers.new(function, step.name), step.timeout))

    def do(unit: Unit) -> Any:
        index, value = unit
        return calls[index](value)

    return do


class _Timed:
    """Calls in a thread of their own, that one can stop waiting for. The time is that of the call alone.

    Here and not where the result is waited for: there it would go on while a worker is waited for, and a call that was
    left behind would keep its worker from all others.
    """

    def __init__(self, caller: Caller, timeout: float) -> None:
        self._caller = caller
        self._timeout = timeout

    def __call__(self, value: Any) -> Any:
        abandoned = self._caller.abandoned
        result, error = self._caller.call(value, self._timeout)
        if error is None:
            return result
        try:
            raise Abandoned(str(error)) if self._caller.abandoned > abandoned else error
        finally:
            del error  # its traceback leads back here
