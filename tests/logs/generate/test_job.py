"""The job ends when there is enough, whole or not at all."""

import time
from pathlib import Path

import pytest

from concli.errors import OutputError
from concli.logs.generate import Choice, Job, generate
from concli.metrics import Report, Run


def done(job: Job) -> Report:
    run = Run("logs generate", {})
    generate(job, run)
    report = run.snapshot()
    assert all(check.passed for check in report.checks)
    return report


@pytest.mark.parametrize("size", [1, 5000, 400_000])
def test_a_log_is_as_large_as_wanted_and_no_more_than_an_entry_larger(tmp_path: Path, size: int) -> None:
    report = done(Job(Choice("redis", seed=4), size=size, output=str(tmp_path / "out")))
    data = (tmp_path / "out").read_bytes()
    last = len(data.splitlines(keepends=True)[-1])
    assert size <= len(data) < size + last
    assert report.totals["bytes_out"] == len(data)
    assert report.totals["lines"] == data.count(b"\n")


def test_a_log_has_as_many_lines_as_wanted(tmp_path: Path) -> None:
    done(Job(Choice("combined"), lines=1234, output=str(tmp_path / "out")))
    assert (tmp_path / "out").read_bytes().count(b"\n") == 1234


def test_the_truth_is_complete(tmp_path: Path) -> None:
    job = Job(
        Choice("log4j", traces=0.1, damage=0.1), lines=500, output=str(tmp_path / "out"), truth=str(tmp_path / "t")
    )
    report = done(job)
    truth = (tmp_path / "t").read_bytes()
    assert truth.count(b"\n") == report.totals["entries"] + report.totals["rejected"]


def test_with_a_rate_entries_come_in_real_time(tmp_path: Path) -> None:
    began = time.monotonic()
    report = done(Job(Choice(mean_s=0.01, even=True), rate=100, duration=0.3, output=str(tmp_path / "out")))
    assert time.monotonic() - began >= 0.3
    assert report.totals["entries"] == 30


def test_what_cannot_be_written_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("before")
    with pytest.raises(OutputError):
        done(Job(Choice(), lines=5, output=str(tmp_path / "out"), truth=str(tmp_path / "no" / "t")))
    assert (tmp_path / "out").read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
