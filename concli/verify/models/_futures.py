"""Futures under verification: two promises, the future made of them, and what comes of it."""

import concurrent.futures
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from concli.patterns import _outcome
from concli.patterns.future import CancelledError, Future, Promise, gather, race

__all__ = ["CANCELLED", "FOLLOWS", "QUIET", "TIMEOUT", "Came", "Deed", "Futures", "OddError", "due_of"]

# An outcome as results show it: ("value", 1), ("error", "OddError", 1), ("error", "CancelledError").
Came = tuple[Any, ...]


CANCELLED: Came = ("error", "CancelledError")


TIMEOUT: Came = ("error", "TimeoutError")


_LOGGER = logging.getLogger("concli.verify.unheard")


_LOGGER.disabled = True


class OddError(Exception):
    """What the work in a scenario fails with; it has a number."""


class Deed(NamedTuple):
    """What one of the two futures, or the one that follows from them, has come to."""

    state: str = "pending"  # or "running", "cancelled", "notified" (of that it has been cancelled), "finished"
    outcome: Came | None = None

    @property
    def is_done(self) -> bool:
        """Whether there is an outcome."""
        return self.outcome is not None


class Futures:
    """Two promises and a future that follows from theirs in the way that ``kind`` says."""

    def __init__(self, kind: str, promise: Callable[[], Promise[int]] = Promise) -> None:
        self.kind = kind
        self.promises = {"a": promise(), "b": promise()}
        a, b = self.promises["a"].future, self.promises["b"].future
        self.futures: dict[str, Future[Any]] = {"a": a, "b": b, "d": FOLLOWS[kind](a, b)}
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

    def result(self, which: str, timeout: float | None = None) -> Came:
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
                    assert outcome == CANCELLED or outcome in outcomes, (outcome, outcomes)  # noqa: S101 - as above
            elif which == "d":
                assert not self._due(), f"{self._due()} should have come"  # noqa: S101 - as above
            else:
                assert not future.running(), f"{which} runs for ever"  # noqa: S101 - as above
        for which, number in self.asked:
            times = self.heard[which, number]
            assert times == self.futures[which].done(), f"{which} called back {times} times"  # noqa: S101 - as above
        assert max(self.heard.values(), default=1) == 1, self.heard  # noqa: S101 - as above

    def _due(self) -> Sequence[Came]:
        deeds = [_deed_of(self.futures[which]) for which in "ab"]
        return due_of(self.kind, *deeds)

    def end(self) -> None:
        """Let everybody go."""
        for future in self.futures.values():
            future.cancel()


def due_of(kind: str, a: Deed, b: Deed) -> Sequence[Came]:
    """Return what the future made of two may have come to by now."""
    there = [deed.outcome for deed in (a, b) if deed.outcome is not None]
    first = a.outcome
    match kind:
        case "timeout":
            due = [TIMEOUT] if first is None else [TIMEOUT, first]
        case "race":
            due = there
        case "then":
            due = [] if first is None else [("value", first[1] * 2) if first[0] == "value" else first]
        case "flat":
            due = [] if first is None else [first] if first[0] == "error" else there[1:]
        case _:
            due = [_together(*there)] if len(there) == 2 else []
    return due


def _together(first: Came, second: Came) -> Came:
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


FOLLOWS: dict[str, Callable[[Future[int], Future[int]], Future[Any]]] = {
    "then": _follows_by_then,
    "flat": _follows_flatly,
    "timeout": _follows_in_time,
    "gather": _follows_together,
    "race": race,
}


def _odd(number: int) -> int:
    raise OddError(number)


def _outcome_of(future: Future[Any], timeout: float | None) -> Came:
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


class _Unreported:
    """Stands in for the report of a failure that nobody has looked at."""

    def __init__(self, exception: BaseException) -> None:
        self.exception: BaseException | None = exception


# Nothing is written to a log, and no failure that nobody looks at is told of.
QUIET = (
    (_outcome, "LOGGER", lambda: _LOGGER),
    (_outcome, "FailureNobodyLookedAt", lambda: _Unreported),
)
