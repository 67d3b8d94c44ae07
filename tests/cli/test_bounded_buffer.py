"""``concli bounded-buffer`` as a user, a script and a signal meet it."""

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import RunConcli


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


@pytest.mark.parametrize("command", ["bounded-buffer", "producer-consumer"])
def test_an_interrupt_gives_the_results_so_far_and_exit_130(concli_env: dict[str, str], command: str) -> None:
    controller, terminal = pty.openpty()
    env = concli_env | {"TERM": "xterm"}
    arguments = [sys.executable, "-m", "concli", command, "--duration", "1h", "--work", "sleep:1ms"]
    process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stderr=terminal, env=env)
    os.close(terminal)
    shown = b""
    while b"consumer-1" not in shown:  # the live table shows that it is at work
        shown += os.read(controller, 10_000)
    process.send_signal(signal.SIGINT)
    shown = b""
    while b"verdict" not in shown.partition(b"stopped by SIGINT")[2]:
        shown += os.read(controller, 10_000)
    assert process.wait(30) == 130
    os.close(controller)
