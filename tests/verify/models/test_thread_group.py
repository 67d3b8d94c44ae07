import sys
from functools import partial
from pathlib import Path

import pytest

from concli.patterns import ThreadGroup
from concli.verify import ReplayDiverged, explore, read_failure, replay
from concli.verify.catalogue import SCENARIOS, SCHEDULES, STRATEGY
from concli.verify.models.thread_group import THREAD_GROUP, Team
from tests.verify.mutants import thread_group as mutants

REPLAYS = Path(__file__).parents[1] / "replays"


@pytest.fixture(autouse=True)
def _as_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """How small a failure can be made is not the question here."""
    monkeypatch.setattr(sys.modules["concli.verify.explore"], "minimize", lambda _, scenario, run: (scenario, run))


def test_the_group_keeps_to_its_invariants() -> None:
    found = explore(THREAD_GROUP, strategy=STRATEGY, schedules=300, scenarios=10)
    assert found.passed, found.show()


@pytest.mark.parametrize(
    ("kind", "violation"),
    [
        (mutants.TakesFailuresFirst, "invariant"),
        (mutants.TellsNobody, "deadlock"),
        (mutants.StopsHalfway, "invariant"),
    ],
)
def test_a_mistake_is_found_within_the_default_budget(kind: type[ThreadGroup], violation: str) -> None:
    found = explore(
        THREAD_GROUP._replace(make=partial(Team, kind=kind)),
        strategy=STRATEGY,
        schedules=SCHEDULES,
        scenarios=SCENARIOS,
    )
    assert [failure.violation.kind for failure in found.violations] == [violation]


@pytest.mark.parametrize("name", ["interrupted-wait", "interrupted-stop"])
def test_what_was_found_once_is_found_no_more(name: str) -> None:
    failure = read_failure(REPLAYS / f"thread-group-{name}.json", lambda _: THREAD_GROUP)
    with pytest.raises(ReplayDiverged):
        replay(failure)
    again = explore(failure.scenario, strategy="dfs 2", schedules=500)
    assert again.passed, again.show()
