import sys
from pathlib import Path
from typing import Any

import pytest

from concli.patterns import Mailbox
from concli.verify import Call, ReplayDiverged, explore, read_failure, replay, scenario
from concli.verify.catalogue import SCENARIOS, SCHEDULES, STRATEGY
from concli.verify.models.mailbox import MAILBOX, MailboxModel, MailboxState
from tests.verify.mutants import mailbox as mutants

REPLAYS = Path(__file__).parents[1] / "replays"


@pytest.fixture(autouse=True)
def _as_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """How small a failure can be made is not the question here."""
    monkeypatch.setattr(sys.modules["concli.verify.explore"], "minimize", lambda _, scenario, run: (scenario, run))


def test_the_mailbox_keeps_to_the_model() -> None:
    found = explore(MAILBOX, strategy=STRATEGY, schedules=300, scenarios=10)
    assert found.passed, found.show()


def _of(kind: type[Mailbox]) -> Any:
    return MAILBOX._replace(make=kind, watched=(*MAILBOX.watched, kind))


def test_a_putter_that_looks_before_it_says_that_it_waits_is_found() -> None:
    calls: list[list[tuple[Any, ...]]] = [[("put", 1, False), ("put", 2, False)], [("get",)]]
    one = scenario(_of(mutants.LooksFirst), calls, config={"maxsize": 1}, granularity="line")
    found = explore(one, strategy="dfs 2", schedules=SCHEDULES)
    assert [failure.violation.kind for failure in found.violations] == ["lost wakeup"]


def test_a_message_that_overtakes_control_put_before_it_is_found() -> None:
    calls: list[list[tuple[Any, ...]]] = [[("get",)], [("put", 1, True), ("put", 2, False)]]
    one = scenario(_of(mutants.TwoLinesOnly), calls, config={"maxsize": 0}, granularity="line")
    found = explore(one, strategy="dfs 2", schedules=SCHEDULES)
    assert [failure.violation.kind for failure in found.violations] == ["not linearizable"]


def test_control_that_comes_while_a_get_is_under_way_may_be_passed_over_but_not_by_what_came_later() -> None:
    model, get = MailboxModel(), Call(1, "get", ())
    looking = model.arrive(MailboxState(ordinary=(1,)), get)
    assert looking is not None
    ((_, control),) = model.apply(looking, Call(2, "put", (2, True)))
    assert [result for result, _ in model.apply(control, get)] == [2, 1]
    ((_, later),) = model.apply(control._replace(ordinary=()), Call(2, "put", (3, False)))
    assert [result for result, _ in model.apply(later, get)] == [2]


@pytest.mark.parametrize(
    ("kind", "violation"),
    [
        (mutants.DropsWhatOthersTake, "exception"),
        (mutants.LosesWhatItHasInHand, "invariant"),
    ],
)
def test_a_mistake_is_found_within_the_default_budget(kind: type[Mailbox], violation: str) -> None:
    found = explore(_of(kind), strategy=STRATEGY, schedules=SCHEDULES, scenarios=SCENARIOS)
    assert [failure.violation.kind for failure in found.violations] == [violation]


@pytest.mark.parametrize(
    "name", ["interrupted-after-timeout", "passed-over", "dropped-with-room", "ended-in-between", "put-back-after-end"]
)
def test_what_was_found_once_is_found_no_more(name: str) -> None:
    failure = read_failure(REPLAYS / f"mailbox-{name}.json", lambda _: MAILBOX)
    with pytest.raises(ReplayDiverged):
        replay(failure)
    again = explore(failure.scenario, strategy="dfs 2", schedules=500)
    assert again.passed, again.show()
