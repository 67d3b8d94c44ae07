import json
from pathlib import Path

import pytest

from concli.verify import Failure, ReplayDiverged, Spec, explore, read_failure, replay, scenario
from concli.verify.models.bounded_buffer import BOUNDED_BUFFER
from tests.verify import broken

SPEC = Spec("CheckThenAct", broken.CheckThenAct, broken.CounterModel, watched=(broken.CheckThenAct,))


@pytest.fixture
def failure() -> Failure:
    calls = [[("add",), ("get",)], [("add",), ("get",)]]
    return explore(scenario(SPEC, calls), seed=3).violations[0]


def test_a_failure_that_was_written_is_run_again(failure: Failure, tmp_path: Path) -> None:
    failure.write(tmp_path / "failure.json")
    data = json.loads((tmp_path / "failure.json").read_text())
    assert data["schema"] == "concli.verify/1"
    assert data["pattern"] == "CheckThenAct"
    again = read_failure(tmp_path / "failure.json", {"CheckThenAct": SPEC}.__getitem__)
    run = replay(again)
    assert run.violation == failure.violation
    assert run.trace == failure.trace


def test_code_that_has_changed_is_not_followed(failure: Failure) -> None:
    mended = failure.scenario._replace(spec=SPEC._replace(make=broken.Unlocked))
    with pytest.raises(ReplayDiverged):
        replay(failure._replace(scenario=mended))


def test_other_names_at_the_same_choices_are_not_followed(failure: Failure) -> None:
    renamed = (*failure.points[:-1], failure.points[-1].replace("_lock", "_other"))
    if renamed == failure.points:
        renamed = (*failure.points[:-1], "elsewhere")
    with pytest.raises(ReplayDiverged, match="was at"):
        replay(failure._replace(points=renamed))


@pytest.mark.parametrize("keep", [0, 1])
def test_decisions_that_are_too_few_or_wrong_are_an_error(failure: Failure, keep: int) -> None:
    decisions = failure.decisions[:1] if keep else (9, *failure.decisions[1:])
    with pytest.raises(ReplayDiverged):
        replay(failure._replace(decisions=decisions))


def test_a_schedule_that_does_not_fail_any_more_is_an_error(failure: Failure) -> None:
    harmless = failure.scenario._replace(spec=SPEC._replace(model=None))
    with pytest.raises(ReplayDiverged, match="no violation"):
        replay(failure._replace(scenario=harmless))


@pytest.mark.parametrize("text", ["[]", "{}", '{"schema": "concli.verify/0"}', '{"schema": "concli.verify/1"}', "?"])
def test_what_is_no_failure_is_an_error(text: str, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(ValueError):
        read_failure(tmp_path / "x.json", lambda _: BOUNDED_BUFFER)
