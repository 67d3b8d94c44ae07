"""``concli futures``; what it shares with ``bounded-buffer`` is tested there."""

import json

import pytest

from tests.conftest import RunConcli


def test_all_that_is_promised_is_resolved(concli: RunConcli) -> None:
    sizes = ["--resolvers", "2", "--waiters", "3", "--chain", "2", "--gather", "4"]
    done = concli("futures", *sizes, "--ops", "501", "--fail", "5%", "--json", "-q")
    assert (done.returncode, done.stderr) == (0, b"")
    report = json.loads(done.stdout)
    assert report["totals"] == {"promised": 2004, "resolved": 2004, "unresolved": 0}
    assert all(check["passed"] for check in report["checks"])


def test_the_alternative_is_in_the_table(concli: RunConcli) -> None:
    done = concli("futures", "--ops", "100", "--compare", "--race", "3")
    assert done.returncode == 0
    assert b"concurrent.futures.Future" in done.stderr


def test_the_time_is_kept_although_a_resolver_is_stuck(concli: RunConcli) -> None:
    done = concli("futures", "--duration", "50ms", "--work", "sleep:1h")
    assert done.returncode == 0
    assert b"left behind  resolver-1" in done.stderr


@pytest.mark.parametrize(
    "wrong", [["--race", "2", "--gather", "2"], ["--race", "2", "--fail", "1%"], ["--waiters", "0"], ["--chain", "-1"]]
)
def test_what_makes_no_sense_is_one_line_and_exit_2(concli: RunConcli, wrong: list[str]) -> None:
    done = concli("futures", *wrong)
    assert (done.returncode, done.stderr.count(b"\n")) == (2, 1)
