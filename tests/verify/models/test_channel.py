import sys
from functools import partial
from typing import Any

import pytest

from concli.patterns import Channel
from concli.verify import explore, scenario
from concli.verify.catalogue import SCENARIOS, SCHEDULES, STRATEGY
from concli.verify.models._channel_calls import make_channel
from concli.verify.models.channel import CHANNEL
from tests.verify.mutants import channel as mutants


@pytest.fixture(autouse=True)
def _as_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """How small a failure can be made is not the question here."""
    monkeypatch.setattr(sys.modules["concli.verify.explore"], "minimize", lambda _, scenario, run: (scenario, run))


def test_the_channel_keeps_to_the_model() -> None:
    found = explore(CHANNEL, strategy=STRATEGY, schedules=300, scenarios=10)
    assert found.passed, found.show()


def test_every_schedule_of_two_preemptions_gives_each_request_its_own_answer() -> None:
    calls: list[list[tuple[Any, ...]]] = [
        [("request", "a", 1), ("request", "a", 2)],
        [("request", "a", 3)],
        [("serve", "a"), ("serve", "a")],
    ]
    found = explore(scenario(CHANNEL, calls), strategy="dfs 2", schedules=20_000)
    assert found.passed, found.show()
    assert found.exhaustive


@pytest.mark.parametrize(
    ("kind", "violation"),
    [
        (mutants.MixesUp, "not linearizable"),
        (mutants.NeverForgets, "not linearizable"),
        (mutants.TellsNobody, "lost wakeup"),
    ],
)
def test_a_mistake_is_found_within_the_default_budget(kind: type[Channel], violation: str) -> None:
    found = explore(
        CHANNEL._replace(make=partial(make_channel, kind=kind)),
        strategy=STRATEGY,
        schedules=SCHEDULES,
        scenarios=SCENARIOS,
    )
    assert [failure.violation.kind for failure in found.violations] == [violation]
