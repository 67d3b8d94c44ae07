"""``concli bounded-buffer`` as a user, a script and a signal meet it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.interrupting import interrupted
from tests.conftest import ROOT, RunConcli


def test_the_table_goes_to_standard_error_and_the_report_to_standard_output(concli: RunConcli, tmp_path: Path) -> None:
    done = concli(
        "bounded-buffer", "--ops", "1000", "--json", "--report", "r.json", "--trace", "t.json", "--fail", "5%"
    )
    assert done.returncode == 0
    report = json.loads(done.stdout)
    assert report == json.loads((tmp_path / "r.json").read_text())
    assert report["totals"]["consumed"] == report["config"]["ops"] == 1000
    assert all(check["passed"] for check in report["checks"])
    assert b"verdict" in done.stderr
    assert b"\x1b" not in done.stderr
    trace = json.loads((tmp_path / "t.json").read_text())["traceEvents"]
    assert {event["name"] for event in trace if event["ph"] == "X"} == {"put", "get", "work"}


def test_a_report_that_standard_output_has_no_room_for_is_exit_3(concli_env: dict[str, str]) -> None:
    arguments = [sys.executable, "-m", "concli", "bounded-buffer", "--ops", "10", "--json", "-q"]
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            arguments, check=False, stdout=full, stderr=subprocess.PIPE, env=concli_env, cwd=ROOT, timeout=50
        )
    assert (done.returncode, done.stderr) == (3, b"concli: standard output: no space left on device\n")


def test_quiet_means_silent(concli: RunConcli) -> None:
    done = concli("bounded-buffer", "--ops", "100", "-q")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_the_alternatives_are_in_the_table(concli: RunConcli) -> None:
    done = concli("bounded-buffer", "--ops", "100", "--compare", "--batch", "8")
    assert done.returncode == 0
    assert b"queue.SimpleQueue" in done.stderr


@pytest.mark.parametrize("command", ["bounded-buffer", "producer-consumer"])
def test_the_time_is_kept_although_a_consumer_is_stuck(concli: RunConcli, command: str) -> None:
    done = concli(command, "--duration", "50ms", "--work", "sleep:1h")
    assert done.returncode == 0
    assert b"left behind  consumer-1" in done.stderr


# A thread that the table shows once it is at work, and the command.
COMMANDS = [
    ("consumer-2", "bounded-buffer --consumers 2"),
    ("consumer-1", "bounded-buffer --work sleep:1ms --fail 10% --batch 4"),
    ("consumer-1", "bounded-buffer --ops 1000000000"),
    ("consumer-1", "bounded-buffer --work sleep:1h"),
    ("consumer-1", "producer-consumer --work sleep:1ms"),
    ("worker-1", "thread-pool --batch 3"),
    ("worker-1", "thread-pool --work sleep:1h --submitters 2"),
    ("waiter-1", "futures --chain 2"),
    ("worker-1", "monitor-object --work sleep:1ms"),
    ("reader-1", "rwlock"),
    ("worker-2", "thread-local --workers 2"),
    ("worker-1", "channel --mode send"),
    ("worker-1", "channel --work sleep:1ms"),
]


@pytest.mark.parametrize(("thread", "command"), COMMANDS)
def test_an_interrupt_gives_the_results_so_far_checked_and_exit_130(
    concli_env: dict[str, str], tmp_path: Path, thread: str, command: str
) -> None:
    path = tmp_path / "r.json"
    end = [] if "--ops" in command else ["--duration", "1h"]
    code, shown = interrupted([*command.split(), *end, "--report", str(path)], concli_env, once_shown=thread)
    assert code == 130
    assert "verdict" in shown
    checks = json.loads(path.read_text())["checks"]
    assert len(checks) >= 3
    assert [check for check in checks if not check["passed"]] == []
    assert f"{len(checks)} of {len(checks)} passed" in shown
    assert ("left behind" in shown) is ("sleep:1h" in command)
