"""``concli rwlock``; what all labs share is tested with ``bounded-buffer``."""

import json

import pytest

from tests.conftest import RunConcli


def test_everything_asked_for_is_read_and_written(concli: RunConcli) -> None:
    done = concli("rwlock", "--ops", "1000", "--prefer", "fair", "--json", "-q")
    assert (done.returncode, done.stderr) == (0, b"")
    report = json.loads(done.stdout)
    assert report["totals"] == {"reads": 750, "writes": 250}
    assert [stage["name"] for stage in report["stages"]] == ["reader", "writer"]
    assert all(check["passed"] for check in report["checks"])


def test_workers_do_both_beside_the_alternatives(concli: RunConcli) -> None:
    done = concli("rwlock", "--workers", "2", "--read-share", "50%", "--ops", "500", "--fail", "5%", "--compare")
    assert done.returncode == 0
    assert b"threading.Lock" in done.stderr
    assert b"worker" in done.stderr


def test_the_time_is_kept_although_a_writer_is_stuck(concli: RunConcli) -> None:
    done = concli("rwlock", "--duration", "50ms", "--write-work", "sleep:1h", "--work", "sleep:1ms")
    assert done.returncode == 0
    assert b"left behind" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("--read-share", "300%"),
        ("--workers", "2", "--readers", "2"),
        ("--readers", "0", "--writers", "0"),
        ("--work", "sleep:fast"),
        ("--keys", "0"),
    ],
)
def test_bad_values_get_one_line_and_exit_2(concli: RunConcli, arguments: tuple[str, ...]) -> None:
    done = concli("rwlock", *arguments)
    assert done.returncode == 2
    assert done.stdout == b""
    assert done.stderr.startswith(b"concli: ") or b"Error" in done.stderr
    assert b"Traceback" not in done.stderr
