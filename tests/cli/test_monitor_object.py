"""``concli monitor-object``; what all labs share is tested with ``bounded-buffer``."""

import json

import pytest

from tests.conftest import RunConcli


@pytest.mark.parametrize("counter", ["exact", "sharded"])
def test_every_call_is_counted(concli: RunConcli, counter: str) -> None:
    done = concli("monitor-object", "--ops", "1001", "--counter", counter, "--balance", "2", "--json", "-q")
    assert (done.returncode, done.stderr) == (0, b"")
    report = json.loads(done.stdout)
    assert report["totals"] == {"operations": 1001, "counted": 1001}
    assert all(check["passed"] for check in report["checks"])


def test_the_alternatives_are_in_the_table(concli: RunConcli) -> None:
    done = concli("monitor-object", "--ops", "500", "--compare")
    assert done.returncode == 0
    assert b"threading.Condition" in done.stderr
    assert b"threading.RLock" in done.stderr


def test_the_time_is_kept_although_a_call_is_stuck_inside(concli: RunConcli) -> None:
    done = concli("monitor-object", "--duration", "50ms", "--work", "sleep:1h")
    assert done.returncode == 0
    assert b"left behind" in done.stderr


@pytest.mark.parametrize("arguments", [("--workers", "0"), ("--counter", "rough"), ("--work", "sleep:fast")])
def test_bad_values_get_exit_2(concli: RunConcli, arguments: tuple[str, ...]) -> None:
    done = concli("monitor-object", *arguments)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
