import json
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from concli.errors import InputError
from concli.metrics import Report, Run
from concli.verify import Op, Spec, job
from concli.verify.job import Job, Verification, replay_file
from tests.verify import broken
from tests.verify.buffer import BUFFER

DEAF = BUFFER._replace(make=broken.buffer_with_a_dropped_notify)
SPINNING = Spec(
    "Spinning", broken.Spinning, program=lambda _random, thread, _count, _serial: [Op("set" if thread else "wait")]
)
SPECS = {"good": BUFFER, "as good": BUFFER, "deaf": DEAF, "spinning": SPINNING}


@pytest.fixture(autouse=True)
def other_catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "spec_of", SPECS.__getitem__)
    monkeypatch.setattr(job, "spec_named", {spec.name: spec for spec in (DEAF, SPINNING)}.__getitem__)


@pytest.fixture
def verify(tmp_path: Path) -> Callable[..., tuple[Verification, Report]]:
    def verify(*patterns: str, **options: object) -> tuple[Verification, Report]:
        asked = Job(patterns, "pct 3", 200, 10, 4, failures=str(tmp_path))._replace(**options)  # type: ignore[arg-type]
        run = Run("verify", asked._asdict())
        verification = Verification(asked, run)
        verification.verify()
        return verification, run.snapshot()

    return verify


Verify = Callable[..., tuple[Verification, Report]]


def test_a_pattern_in_which_nothing_is_wrong_passes_as_the_sample_it_is(verify: Verify) -> None:
    _, report = verify("good")
    (check,) = report.checks
    assert check.passed
    assert check.detail.startswith("no violation in 200 schedules (")
    assert check.detail.endswith("), a sample")
    (row,) = json.loads(report.to_json())["result"]["patterns"]
    assert (row["outcome"], row["schedules"], row["exhaustive"]) == ("passed", 200, False)


def test_all_schedules_within_a_bound_are_said_to_be_all(verify: Verify) -> None:
    _, report = verify("good", strategy="dfs 0", operations=1, schedules=10_000)
    assert report.checks[0].detail.endswith("), which are all")


def test_a_failure_becomes_a_failed_check_and_a_file_and_the_others_are_run(verify: Verify, tmp_path: Path) -> None:
    verification, report = verify("deaf", "good", schedules=2000, operations=2)
    assert [check.passed for check in report.checks] == [False, True]
    (path,) = tmp_path.iterdir()
    assert path.name.startswith("verify-deaf-")
    assert str(path) in report.checks[0].detail
    assert [found.path for found in verification.found] == [str(path)]
    (told,) = json.loads(report.to_json())["result"]["failures"]
    assert (told["violation"]["kind"], told["pattern"], told["file"]) == ("lost wakeup", "deaf", str(path))
    assert ["T1", "ends", ""] in told["trace"]
    verify("deaf", schedules=2000, operations=2)
    assert list(tmp_path.iterdir()) == [path]  # the same failure, the same file


def test_a_failure_is_replayed(verify: Verify) -> None:
    verification, _ = verify("deaf", schedules=2000, operations=2)
    path = verification.found[0].path or ""
    run = Run("verify", {})
    found = replay_file(path, run)
    assert found.failure.trace == verification.found[0].failure.trace
    assert [(check.passed, check.detail) for check in run.snapshot().checks] == [(False, f"lost wakeup, as in {path}")]


def test_code_that_no_longer_follows_is_a_failed_check(verify: Verify, monkeypatch: pytest.MonkeyPatch) -> None:
    verification, _ = verify("deaf", schedules=2000, operations=2)
    monkeypatch.setattr(job, "spec_named", lambda _name: BUFFER)
    run = Run("verify", {})
    assert not replay_file(verification.found[0].path or "", run).failure.trace
    assert "no longer follows" in run.snapshot().checks[0].detail


def test_a_file_that_is_none_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{}")
    with pytest.raises(InputError):
        replay_file(str(tmp_path / "x.json"), Run("verify", {}))


def test_what_has_no_end_does_not_pass(verify: Verify) -> None:
    verification, report = verify("spinning", schedules=20, scenarios=1)
    (row,) = json.loads(report.to_json())["result"]["patterns"]
    assert row["outcome"] == "no end"
    assert row["unfinished"] > 0
    assert not report.checks[0].passed
    assert verification.found[0].failure.violation.kind == "step limit"
    assert len(verification.found[0].plain()["trace"]) == 1000


def test_a_limit_of_time_is_shared_and_what_it_cuts_is_no_pass(verify: Verify, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = count(step=0.25)  # that much goes by from one look to the next
    for module in ("job", "explore"):
        monkeypatch.setattr(sys.modules[f"concli.verify.{module}"], "perf_counter", lambda: next(clock))
    verification, report = verify("good", "as good", schedules=10**9, scenarios=1, time_s=100)
    assert verification.limits().startswith("the 100 s are over: 2 of 2 patterns cut short; ")
    first, second = (row["schedules"] for row in json.loads(report.to_json())["result"]["patterns"])
    assert 0.8 * first < second < 1.25 * first
    assert (report.totals["cut_short"], report.totals["passed"]) == (2, 0)
    assert all("cut short: no violation in " in check.detail for check in report.checks)
    assert all("the other 999," in check.detail for check in report.checks)


def test_a_pattern_that_got_no_schedule_is_a_failed_check(verify: Verify) -> None:
    verification, report = verify("good", time_s=1e-9)
    assert verification.limits()
    assert [(check.passed, check.detail[:7]) for check in report.checks] == [(False, "not run")]
    assert report.totals["not_run"] == 1


def test_what_can_not_be_explored_is_kept_and_the_others_are_run(verify: Verify) -> None:
    verification, report = verify("gone", "good")
    assert list(verification.errors) == ["gone"]
    assert [check.passed for check in report.checks] == [False, True]
    assert "KeyError" in report.checks[0].detail


def test_a_directory_that_can_not_be_written_to_loses_nothing_but_the_file(verify: Verify, tmp_path: Path) -> None:
    verification, report = verify("deaf", schedules=2000, operations=2, failures=str(tmp_path / "gone"))
    assert len(verification.unwritten) == 1
    assert verification.found[0].path is None
    assert report.checks[0].detail.startswith("lost wakeup, found in ")


def test_an_end_from_outside_leaves_what_was_run(monkeypatch: pytest.MonkeyPatch) -> None:
    class Enough(BaseException):
        pass

    def make(maxsize: int) -> object:
        if next(made) == 150:
            raise Enough
        return BUFFER.make(maxsize)

    made = count()
    monkeypatch.setitem(SPECS, "good", BUFFER._replace(make=make))
    run = Run("verify", {})
    verification = Verification(Job(("good", "deaf"), "random", 1000, 2, 4), run)
    with pytest.raises(Enough):
        verification.verify()
    totals = run.snapshot().totals
    assert (totals["schedules"], totals["stopped"], totals["not_run"]) == (150, 1, 1)
    assert [check.passed for check in run.snapshot().checks] == [False, False]
    assert not verification.limits()
