import sys
from typing import Any

import pytest

from concli.verify import Call, explore
from concli.verify.catalogue import SCENARIOS, SCHEDULES, STRATEGY
from concli.verify.models.sharded_counter import SHARDED_COUNTER, ShardedCounterModel
from tests.verify.mutants import sharded_counter as mutants


def test_the_counter_keeps_to_the_model() -> None:
    found = explore(SHARDED_COUNTER, strategy=STRATEGY, schedules=300, scenarios=10)
    assert found.passed, found.show()


@pytest.mark.parametrize(
    ("kind", "violation"),
    [
        (mutants.OneShard, "invariant or not linearizable"),
        (mutants.ReadsUnlocked, "not linearizable"),
        (mutants.FoldsOverNewOnes, "not linearizable"),
        (mutants.ForgetsTheDead, "not linearizable"),
    ],
)
def test_a_mistake_is_found_within_the_default_budget(
    kind: Any, violation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # How small the failure can be made is not the question here.
    monkeypatch.setattr(sys.modules["concli.verify.explore"], "minimize", lambda _, scenario, run: (scenario, run))
    spec = SHARDED_COUNTER._replace(make=kind, watched=(*SHARDED_COUNTER.watched, kind))
    found = explore(spec, strategy=STRATEGY, schedules=SCHEDULES, scenarios=SCENARIOS)
    assert [failure.violation.kind for failure in found.violations if failure.violation.kind in violation]


def test_a_sum_holds_what_was_counted_before_and_maybe_what_is_counted_meanwhile() -> None:
    model = ShardedCounterModel()
    ((_, before),) = model.apply(model.initial, Call(1, "increment", (5,)))
    state: Any = model.arrive(before, Call(2, "value", ()))
    for amount in (1, 10):
        ((_, state),) = model.apply(state, Call(1, "increment", (amount,)))
    assert [result for result, _ in model.apply(state, Call(2, "value", ()))] == [5, 6, 15, 16]
