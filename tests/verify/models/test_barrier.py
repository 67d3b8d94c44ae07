import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from concli.patterns import Barrier
from concli.verify import Call, Raised, ReplayDiverged, explore, read_failure, replay, scenario
from concli.verify.catalogue import SCENARIOS, SCHEDULES, STRATEGY
from concli.verify.models.barrier import BARRIER, BarrierModel, BarrierState, make_barrier
from tests.verify.mutants import barrier as mutants

REPLAYS = Path(__file__).parents[1] / "replays"
ALL_TWICE: list[list[tuple[Any, ...]]] = [[("wait",), ("wait",)]] * 3
BROKEN = Raised("BrokenBarrierError")


@pytest.fixture(autouse=True)
def _as_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """How small a failure can be made is not the question here."""
    monkeypatch.setattr(sys.modules["concli.verify.explore"], "minimize", lambda _, scenario, run: (scenario, run))


def of(kind: type[Barrier]) -> Any:
    return BARRIER._replace(make=partial(make_barrier, kind=kind))


def test_the_barrier_keeps_to_the_model() -> None:
    found = explore(BARRIER, strategy=STRATEGY, schedules=300, scenarios=10)
    assert found.passed, found.show()


def test_rounds_are_not_mixed_in_any_schedule_with_two_preemptions() -> None:
    found = explore(scenario(BARRIER, ALL_TWICE, config={"parties": 3}), strategy="dfs 2", schedules=20_000)
    assert found.passed, found.show()
    assert found.exhaustive


@pytest.mark.parametrize(
    ("kind", "violation"),
    [
        (mutants.BreaksLate, "not linearizable"),
        (mutants.TellsNobody, "lost wakeup"),
        (mutants.OneRound, "lost wakeup"),
    ],
)
def test_a_mistake_is_found_within_the_default_budget(kind: type[Barrier], violation: str) -> None:
    found = explore(of(kind), strategy=STRATEGY, schedules=SCHEDULES, scenarios=SCENARIOS)
    assert [failure.violation.kind for failure in found.violations] == [violation]


def test_what_was_found_once_is_found_no_more() -> None:
    failure = read_failure(REPLAYS / "barrier-action.json", lambda _: BARRIER)
    with pytest.raises(ReplayDiverged):
        replay(failure)
    again = explore(failure.scenario, strategy="dfs 2", schedules=1500)
    assert again.passed, again.show()
    late = failure.scenario._replace(spec=of(mutants.BreaksLate))
    assert explore(late, strategy="dfs 2", schedules=1500).violations


def test_a_round_lets_go_those_who_came_to_it_with_their_numbers() -> None:
    model = BarrierModel(2)
    one = model.arrive(BarrierState(), Call(1, "wait", ()))
    assert one is not None
    assert list(model.apply(one, Call(1, "wait", ()))) == []
    two = model.arrive(one, Call(2, "wait", ()))
    assert two is not None
    assert [result for result, _ in model.apply(two, Call(1, "wait", ()))] == [0]
    assert [result for result, _ in model.apply(two, Call(2, "wait", ()))] == [1]


def test_one_whose_time_is_up_breaks_it_for_all() -> None:
    model = BarrierModel(3)
    state: BarrierState | None = BarrierState()
    for thread in (1, 2):
        assert state is not None
        state = model.arrive(state, Call(thread, "wait", (1.0,)))
    assert state is not None
    ((result, broken),) = model.apply(state, Call(1, "wait", (1.0,)))
    assert (result, broken.is_broken) == (BROKEN, True)
    assert [result for result, _ in model.apply(broken, Call(2, "wait", ()))] == [BROKEN]
    assert model.arrive(broken, Call(3, "wait", ())) is None
