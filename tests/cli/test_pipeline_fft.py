"""``concli pipeline fft`` as a user and a script meet it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.cli.interrupting import interrupted
from tests.conftest import RunConcli

SMALL = ("--chunks", 6, "--shape", "32x31")


def test_a_run_without_input_tells_its_checksum_and_shows_a_result(concli: RunConcli) -> None:
    done = concli("pipeline", "fft", *SMALL)
    assert (done.returncode, done.stdout) == (0, b"")
    text = done.stderr.decode()
    for words in ("6 = 6 done", "checksum", "of chunk 0, 32x31 complex128", "chunks/s", "p99"):
        assert words in text


def test_the_report_is_the_same_for_any_number_of_threads(concli: RunConcli) -> None:
    reports = [json.loads(concli("pipeline", "fft", "-q", "--json", "-t", n, *SMALL).stdout) for n in (1, 2, 5)]
    assert len({report["result"]["checksum"] for report in reports}) == 1
    assert all(check["passed"] for report in reports for check in report["checks"])


def test_worker_processes_make_the_same_and_the_table_tells_of_them(concli: RunConcli, tmp_path: Path) -> None:
    done = concli("pipeline", "fft", "-t", 2, *SMALL, "-o", "there.npy", "--engine", "processes", "--report", "report")
    assert done.returncode == 0, done.stderr
    assert b"processes  worker-1" in done.stderr
    assert concli("pipeline", "fft", "-q", *SMALL, "-o", "here.npy").returncode == 0
    assert (tmp_path / "there.npy").read_bytes() == (tmp_path / "here.npy").read_bytes()
    report = json.loads((tmp_path / "report").read_text())
    assert (report["config"]["engine"], report["engine"]["units"]) == ("processes", 6)


def test_auto_takes_threads_and_says_why(concli: RunConcli) -> None:
    config = json.loads(concli("pipeline", "fft", "-q", "--json", "--engine", "auto", *SMALL).stdout)["config"]
    assert config["engine"] == "threads"
    assert "GIL" in config["engine_why"]


def test_a_stack_is_transformed_to_a_stack(concli: RunConcli, tmp_path: Path) -> None:
    stack = np.random.default_rng(0).standard_normal((4, 10, 12))
    np.save(tmp_path / "in.npy", stack)
    options = ("--op", "power,lowpass:0.3", "--op", "phase", "--window", "hann", "--norm", "ortho", "--shift")
    assert concli("pipeline", "fft", "-q", "in.npy", "-o", "out.npy", *options).returncode == 0
    assert np.load(tmp_path / "out.npy").shape == stack.shape
    (tmp_path / "raw").write_bytes(stack.astype("<f4").tobytes())
    raw = concli("pipeline", "fft", "-q", "raw", "--dtype", "<f4", "--shape", "10x12", "-o", "raw.npy", "--chunks", 3)
    assert raw.returncode == 0
    assert np.allclose(np.load(tmp_path / "raw.npy"), np.fft.fft2(stack[:3]), atol=1e-4)


def test_a_chunk_that_fails_is_exit_1_and_one_line(concli: RunConcli, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.ones((3, 3)))
    np.save(tmp_path / "b.npy", np.ones((3, 4)))
    done = concli("pipeline", "fft", "-q", "a.npy", "b.npy")
    assert done.returncode == 1
    assert done.stderr.decode() == ("concli: chunk 1 (b.npy): it is 3x4 float64, the first chunk is 3x3 float64\n")
    stopped = concli("pipeline", "fft", "-q", "b.npy", "a.npy", "a.npy", "--on-error", "stop", "-t", 1)
    assert (stopped.returncode, b"stopped at the first failure" in stopped.stderr) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["missing.npy"], 3),
        (["-"], 3),
        (["/dev/stdin", "--dtype", "f8", "--shape", "2x2"], 3),
        (["--op", "fft9"], 2),
        (["--shape", "3"], 2),
        (["--shape", "0x3"], 2),
        (["--dtype", "text"], 2),
        (["--chunks", "0"], 2),
        (["--resume"], 2),
        (["--shift", "--op", "lowpass:0.1", *map(str, SMALL)], 2),
        ([*map(str, SMALL), "-o", "missing/out.npy"], 3),
        ([*map(str, SMALL), "--preview", "missing/a.png"], 3),
    ],
)
def test_what_is_wrong_is_one_line(concli: RunConcli, arguments: list[str], code: int) -> None:
    done = concli("pipeline", "fft", "-q", *arguments)
    assert (done.returncode, len(done.stderr.splitlines())) == (code, 1), done.stderr


def test_a_file_that_may_not_grow_is_one_line_and_leaves_nothing(concli: RunConcli, tmp_path: Path) -> None:
    from resource import RLIMIT_FSIZE, setrlimit  # noqa: PLC0415 - in the child, as a disk that is full

    done = concli(
        "pipeline", "fft", "-q", *SMALL, "-o", "out.npy", preexec_fn=lambda: setrlimit(RLIMIT_FSIZE, (9000, 9000))
    )
    assert (done.returncode, len(done.stderr.splitlines())) == (3, 1), done.stderr
    assert os.listdir(tmp_path) == []


BIG = ("--chunks", "4000", "--shape", "256x256")


@pytest.mark.parametrize("engine", ["threads", "processes"])
def test_an_interrupt_leaves_what_can_be_resumed(concli_env: dict[str, str], tmp_path: Path, engine: str) -> None:
    words = ["pipeline", "fft", "--live", *BIG, "-o", str(tmp_path / "out.npy"), "--engine", engine]
    code, shown = interrupted(words, concli_env, once_shown=" done")
    assert code == 130
    assert "left" in shown
    assert not (tmp_path / "out.npy").exists()
    assert {path.name for path in tmp_path.iterdir()} == {".out.npy.concli-part", ".out.npy.concli-journal"}


def test_a_run_that_was_killed_is_resumed_to_the_same_bytes(
    concli: RunConcli, concli_env: dict[str, str], tmp_path: Path
) -> None:
    few = ("--chunks", 150, "--shape", "256x256")
    command = [sys.executable, "-m", "concli", "pipeline", "fft", "-q", *map(str, few), "-o", "out.npy"]
    journal = tmp_path / ".out.npy.concli-journal"
    with subprocess.Popen(command, cwd=tmp_path, env=concli_env) as process:
        while process.poll() is None and (not journal.exists() or journal.read_bytes().count(b"\n") < 2):
            pass
        process.send_signal(signal.SIGKILL)
    killed = process.returncode == -signal.SIGKILL
    resumed = concli("pipeline", "fft", "-q", "--json", *few, "-o", "out.npy", "--resume")
    assert resumed.returncode == 0, resumed.stderr
    assert not killed or json.loads(resumed.stdout)["totals"]["resumed"] > 0
    assert concli("pipeline", "fft", "-q", *few, "-o", "again.npy", "-t", 1).returncode == 0
    assert (tmp_path / "out.npy").read_bytes() == (tmp_path / "again.npy").read_bytes()
    assert sorted(os.listdir(tmp_path)) == ["again.npy", "out.npy"]
