"""What a future is: an outcome that comes once, that all who wait learn of, and that other futures follow from."""

import concurrent.futures
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any, NamedTuple

from concli.patterns import _outcome, _timer
from concli.patterns._outcome import Outcome
from concli.patterns.future import CancelledError, Future, InvalidStateError, Promise, gather, race
from concli.verify.history import Call, Raised
from concli.verify.scenario import Operation, Spec

__all__ = ["FUTURE", "QUIET", "Deed", "FutureModel", "Futures", "FuturesState", "OddError"]

# An outcome as results show it: ("value", 1), ("error", "OddError", 1), ("error", "CancelledError").
_Outcome = tuple[Any, ...]

_CANCELLED: _Outcome = ("error", "CancelledError")
_TIMEOUT: _Outcome = ("error", "TimeoutError")
_LOGGER = logging.getLogger("concli.verify.unheard")
_LOGGER.disabled = True


class OddError(Exception):
    """What the work in a scenario fails with; it has a number."""


class Deed(NamedTuple):
    """What one of the two futures, or the one that follows from them, has come to."""

    state: str = "pending"  # or "running", "cancelled", "notified" (of that it has been cancelled), "finished"
    outcome: _Outcome | None = None

    @property
    def is_done(self) -> bool:
        """Whether there is an outcome."""
        return self.outcome is not None


class FuturesState(NamedTuple):
    """Two futures, the one made of them, and the threads that are inside ``run``."""

    a: Deed = Deed()
    b: Deed = Deed()
    d: Deed = Deed()
    runs: frozenset[int] = frozenset()


class Futures:
    """Two promises and a future that follows from theirs in the way that ``kind`` says."""

    def __init__(self, kind: str, promise: Callable[[], Promise[int]] = Promise) -> None:
        self.kind = kind
        self.promises = {"a": promise(), "b": promise()}
        a, b = self.promises["a"].future, self.promises["b"].future
        self.futures: dict[str, Future[Any]] = {"a": a, "b": b, "d": _FOLLOWS[kind](a, b)}
        self.asked: list[tuple[str, int]] = []  # callbacks that were added
        self.heard: Counter[tuple[str, int]] = Counter()  # and called

    def resolve(self, which: str, value: int) -> None:
        """Keep a promise."""
        self.promises[which].set_result(value)

    def fail(self, which: str, number: int) -> None:
        """Keep it with a failure."""
        self.promises[which].set_exception(OddError(number))

    def run(self, which: str, number: int, does_fail: bool = False) -> None:
        """Keep it by a call."""
        self.promises[which].run(_odd if does_fail else int, number)

    def cancel(self, which: str) -> bool:
        """Cancel a future."""
        return self.futures[which].cancel()

    def done(self, which: str) -> bool:
        """Tell whether a future is done."""
        return self.futures[which].done()

    def result(self, which: str, timeout: float | None = None) -> _Outcome:
        """Wait for an outcome."""
        return _outcome_of(self.futures[which], timeout)

    def poll(self, which: str) -> bool:
        """Tell whether ``concurrent.futures.wait`` takes a future for done."""
        return bool(concurrent.futures.wait([self.futures[which]], timeout=0).done)

    def listen(self, which: str, number: int) -> None:
        """Have a callback called."""
        self.futures[which].add_done_callback(lambda future: self.heard.update({(which, number): future.done()}))
        self.asked.append((which, number))

    def check(self) -> None:
        """Raise if, everything standing still, something is not as it should be."""
        for which, future in self.futures.items():
            if future.done():
                assert not future._line, f"somebody waits in the line of {which}"  # noqa: S101, SLF001 - what it is for
                outcome = _outcome_of(future, 0)
                if which == "d":
                    outcomes = self._due()
                    assert outcome == _CANCELLED or outcome in outcomes, (outcome, outcomes)  # noqa: S101 - as above
            elif which == "d":
                assert not self._due(), f"{self._due()} should have come"  # noqa: S101 - as above
            else:
                assert not future.running(), f"{which} runs for ever"  # noqa: S101 - as above
        for which, number in self.asked:
            times = self.heard[which, number]
            assert times == self.futures[which].done(), f"{which} called back {times} times"  # noqa: S101 - as above
        assert max(self.heard.values(), default=1) == 1, self.heard  # noqa: S101 - as above

    def _due(self) -> Sequence[_Outcome]:
        deeds = [_deed_of(self.futures[which]) for which in "ab"]
        return _due(self.kind, *deeds)

    def end(self) -> None:
        """Let everybody go."""
        for future in self.futures.values():
            future.cancel()


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
        for outcome in _due(self._kind, state.a, state.b):
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
            yield True, Deed("cancelled", _CANCELLED)
        else:
            # The outcome of `d` doesn't tell whether it was cancelled or has failed with a CancelledError.
            if deed.outcome != _CANCELLED or deed.state == "finished":
                yield False, deed
            if deed.outcome == _CANCELLED:
                yield True, deed

    def _done(self, _state: FuturesState, _call: Call, deed: Deed) -> Iterator[tuple[Any, Any]]:
        yield deed.is_done, deed

    def _poll(self, _state: FuturesState, call: Call, deed: Deed) -> Iterator[tuple[Any, Any]]:
        # A future that was cancelled is done for `wait` when whoever would have done the work has been told.
        is_known = deed.state != "cancelled"
        if is_known or call.args[0] == "d":
            yield deed.is_done, deed
        if not is_known or (call.args[0] == "d" and deed.outcome == _CANCELLED):
            yield False, deed

    def _result(
        self, _state: FuturesState, _call: Call, deed: Deed, timeout: float | None = None
    ) -> Iterator[tuple[Any, Any]]:
        if deed.is_done:
            yield deed.outcome, deed
        elif timeout is not None:
            yield _TIMEOUT, deed

    def _listen(self, _state: FuturesState, _call: Call, deed: Deed, _number: int) -> Iterator[tuple[Any, Any]]:
        yield None, deed


