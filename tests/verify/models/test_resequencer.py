import sys
from functools import partial
from typing import Any

import pytest

from concli.patterns import Resequencer
from concli.verify import explore
from concli.verify.catalogue import SCENARIOS, SCHEDULES, STRATEGY
from concli.verify.models.resequencer import RESEQUENCER, make_resequencer
from tests.verify.mutants import resequencer as mutants


@pytest.fixture(autouse=True)
def _as_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """How small a failure can be made is not the question here."""
    monkeypatch.setattr(sys.modules["concli.verify.explore"], "minimize", lambda _, scenario, run: (scenario, run))


def test_the_resequencer_keeps_to_the_model() -> None:
    found = explore(RESEQUENCER, strategy=STRATEGY, schedules=300, scenarios=10)
    assert found.passed, found.show()


@pytest.mark.parametrize(
    ("kind", "violation"),
    [
        (mutants.WakesOne, "lost wakeup"),
        (mutants.NextMustWait, "lost wakeup"),
        (mutants.WakesNoOther, "lost wakeup"),
    ],
)
def test_a_mistake_is_found_within_the_default_budget(kind: type[Resequencer[Any]], violation: str) -> None:
    found = explore(
        RESEQUENCER._replace(make=partial(make_resequencer, kind=kind)),
        strategy=STRATEGY,
        schedules=SCHEDULES,
        scenarios=SCENARIOS,
    )
    assert [failure.violation.kind for failure in found.violations] == [violation]
