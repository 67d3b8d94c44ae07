import sys
from functools import partial

import pytest

from concli.patterns import Worker
from concli.verify import explore
from concli.verify.catalogue import SCENARIOS, SCHEDULES, STRATEGY
from concli.verify.models.worker import WORKER, employ
from tests.verify.mutants import worker as mutants


@pytest.fixture(autouse=True)
def _as_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """How small a failure can be made is not the question here."""
    monkeypatch.setattr(sys.modules["concli.verify.explore"], "minimize", lambda _, scenario, run: (scenario, run))


def test_the_worker_keeps_to_the_model() -> None:
    found = explore(WORKER, strategy=STRATEGY, schedules=300, scenarios=10)
    assert found.passed, found.show()


@pytest.mark.parametrize(
    ("kind", "violation"),
    [
        (mutants.TwoThreads, "not linearizable"),
        (mutants.EndsAtAnError, "not linearizable"),
        (mutants.LeavesTheRest, "invariant"),
    ],
)
def test_a_mistake_is_found_within_the_default_budget(kind: type[Worker], violation: str) -> None:
    found = explore(
        WORKER._replace(make=partial(employ, kind=kind)), strategy=STRATEGY, schedules=SCHEDULES, scenarios=SCENARIOS
    )
    assert [failure.violation.kind for failure in found.violations] == [violation]
