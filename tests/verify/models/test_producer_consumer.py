import sys
from functools import partial
from pathlib import Path

import pytest

from concli.patterns import ProducerConsumer
from concli.verify import ReplayDiverged, explore, read_failure, replay
from concli.verify.catalogue import SCENARIOS, SCHEDULES, STRATEGY
from concli.verify.models.producer_consumer import PRODUCER_CONSUMER, Factory
from tests.verify.mutants import producer_consumer as mutants

REPLAYS = Path(__file__).parents[1] / "replays"


@pytest.fixture(autouse=True)
def _as_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """How small a failure can be made is not the question here."""
    monkeypatch.setattr(sys.modules["concli.verify.explore"], "minimize", lambda _, scenario, run: (scenario, run))


def test_a_run_keeps_to_its_invariants() -> None:
    found = explore(PRODUCER_CONSUMER, strategy=STRATEGY, schedules=300, scenarios=10)
    assert found.passed, found.show()


@pytest.mark.parametrize(
    ("kind", "violation"),
    [
        (mutants.PollsEmpty, "invariant"),
        (mutants.FirstEndsAll, "invariant"),
        (mutants.DropsWhatItHasInHand, "invariant"),
    ],
)
def test_a_mistake_is_found_within_the_default_budget(kind: type[ProducerConsumer[int]], violation: str) -> None:
    found = explore(
        PRODUCER_CONSUMER._replace(make=partial(Factory, kind=kind)),
        strategy=STRATEGY,
        schedules=SCHEDULES,
        scenarios=SCENARIOS,
    )
    assert [failure.violation.kind for failure in found.violations] == [violation]


@pytest.mark.parametrize("name", ["interrupted-stop"])
def test_what_was_found_once_is_found_no_more(name: str) -> None:
    failure = read_failure(REPLAYS / f"producer-consumer-{name}.json", lambda _: PRODUCER_CONSUMER)
    with pytest.raises(ReplayDiverged):
        replay(failure)
    again = explore(failure.scenario, strategy="pct", schedules=500)
    assert again.passed, again.show()
