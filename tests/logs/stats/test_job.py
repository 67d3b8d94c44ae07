"""The whole job: the same result whatever the number of threads, and every line in the account."""

import json
from pathlib import Path
from typing import Any

import pytest

import concli.logs.reader
from concli.errors import InputError
from concli.logs.choice.options import choose
from concli.logs.formats.registry import by_name
from concli.logs.generate import Choice, Log
from concli.logs.source import Source
from concli.logs.stats import Job, stats
from concli.metrics import Report, Run


def made(path: Path, name: str = "log4j", count: int = 3000, **choices: Any) -> str:
    path.write_bytes(Log(Choice(name, **choices)).part(count).data)
    return str(path)


def done(job: Job) -> Report:
    run = Run("logs stats", {})
    stats(job, run)
    report = run.snapshot()
    assert [check for check in report.checks if not check.passed] == []
    return report


def result(job: Job) -> Any:
    return json.loads(json.dumps(done(job).result))


@pytest.mark.parametrize("name", ["log4j", "combined", "json"])
def test_the_result_is_the_same_whatever_the_number_of_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(concli.logs.reader, "CHUNK_BYTES", 16 * 1024)
    job = Job(Source((made(tmp_path / "a", name, traces=0.01, damage=0.01),), formats=(by_name(name),)))
    alone = result(job)
    assert alone["entries"] > 2900
    assert result(job._replace(threads=4)) == alone


def test_the_account_is_complete(tmp_path: Path) -> None:
    path = made(tmp_path / "a", traces=0.05, damage=0.05)
    totals = done(Job(Source((path,), formats=(by_name("log4j"),)))).totals
    assert totals["read"] == Path(path).read_bytes().count(b"\n")
    assert totals["read"] == sum(totals[name] for name in ("entries", "filtered", "continued", "rejected", "blank"))


def test_a_choice_of_entries_is_heeded(tmp_path: Path) -> None:
    job = Job(Source((made(tmp_path / "a"),), formats=(by_name("log4j"),)))
    report = done(job._replace(choice=choose(levels=["error"]), threads=2))
    errors = (tmp_path / "a").read_bytes().count(b" ERROR ")
    assert 0 < errors == report.totals["entries"]
    assert report.totals["filtered"] == 3000 - errors


def test_two_logs_are_compared(tmp_path: Path) -> None:
    (tmp_path / "b").write_text("2026-03-01 06:00:00,000 INFO  [main] a.B - only here\n" * 500)
    job = Job(Source((made(tmp_path / "a"),), formats=(by_name("log4j"),)), (str(tmp_path / "b"),))
    comparison = result(job)["comparison"]
    assert [row["name"] for row in comparison["gone"]] == ["only here"]
    assert (comparison["entries"], comparison["other_entries"]) == (3000, 500)


def test_an_input_that_is_missing_is_told_of_and_the_others_are_counted(tmp_path: Path) -> None:
    run = Run("logs stats", {})
    told: list[InputError] = []
    outcome = stats(Job(Source(("missing", made(tmp_path / "a")), formats=(by_name("log4j"),))), run, told.append)
    assert [str(problem) for problem in told] == ["missing: no such file or directory"]
    assert (outcome.unusable, outcome.summary.entries) == (tuple(told), 3000)
