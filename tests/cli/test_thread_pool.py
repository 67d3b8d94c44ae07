"""``concli thread-pool``; what it shares with ``bounded-buffer`` is tested there."""

import json

import pytest

from tests.cli.interrupting import interrupted
from tests.conftest import RunConcli


def test_every_call_gets_its_answer_also_one_that_fails(concli: RunConcli) -> None:
    sizes = ["--workers", "3", "--submitters", "2", "--batch", "4", "--queue", "2"]
    done = concli("thread-pool", *sizes, "--ops", "1001", "--fail", "5%", "--json", "-q")
    assert (done.returncode, done.stderr) == (0, b"")
    report = json.loads(done.stdout)
    assert report["totals"] == {"called": 1001, "returned": 1001, "cancelled": 0}
    assert all(check["passed"] for check in report["checks"])
    names = ["submitter-1", "submitter-2", "worker-1", "worker-2", "worker-3"]
    assert [thread["name"] for thread in report["threads"]] == names


def test_the_alternative_is_in_the_table(concli: RunConcli) -> None:
    done = concli("thread-pool", "--ops", "100", "--compare", "--queue", "8")
    assert done.returncode == 0
    assert b"ThreadPoolExecutor" in done.stderr
    assert b"has no bound" in done.stderr


def test_the_time_is_kept_although_a_call_is_stuck(concli: RunConcli) -> None:
    done = concli("thread-pool", "--duration", "50ms", "--work", "sleep:1h")
    assert done.returncode == 0
    assert b"left behind  submitter-1" in done.stderr


@pytest.mark.parametrize("work", ["sleep:1ms", "sleep:1h"])
def test_an_interrupt_ends_it_also_if_a_call_is_stuck(concli_env: dict[str, str], work: str) -> None:
    arguments = ["thread-pool", "--duration", "1h", "--work", work]
    code, shown = interrupted(arguments, concli_env, once_shown="worker-1")
    assert code == 130
    assert "verdict" in shown


def test_with_a_window_submitters_are_ahead_of_their_results(concli: RunConcli) -> None:
    done = concli("thread-pool", "--window", "8", "--ops", "501", "--fail", "5%", "--compare", "--json", "-q")
    assert (done.returncode, done.stderr) == (0, b"")
    report = json.loads(done.stdout)
    assert report["config"]["window"] == 8
    assert report["totals"] == {"called": 501, "returned": 501, "cancelled": 0}
    assert report["result"]["depth"]["queue"]["peak"] > 1


@pytest.mark.parametrize(
    "wrong",
    [
        ["--window", "2", "--batch", "2"],
        ["--workers", "0"],
        ["--work", "sleep:fast"],
        ["--fail", "300%"],
        ["--queue", "-1"],
    ],
)
def test_a_bad_value_is_one_line_and_exit_2(concli: RunConcli, wrong: list[str]) -> None:
    done = concli("thread-pool", *wrong)
    assert (done.returncode, done.stderr.count(b"\n")) == (2, 1)
