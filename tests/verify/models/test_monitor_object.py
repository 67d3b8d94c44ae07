import sys
from typing import Any

import pytest

from concli.verify import Call, explore
from concli.verify.catalogue import SCENARIOS, SCHEDULES, STRATEGY
from concli.verify.models.monitor_object import MONITOR_OBJECT, AccountModel
from tests.verify.mutants import monitor_object as mutants


def test_a_monitor_keeps_to_the_model() -> None:
    found = explore(MONITOR_OBJECT, strategy=STRATEGY, schedules=300, scenarios=10)
    assert found.passed, found.show()


@pytest.mark.parametrize(
    ("kind", "violation"),
    [
        (mutants.WakesOne, "lost wakeup"),
        (mutants.IfForWhile, "not linearizable"),
        (mutants.TwoSteps, "not linearizable"),
        (mutants.account_with_ghosts, "lost wakeup"),
    ],
)
def test_a_mistake_is_found_within_the_default_budget(
    kind: Any, violation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # How small the failure can be made is not the question here.
    monkeypatch.setattr(sys.modules["concli.verify.explore"], "minimize", lambda _, scenario, run: (scenario, run))
    spec = MONITOR_OBJECT._replace(make=kind)
    found = explore(spec, strategy=STRATEGY, schedules=SCHEDULES, scenarios=SCENARIOS)
    assert [failure.violation.kind for failure in found.violations] == [violation]


def test_what_is_given_in_an_exchange_is_there_while_it_waits() -> None:
    model = AccountModel()
    exchange = Call(1, "exchange", (1, 2))
    assert model.arrive(0, exchange) == 1
    assert list(model.apply(1, exchange)) == []
    assert list(model.apply(1, Call(2, "take_coin", ()))) == [(True, 0)]
    assert list(model.apply(0, Call(2, "take_coin", (1.0,)))) == [(False, 0)]
