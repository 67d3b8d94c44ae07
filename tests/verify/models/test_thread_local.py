import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from concli.patterns import ThreadLocal
from concli.verify import ReplayDiverged, Spec, explore, read_failure, replay, scenario
from concli.verify.catalogue import SCENARIOS, SCHEDULES, STRATEGY
from concli.verify.models.thread_local import THREAD_LOCAL, Tallies
from tests.verify.mutants import thread_local as mutants

REPLAYS = Path(__file__).parents[1] / "replays"


@pytest.fixture(autouse=True)
def _as_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """How small a failure can be made is not the question here."""
    monkeypatch.setattr(sys.modules["concli.verify.explore"], "minimize", lambda _, scenario, run: (scenario, run))


def of(kind: type[ThreadLocal[Any]]) -> Spec:
    return THREAD_LOCAL._replace(make=partial(Tallies, kind), watched=(*THREAD_LOCAL.watched, kind))


def test_thread_local_values_keep_their_promises() -> None:
    found = explore(THREAD_LOCAL, strategy=STRATEGY, schedules=300, scenarios=10)
    assert found.passed, found.show()


def test_ended_threads_are_counted_once_in_every_schedule_with_one_preemption() -> None:
    calls: list[list[tuple[Any, ...]]] = [[("begin", 1), ("add", 2)], [("begin", 3)], [("read",)]]
    one = scenario(THREAD_LOCAL, calls, config={"does_fold": True})
    found = explore(one, strategy="dfs 1", schedules=20_000)
    assert found.passed, found.show()
    assert found.exhaustive


@pytest.mark.parametrize("kind", [mutants.ReadsWithoutTheLock, mutants.LetsGoTooEarly, mutants.FoldsWithOthers])
def test_a_mistake_is_found_within_the_default_budget(kind: type[ThreadLocal[Any]]) -> None:
    found = explore(of(kind), strategy=STRATEGY, schedules=SCHEDULES, scenarios=SCENARIOS)
    assert found.violations[0].violation.kind in {"exception", "invariant"}
    assert "twice" in found.show() or "not there" in found.show()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("thread-local-interrupted-delete.json", mutants.ForgetsByHalves),
        ("thread-local-interrupted-fold.json", mutants.WaitsToSayItIsOver),
    ],
)
def test_what_was_found_once_is_found_no_more(name: str, kind: type[ThreadLocal[Any]]) -> None:
    """An interrupt left a value half deleted; another one, a fold that nobody would end."""
    failure = read_failure(REPLAYS / name, lambda _: THREAD_LOCAL._replace(watched=(ThreadLocal,)))
    with pytest.raises(ReplayDiverged):
        replay(failure)
    again = explore(failure.scenario, strategy=STRATEGY, schedules=300)
    assert again.passed, again.show()
    assert explore(failure.scenario._replace(spec=of(kind)), strategy=STRATEGY, schedules=4000).violations


def test_books_that_do_not_agree_are_told_of() -> None:
    tallies = Tallies()
    tallies.add(1)
    tallies.begin(2)
    tallies.check()
    tallies.own()
    tallies._tallies.set((1, 1))
    with pytest.raises(AssertionError, match="twice"):
        tallies.read()
    tallies._tallies.set(())
    with pytest.raises(AssertionError, match="not there"):
        tallies.read()
