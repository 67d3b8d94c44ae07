"""What a future is: an outcome that comes once, that all who wait learn of, and that other futures follow from."""

from collections.abc import Iterator
from random import Random
from typing import Any, NamedTuple

from concli.patterns import _timer
from concli.patterns._outcome import Outcome
from concli.patterns.future import InvalidStateError
from concli.verify.history import Call, Raised
from concli.verify.models._futures import CANCELLED, FOLLOWS, QUIET, TIMEOUT, Came, Deed, Futures, due_of
from concli.verify.scenario import Operation, Spec

__all__ = ["FUTURE", "FutureModel", "FuturesState"]


class FuturesState(NamedTuple):
    """Two futures, the one made of them, and the threads that are inside ``run``."""

    a: Deed = Deed()
    b: Deed = Deed()
    d: Deed = Deed()
    runs: frozenset[int] = frozenset()


class FutureModel:
    """The calls of ``Futures``. What follows from an outcome comes a little after it: so reads of "d" may go both ways.

    ``run`` takes effect twice: when it begins the work and when it ends it.
    """

    initial = FuturesState()

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def arrive(self, state: FuturesState, call: Call) -> FuturesState | None:
        """Return what the beginning of a ``run`` leads to."""
        if call.name != "run" or getattr(state, call.args[0]).state != "pending":
            return None
        return state._replace(**{call.args[0]: Deed("running")}, runs=state.runs | {call.thread})

    def apply(self, state: FuturesState, call: Call) -> Iterator[tuple[Any, FuturesState]]:
        """Yield what the call may return, and what is then known."""
        which, *args = call.args
        deed: Deed = getattr(state, which)
        for result, after in getattr(self, f"_{call.name}")(state, call, deed, *args):
            yield result, after if isinstance(after, FuturesState) else state._replace(**{which: after})
        if which == "d" and call.name != "listen" and not deed.is_done:
            yield from self._after_it_came(state, call, args)

    def _after_it_came(self, state: FuturesState, call: Call, args: list[Any]) -> Iterator[tuple[Any, FuturesState]]:
        for outcome in due_of(self._kind, state.a, state.b):
            deed = Deed("finished", outcome)
            for result, _ in getattr(self, f"_{call.name}")(state, call, deed, *args):
                yield result, state._replace(d=deed)
        if call.name == "cancel" and (self._kind == "timeout" or state.a.is_done or state.b.is_done):
            yield False, state._replace(d=Deed("running"))  # about to come

    def _resolve(self, _state: FuturesState, _call: Call, deed: Deed, value: int) -> Iterator[tuple[Any, Any]]:
        yield _finish(deed, ("value", value))

    def _fail(self, _state: FuturesState, _call: Call, deed: Deed, number: int) -> Iterator[tuple[Any, Any]]:
        yield _finish(deed, ("error", "OddError", number))

    def _run(
        self, state: FuturesState, call: Call, deed: Deed, number: int, does_fail: bool = False
    ) -> Iterator[tuple[Any, Any]]:
        if call.thread in state.runs:
            result, after = _finish(deed, ("error", "OddError", number) if does_fail else ("value", number))
            yield result, state._replace(**{call.args[0]: after}, runs=state.runs - {call.thread})
        elif deed.state == "cancelled":
            yield None, deed._replace(state="notified")
        elif deed.state != "pending":
            yield Raised("RuntimeError"), deed

    def _cancel(self, _state: FuturesState, _call: Call, deed: Deed) -> Iterator[tuple[Any, Any]]:
        if deed.state == "pending":
            yield True, Deed("cancelled", CANCELLED)
        else:
            # The outcome of `d` doesn't tell whether it was cancelled or has failed with a CancelledError.
            if deed.outcome != CANCELLED or deed.state == "finished":
                yield False, deed
            if deed.outcome == CANCELLED:
                yield True, deed

    def _done(self, _state: FuturesState, _call: Call, deed: Deed) -> Iterator[tuple[Any, Any]]:
        yield deed.is_done, deed

    def _poll(self, _state: FuturesState, call: Call, deed: Deed) -> Iterator[tuple[Any, Any]]:
        # A future that was cancelled is done for `wait` when whoever would have done the work has been told.
        is_known = deed.state != "cancelled"
        if is_known or call.args[0] == "d":
            yield deed.is_done, deed
        if not is_known or (call.args[0] == "d" and deed.outcome == CANCELLED):
            yield False, deed

    def _result(
        self, _state: FuturesState, _call: Call, deed: Deed, timeout: float | None = None
    ) -> Iterator[tuple[Any, Any]]:
        if deed.is_done:
            yield deed.outcome, deed
        elif timeout is not None:
            yield TIMEOUT, deed

    def _listen(self, _state: FuturesState, _call: Call, deed: Deed, _number: int) -> Iterator[tuple[Any, Any]]:
        yield None, deed


def _finish(deed: Deed, outcome: Came) -> tuple[Any, Deed]:
    return (Raised("InvalidStateError"), deed) if deed.is_done else (None, Deed("finished", outcome))


def _one(random: Random, _serial: int) -> tuple[Any, ...]:
    return (random.choice("ab"),)


def _any(random: Random, _serial: int) -> tuple[Any, ...]:
    return (random.choice("abdd"),)


# What is read and written without the lock, or goes on under it while others wait.
_LOCK_FREE = (Outcome.result, Outcome.set_result)


FUTURE = Spec(
    "Future",
    Futures,
    FutureModel,
    operations=[
        Operation("resolve", lambda random, serial: (*_one(random, serial), serial), 4),
        Operation("fail", lambda random, serial: (*_one(random, serial), serial), 2),
        Operation("run", lambda random, serial: (*_one(random, serial), serial), 2),
        Operation("run", lambda random, serial: (*_one(random, serial), serial, True), 1),
        Operation("cancel", _any, 2),
        Operation("result", _any, 4),
        Operation("result", lambda random, serial: (*_any(random, serial), 1.0), 2),
        Operation("done", _any, 1),
        Operation("poll", _any, 1),
        Operation("listen", lambda random, serial: (*_any(random, serial), serial), 3),
    ],
    configs=[{"kind": kind} for kind in FOLLOWS],
    raises=(InvalidStateError, RuntimeError),
    invariant=Futures.check,
    finish=Futures.end,
    watched=_LOCK_FREE,
    granularity="line",
    interrupts=1,
    fresh=((_timer, "_timer", _timer.Timer), *QUIET),
)
