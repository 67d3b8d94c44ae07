import sys
from pathlib import Path
from typing import Any

import pytest

from concli.patterns import RWLock
from concli.verify import Call, ReplayDiverged, explore, read_failure, replay, scenario
from concli.verify.catalogue import SCENARIOS, SCHEDULES, STRATEGY
from concli.verify.models.rwlock import RWLOCK, RWLockModel
from tests.verify.mutants import rwlock as mutants

REPLAYS = Path(__file__).parents[1] / "replays"
MIXED: list[list[tuple[Any, ...]]] = [[("write",), ("read",)], [("read",), ("write",)], [("write",), ("read",)]]
TIMED: list[list[tuple[Any, ...]]] = [[("write",)], [("read", True, 1.0)], [("downgrade",)]]

both = pytest.mark.parametrize("prefer", ["writer", "fair"])


@pytest.fixture(autouse=True)
def _as_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """How small a failure can be made is not the question here."""
    monkeypatch.setattr(sys.modules["concli.verify.explore"], "minimize", lambda _, scenario, run: (scenario, run))


def of(kind: type[RWLock]) -> Any:
    return RWLOCK._replace(make=mutants.room(kind), watched=(*RWLOCK.watched, kind))


def test_the_lock_keeps_its_promises() -> None:
    found = explore(RWLOCK, strategy=STRATEGY, schedules=300, scenarios=10)
    assert found.passed, found.show()


@both
def test_it_keeps_them_in_every_schedule_with_two_preemptions(prefer: str) -> None:
    found = explore(scenario(RWLOCK, MIXED, config={"prefer": prefer}), strategy="dfs 2", schedules=20_000)
    assert found.passed, found.show()
    assert found.exhaustive


@both
def test_it_keeps_them_too_when_time_is_up_and_one_is_interrupted(prefer: str) -> None:
    one = scenario(RWLOCK, TIMED, config={"prefer": prefer}, interrupts=1)
    found = explore(one, strategy="dfs 2", schedules=20_000)
    assert found.passed, found.show()
    assert found.exhaustive


@pytest.mark.parametrize(
    ("kind", "violation"),
    [
        (mutants.LeavesTheLineFirst, "exception"),
        (mutants.LooksThenEnters, "exception"),
        (mutants.TellsNobody, "lost wakeup"),
        (mutants.StaysInLine, "lost wakeup or not linearizable or invariant"),
        (mutants.NeverFair, "exception"),
        (mutants.NeverHandsOver, "invariant"),
    ],
)
def test_a_mistake_is_found_within_the_default_budget(kind: type[RWLock], violation: str) -> None:
    found = explore(of(kind), strategy=STRATEGY, schedules=SCHEDULES, scenarios=SCENARIOS)
    assert [failure.violation.kind for failure in found.violations if failure.violation.kind in violation]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("rwlock-guest", mutants.LeavesTheLineFirst),
        ("rwlock-fair-phase", mutants.NeverFair),
        ("rwlock-refused", mutants.ForgetsTheClosed),
        ("rwlock-twice-in-vain", mutants.NeverHandsOver),
    ],
)
def test_what_was_found_once_is_found_no_more(name: str, kind: type[RWLock]) -> None:
    failure = read_failure(REPLAYS / f"{name}.json", lambda _: RWLOCK)
    with pytest.raises(ReplayDiverged):
        replay(failure)
    again = explore(failure.scenario, strategy=failure.strategy, schedules=1500)
    assert again.passed, again.show()
    assert explore(failure.scenario._replace(spec=of(kind)), strategy=failure.strategy, schedules=1500).violations


def test_one_that_does_not_wait_is_refused_only_for_others() -> None:
    model = RWLockModel()
    alone = model.arrive(model.initial, Call(1, "write", (False,)))
    assert alone is not None
    assert list(model.apply(alone, Call(1, "write", (False,)))) == [(True, frozenset())]
    two = model.arrive(alone, Call(2, "read", (False,)))
    assert two is not None
    assert [result for result, _ in model.apply(two, Call(2, "read", (False,)))] == [True, False]
    assert [result for result, _ in model.apply(two, Call(2, "read", ()))] == [True]
