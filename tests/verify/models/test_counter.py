import sys
from typing import Any

import pytest

from concli.verify import Call, explore
from concli.verify.catalogue import SCENARIOS, SCHEDULES, STRATEGY
from concli.verify.models.counter import COUNTER, CounterModel
from tests.verify.mutants import counter as mutants


def test_the_counter_keeps_to_the_model() -> None:
    found = explore(COUNTER, strategy=STRATEGY, schedules=300, scenarios=10)
    assert found.passed, found.show()


@pytest.mark.parametrize(
    ("kind", "violation"),
    [
        (mutants.CheckThenAct, "not linearizable"),
        (mutants.TellsNobody, "lost wakeup"),
        (mutants.IfForWhile, "not linearizable"),
    ],
)
def test_a_mistake_is_found_within_the_default_budget(
    kind: Any, violation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # How small the failure can be made is not the question here.
    monkeypatch.setattr(sys.modules["concli.verify.explore"], "minimize", lambda _, scenario, run: (scenario, run))
    spec = COUNTER._replace(make=kind)
    found = explore(spec, strategy=STRATEGY, schedules=SCHEDULES, scenarios=SCENARIOS)
    assert [failure.violation.kind for failure in found.violations] == [violation]


def test_one_that_waits_for_more_has_no_result_unless_its_time_is_up() -> None:
    model = CounterModel()
    assert list(model.apply(1, Call(1, "wait_at_least", (2,)))) == []
    assert list(model.apply(1, Call(1, "wait_at_least", (2, 1.0)))) == [(False, 1)]
    assert list(model.apply(2, Call(1, "wait_at_least", (2,)))) == [(True, 2)]
    assert list(model.apply(2, Call(1, "increment", ()))) == [(3, 3)]
