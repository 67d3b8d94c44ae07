"""Where the work is done is said by options that all jobs share; a worker may die, and none is left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from concli.logs.generate import Choice, Log
from tests.conftest import RunConcli

# The end of a chunk and the beginning of another.
PART = Log(Choice("json")).part(20_000).data


@pytest.fixture(params=["processes"])
def running(concli_env: dict[str, str], tmp_path: Path, request: pytest.FixtureRequest) -> "subprocess.Popen[bytes]":
    """A run that waits for more input; its workers have had some."""
    if request.param == "dask":
        pytest.importorskip("distributed")
    command = [sys.executable, "-m", "concli", "logs", "process", "--engine", request.param, "-t", "2", "--to", "jsonl"]
    command += ["-o", "out", "--report", "report", "--no-live"]
    run = subprocess.Popen(
        command,
        env={**concli_env, "PYTHONWARNINGS": "default"},
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    assert run.stdin
    run.stdin.write(PART * 4)
    return run


def workers_of(run: "subprocess.Popen[bytes]") -> list[psutil.Process]:
    deadline = time.monotonic() + 30
    while len(children := psutil.Process(run.pid).children(recursive=True)) < 2:
        assert time.monotonic() < deadline, "no workers were started"
        time.sleep(0.01)
    return children


def test_a_worker_that_is_killed_loses_nothing(
    running: "subprocess.Popen[bytes]", concli: RunConcli, tmp_path: Path
) -> None:
    worker = workers_of(running)[0]
    worker.kill()
    _, errors = running.communicate(PART * 2)
    assert running.returncode == 0, errors
    engine = json.loads((tmp_path / "report").read_text())["engine"]
    assert [f"process {worker.pid}, killed by SIGKILL" in line for line in engine["lost"]] == [True]
    assert b"lost" in errors
    assert concli("logs", "process", "--to", "jsonl", input=PART * 6).stdout == (tmp_path / "out").read_bytes()


@pytest.mark.parametrize("running", ["processes", "dask"], indirect=True)
def test_an_interrupt_from_the_terminal_is_one_for_the_run_alone(running: "subprocess.Popen[bytes]") -> None:
    workers = workers_of(running)
    os.killpg(running.pid, signal.SIGINT)
    _, errors = running.communicate()
    assert (running.returncode, b"Traceback" in errors) == (130, False), errors
    _, alive = psutil.wait_procs(workers, timeout=10)
    assert not alive


@pytest.mark.parametrize(("by", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_no_worker_outlives_the_run(
    running: "subprocess.Popen[bytes]", tmp_path: Path, by: signal.Signals, code: int
) -> None:
    workers = workers_of(running)
    os.kill(running.pid, by)
    running.communicate()
    assert running.returncode == code
    _, alive = psutil.wait_procs(workers, timeout=10)
    assert not alive
    assert not (tmp_path / "out").exists()


def test_why_an_engine_was_chosen_is_in_the_report(concli: RunConcli, tmp_path: Path) -> None:
    (tmp_path / "in.log").write_bytes(PART)
    done = concli("logs", "stats", "in.log", "--engine", "auto", "--json")
    config = json.loads(done.stdout)["config"]
    assert config["engine"] == "threads"
    assert config["engine_why"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--engine", "nope"], b"there is no engine 'nope'"),
        (["--engine", "threads", "--scheduler", "tcp://localhost:1"], b"--engine threads"),
        (["--worker-memory", "lots"], b"is not a size"),
    ],
)
def test_an_engine_that_cannot_be_is_one_line(concli: RunConcli, options: list[str], said: bytes) -> None:
    done = concli("logs", "process", *options, input=b"")
    assert (done.returncode, done.stderr.count(b"\n") <= 3, said in done.stderr) == (2, True, True), done.stderr