def _finish(deed: Deed, outcome: _Outcome) -> tuple[Any, Deed]:
    return (Raised("InvalidStateError"), deed) if deed.is_done else (None, Deed("finished", outcome))


def _due(kind: str, a: Deed, b: Deed) -> Sequence[_Outcome]:
    """Return what the future made of two may have come to by now."""
    there = [deed.outcome for deed in (a, b) if deed.outcome is not None]
    first = a.outcome
    match kind:
        case "timeout":
            due = [_TIMEOUT] if first is None else [_TIMEOUT, first]
        case "race":
            due = there
        case "then":
            due = [] if first is None else [("value", first[1] * 2) if first[0] == "value" else first]
        case "flat":
            due = [] if first is None else [first] if first[0] == "error" else there[1:]
        case _:
            due = [_together(*there)] if len(there) == 2 else []
    return due


def _together(first: _Outcome, second: _Outcome) -> _Outcome:
    failures = [one for one in (first, second) if one[0] == "error"]
    if failures:
        return failures[0] if len(failures) == 1 else ("error", "ExceptionGroup")
    return "value", (first[1], second[1])


def _follows_by_then(a: Future[int], _b: Future[int]) -> Future[int]:
    return a.then(lambda value: value * 2)


def _follows_flatly(a: Future[int], b: Future[int]) -> Future[int]:
    return a.then(lambda _: b)


def _follows_in_time(a: Future[int], _b: Future[int]) -> Future[int]:
    return a.timeout(5.0)


def _follows_together(a: Future[int], b: Future[int]) -> Future[tuple[int, ...]]:
    return gather(a, b).then(tuple)


_FOLLOWS: dict[str, Callable[[Future[int], Future[int]], Future[Any]]] = {
    "then": _follows_by_then,
    "flat": _follows_flatly,
    "timeout": _follows_in_time,
    "gather": _follows_together,
    "race": race,
}


def _odd(number: int) -> int:
    raise OddError(number)


def _outcome_of(future: Future[Any], timeout: float | None) -> _Outcome:
    try:
        return "value", future.result(timeout)
    except OddError as error:
        return "error", "OddError", *error.args
    except Exception as error:
        if not isinstance(error, CancelledError | TimeoutError | ExceptionGroup):
            raise
        return "error", type(error).__name__


def _deed_of(future: Future[Any]) -> Deed:
    return Deed("finished", _outcome_of(future, 0)) if future.done() else Deed()


def _one(random: Random, _serial: int) -> tuple[Any, ...]:
    return (random.choice("ab"),)


def _any(random: Random, _serial: int) -> tuple[Any, ...]:
    return (random.choice("abdd"),)


class _Unreported:
    """Stands in for the report of a failure that nobody has looked at."""

    def __init__(self, exception: BaseException) -> None:
        self.exception: BaseException | None = exception


# Nothing is written to a log, and no failure that nobody looks at is told of.
QUIET = (
    (_outcome, "LOGGER", lambda: _LOGGER),
    (_outcome, "FailureNobodyLookedAt", lambda: _Unreported),
)

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
    configs=[{"kind": kind} for kind in _FOLLOWS],
    raises=(InvalidStateError, RuntimeError),
    invariant=Futures.check,
    finish=Futures.end,
    watched=_LOCK_FREE,
    granularity="line",
    interrupts=1,
    fresh=((_timer, "_timer", _timer.Timer), *QUIET),
)
