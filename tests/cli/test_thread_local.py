"""``concli thread-local`` as a user and a script meet it."""

import json

import pytest

from tests.conftest import RunConcli


@pytest.mark.parametrize("life", [0, 100])
def test_the_report_counts_each_operation_once_and_passes_its_checks(concli: RunConcli, life: int) -> None:
    done = concli(
        "thread-local", "--workers", "2", "--life", life, "--track", "--ops", "1000", "--fail", "5%", "--json"
    )
    assert done.returncode == 0
    report = json.loads(done.stdout)
    assert report["totals"] == {"operations": 1000, "counted": 1000, "threads": 10 if life else 2}
    assert report["result"]["subject"]["tracked"]["operation"]["count"] == 1000
    assert all(check["passed"] for check in report["checks"])


def test_the_alternatives_are_in_the_table(concli: RunConcli) -> None:
    done = concli("thread-local", "--ops", "100", "--compare")
    assert done.returncode == 0
    assert all(name in done.stderr for name in [b"threading.local", b"ShardedCounter", b"Counter"])


def test_the_time_is_kept_although_a_worker_is_stuck(concli: RunConcli) -> None:
    done = concli("thread-local", "--duration", "50ms", "--work", "sleep:1h", "--life", "5")
    assert done.returncode == 0
    assert b"left behind  worker-1" in done.stderr


@pytest.mark.parametrize("wrong", [["--workers", "0"], ["--life", "-1"], ["--work", "sleep:fast"], ["--fail", "300%"]])
def test_a_bad_value_gets_one_line_and_exit_2(concli: RunConcli, wrong: list[str]) -> None:
    done = concli("thread-local", *wrong)
    assert (done.returncode, done.stdout) == (2, b"")
    assert wrong[0].encode() in done.stderr
