"""``concli pipeline tasks --engine``: workers may die, and none is left behind."""

import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import RunConcli

TASKS = ("pipeline", "tasks", "--engine", "processes", "-t", "2")
STEPS = """
import os, signal, threading

def die_once(x):
    if x == "3":
        try: os.close(os.open("died", os.O_CREAT | os.O_EXCL))
        except FileExistsError: return x
        os.kill(os.getpid(), signal.SIGKILL)
    return x

def stay(x):
    if x == "stay":
        with open("pids", "w") as pids: pids.write(f"{os.getpid()}\\n")
        threading.Event().wait()
    return x
"""


@pytest.fixture(autouse=True)
def steps(tmp_path: Path) -> None:
    (tmp_path / "steps.py").write_text(STEPS)


def test_a_worker_that_is_killed_loses_nothing_and_is_told_of(concli: RunConcli, tmp_path: Path) -> None:
    items = [str(number) for number in range(30)]
    options = ("--stage", "py:./steps.py:die_once", "--output", "result", "--report", "report")
    done = concli(*TASKS, *items, *options)
    assert (done.returncode, done.stdout.decode().split()) == (0, items), done.stderr
    assert b"lost  1 workers, 1 units begun again: worker-" in done.stderr
    report = json.loads((tmp_path / "report").read_text())
    assert "killed by SIGKILL" in report["engine"]["lost"][0]
    assert (report["totals"]["done"], report["config"]["engine"]) == (30, "processes")
    assert sum(worker["units"] for worker in report["engine"]["workers"]) == 30


@pytest.mark.parametrize(("by", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_no_worker_outlives_the_run_and_what_was_done_is_noted(
    concli_env: dict[str, str], tmp_path: Path, by: signal.Signals, code: int
) -> None:
    os.mkfifo(tmp_path / "pids")
    options = ("--stage", "py:./steps.py:stay", "--unordered", "--output", "result", "--joblog", "log", "-q")
    with subprocess.Popen(
        [sys.executable, "-m", "concli", *TASKS, "a", "stay", "b", "c", *options],
        env=concli_env,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as run:
        assert run.stdout is not None
        worker = os.pidfd_open(int((tmp_path / "pids").read_text()))
        try:
            shown = {run.stdout.readline() for _ in range(3)}
            run.send_signal(by)
            poll = select.poll()
            poll.register(worker, select.POLLIN)
            assert poll.poll(2000), "the worker lives on"
        finally:
            os.close(worker)
        rest, told = run.communicate(timeout=30)
    assert (run.returncode, shown, rest) == (code, {b"a\n", b"b\n", b"c\n"}, b""), told
    assert (b"log holds what is done" in told) == (by != signal.SIGKILL)
    noted = [json.loads(line)["record"]["data"] for line in (tmp_path / "log").read_text().splitlines()[1:]]
    assert set(noted) <= {"a", "b", "c"}
    assert len(noted) == 3 or by == signal.SIGKILL  # which may come between the two files


def test_to_choose_an_engine_goes_by_the_stages_and_the_report_says_why(concli: RunConcli, tmp_path: Path) -> None:
    done = concli("pipeline", "tasks", "1", "--stage", "expr:x", "--engine", "auto", "--report", "report", "-q")
    config = json.loads((tmp_path / "report").read_text())["config"]
    assert (done.returncode, config["engine"]) == (0, "threads")
    assert config["engine_why"]


def test_an_engine_with_nothing_to_do_is_told_of(concli: RunConcli) -> None:
    done = concli(*TASKS, "a", "--stage", "expr:x", "--output", "result", "-q")
    assert (done.returncode, done.stdout) == (0, b"a\n")
    assert done.stderr == b"concli: --engine is for py: stages, and there is none\n"
