"""``concli channel`` as a user and a script meet it."""

import json
from pathlib import Path

import pytest

from tests.conftest import RunConcli


@pytest.mark.parametrize("mode", ["request", "send"])
def test_the_report_accounts_for_all_messages_and_passes_its_checks(
    concli: RunConcli, tmp_path: Path, mode: str
) -> None:
    sizes = ["--clients", "2", "--workers", "2", "--buffer", "4"]
    done = concli("channel", "--mode", mode, *sizes, "--ops", "1000", "--fail", "5%", "--json", "--trace", "t.json")
    assert done.returncode == 0
    report = json.loads(done.stdout)
    assert report["totals"]["sent"] == report["totals"]["handled"] == report["config"]["ops"] == 1000
    assert all(check["passed"] for check in report["checks"])
    assert {thread["name"] for thread in report["threads"]} >= {"client-1", "client-2", "worker-1", "worker-2"}
    trace = json.loads((tmp_path / "t.json").read_text())["traceEvents"]
    assert {event["name"] for event in trace if event["ph"] == "X"} == {mode, "handle", "work"}


def test_the_alternatives_are_in_the_table(concli: RunConcli) -> None:
    done = concli("channel", "--ops", "100", "--compare")
    assert done.returncode == 0
    assert b"pykka" in done.stderr
    assert b"queue.Queue" in done.stderr


@pytest.mark.parametrize("mode", ["request", "send"])
def test_the_time_is_kept_although_a_worker_is_stuck(concli: RunConcli, mode: str) -> None:
    done = concli("channel", "--mode", mode, "--duration", "50ms", "--work", "sleep:1h")
    assert done.returncode == 0
    assert b"worker-1" in done.stderr.partition(b"left behind")[2]


@pytest.mark.parametrize("wrong", [["--clients", "0"], ["--mode", "shout"], ["--full", "burst"], ["--work", "sleep:x"]])
def test_a_bad_value_gets_one_line_and_exit_2(concli: RunConcli, wrong: list[str]) -> None:
    done = concli("channel", *wrong)
    assert (done.returncode, done.stdout) == (2, b"")
    assert wrong[0].encode() in done.stderr
