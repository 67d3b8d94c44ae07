import contextlib
import json
from pathlib import Path
from typing import Any

import pytest

from concli.errors import InputError
from concli.verify import Failure, ReplayDiverged, Spec, explore, read_failure, replay, scenario
from tests.verify import broken
from tests.verify.buffer import BUFFER

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


def test_an_object_that_can_not_be_made_any_more_is_an_error(failure: Failure) -> None:
    with pytest.raises(ReplayDiverged, match="can't be run any more: TypeError"):
        replay(failure._replace(scenario=failure.scenario._replace(config={"gone": 1})))


@pytest.mark.parametrize(
    "text", ["[]", "{}", '{"schema": "concli.verify/0"}', '{"schema": "concli.verify/1"}', "?", "\udcff"]
)
def test_what_is_no_failure_is_an_error(text: str, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(InputError, match=r"x\.json: "):
        read_failure(tmp_path / "x.json", lambda _: BUFFER)


DAMAGE: list[Any] = [None, "x", -1, 1.5, [], {}, [[]], [1], ["x"]]


@pytest.mark.parametrize("value", DAMAGE, ids=repr)
def test_a_damaged_file_is_an_error_or_is_not_followed_but_never_anything_else(
    failure: Failure, value: object, tmp_path: Path
) -> None:
    """Each field in its turn gets a value it should not have, or is gone."""
    told = failure.to_json()
    places = [(told, key) for key in told] + [
        (told[part], key) for part in ("scenario", "violation") for key in told[part]
    ]
    for place, key in places:
        kept = place[key]
        for damage in ("replace", "remove"):
            if damage == "remove":
                del place[key]
            else:
                place[key] = value
            (tmp_path / "x.json").write_text(json.dumps(told))
            with contextlib.suppress(InputError, ReplayDiverged):
                replay(read_failure(tmp_path / "x.json", {"CheckThenAct": SPEC}.__getitem__))
            place[key] = kept


def test_a_file_about_an_unknown_class_or_that_is_not_there_is_an_error(failure: Failure, tmp_path: Path) -> None:
    def spec_of(name: str) -> Spec:
        raise ValueError(f"there is no {name}")

    failure.write(tmp_path / "x.json")
    with pytest.raises(InputError, match="CheckThenAct"):
        read_failure(tmp_path / "x.json", spec_of)
    with pytest.raises(InputError, match="no such file"):
        read_failure(tmp_path / "gone.json", spec_of)
