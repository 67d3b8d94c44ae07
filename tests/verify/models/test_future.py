import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from concli.patterns import Future, _derived, _outcome, future, race
from concli.verify import Call, Raised, ReplayDiverged, Spec, explore, read_failure, replay, scenario
from concli.verify.catalogue import SCENARIOS, SCHEDULES, STRATEGY
from concli.verify.models._futures import Deed, Futures
from concli.verify.models.future import FUTURE, FutureModel, FuturesState
from tests.verify.mutants import future as mutants

REPLAYS = Path(__file__).parents[1] / "replays"
NO_NEWS = ("error", "TimeoutError")
GONE = ("error", "CancelledError")


@pytest.fixture(autouse=True)
def _as_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """How small a failure can be made is not the question here."""
    monkeypatch.setattr(sys.modules["concli.verify.explore"], "minimize", lambda _, scenario, run: (scenario, run))


def of(kind: type[Future[Any]]) -> Spec:
    return FUTURE._replace(fresh=(*FUTURE.fresh, (future, "Future", lambda: kind)), watched=(*FUTURE.watched, kind))


def test_futures_keep_to_the_model() -> None:
    found = explore(FUTURE, strategy=STRATEGY, schedules=300, scenarios=10)
    assert found.passed, found.show()


@pytest.mark.parametrize("kind", ["then", "flat", "gather", "race", "timeout"])
def test_what_follows_comes_in_every_schedule_with_one_preemption(kind: str) -> None:
    calls: list[list[tuple[Any, ...]]] = [[("run", "a", 1)], [("resolve", "b", 2), ("cancel", "d")], [("result", "d")]]
    one = scenario(FUTURE, calls, config={"kind": kind})
    found = explore(one, strategy="dfs 1", schedules=20_000)
    assert found.passed, found.show()
    assert found.exhaustive


@pytest.mark.parametrize(
    ("kind", "violation"),
    [
        (mutants.CallsBackTwice, "invariant"),
        (mutants.DoesNotCallBack, "invariant"),
        (mutants.TellsOne, "lost wakeup"),
        (mutants.DoneTooEarly, "not linearizable"),
    ],
)
def test_a_mistake_is_found_within_the_default_budget(kind: type[Future[Any]], violation: str) -> None:
    found = explore(of(kind), strategy=STRATEGY, schedules=SCHEDULES, scenarios=SCENARIOS)
    assert [failure.violation.kind for failure in found.violations] == [violation]


def test_a_promise_that_never_sees_the_exception_is_found() -> None:
    spec = FUTURE._replace(make=partial(Futures, promise=mutants.NeverSeesTheException))
    found = explore(spec, strategy=STRATEGY, schedules=SCHEDULES, scenarios=SCENARIOS)
    assert found.violations[0].violation.kind == "exception"
    assert "OddError" in found.show()


def test_what_was_found_once_is_found_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who kept a promise was interrupted while it finished what follows: nobody ever did."""
    spec = FUTURE._replace(watched=(Future, _outcome.Outcome))
    failure = read_failure(REPLAYS / "future-interrupted-callback.json", lambda _: spec)
    with pytest.raises(ReplayDiverged):
        replay(failure)
    # Fewer lines than when it was found: enough for one thread to wait for a lock that another has.
    one = failure.scenario._replace(spec=FUTURE._replace(watched=(_outcome.Outcome._wait,)))
    again = explore(one, strategy="dfs 2", schedules=1500)
    assert again.passed, again.show()
    for module in (future, _derived):
        monkeypatch.setattr(module, "surely", mutants.interrupted_on_the_way)
    assert explore(one, strategy="dfs 2", schedules=1500).violations


def test_the_model_knows_that_an_outcome_comes_once() -> None:
    model = FutureModel("then")
    done = FuturesState(a=Deed("finished", ("value", 1)))
    assert list(model.apply(model.initial, Call(1, "result", ("a",)))) == []
    assert list(model.apply(model.initial, Call(1, "result", ("a", 1.0)))) == [(NO_NEWS, model.initial)]
    assert list(model.apply(model.initial, Call(1, "resolve", ("a", 1)))) == [(None, done)]
    assert list(model.apply(done, Call(1, "resolve", ("a", 2)))) == [(Raised("InvalidStateError"), done)]
    assert list(model.apply(done, Call(1, "cancel", ("a",)))) == [(False, done)]


@pytest.mark.parametrize(
    ("kind", "due"),
    [
        ("then", {("value", 2)}),
        ("flat", {GONE}),
        ("gather", {GONE}),
        ("race", {("value", 1), GONE}),
        ("timeout", {("value", 1), NO_NEWS}),
    ],
)
def test_the_model_knows_what_follows(kind: str, due: set[Any]) -> None:
    state = FuturesState(Deed("finished", ("value", 1)), Deed("cancelled", GONE))
    assert {result for result, _ in FutureModel(kind).apply(state, Call(1, "result", ("d",)))} == due


def test_futures_that_are_not_what_they_should_be_are_told_of() -> None:
    futures = Futures("race")
    assert futures.futures["d"] is not race(futures.futures["a"], futures.futures["b"])
    futures.listen("a", 1)
    futures.resolve("a", 1)
    futures.check()
    futures.heard["a", 1] = 2
    with pytest.raises(AssertionError, match="called back 2 times"):
        futures.check()
