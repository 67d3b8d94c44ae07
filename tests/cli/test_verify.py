"""``concli verify`` as a user, a script and a signal meet it."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from concli.verify.catalogue import PATTERNS
from tests.conftest import ROOT, RunConcli

# Loaded by the interpreter as it starts: a bounded buffer that wakes no putter, and one that has got stuck.
BROKEN = """
from concli.verify.models import bounded_buffer, rwlock
from tests.verify import broken, buffer
bounded_buffer.BOUNDED_BUFFER = buffer.BUFFER._replace(name="BoundedBuffer", make=broken.buffer_with_a_dropped_notify)
"""
UNEXPLORABLE = """
from concli.verify.models import bounded_buffer
def make(**_): raise ZeroDivisionError("oh")
bounded_buffer.BOUNDED_BUFFER = bounded_buffer.BOUNDED_BUFFER._replace(make=make)
"""


@pytest.fixture
def broken_env(concli_env: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """An environment in which the bounded buffer is broken."""
    return hacked(concli_env, tmp_path, BROKEN)


def hacked(env: dict[str, str], tmp_path: Path, code: str) -> dict[str, str]:
    (tmp_path / "hack").mkdir()
    (tmp_path / "hack" / "sitecustomize.py").write_text(code)
    return env | {"PYTHONPATH": f"{tmp_path / 'hack'}:{ROOT}"}


def lines_of(data: bytes) -> list[str]:
    return data.decode().splitlines()


def test_a_row_says_what_was_run_of_each_pattern(concli: RunConcli, tmp_path: Path) -> None:
    done = concli("verify", "counter", "bounded-buffer", "counter", "--schedules", "100")
    assert (done.returncode, done.stdout) == (0, b"")
    lines = lines_of(done.stderr)
    assert "pct 3, seed 0, 50 scenarios of 3 threads by 4 calls" in lines[0]
    assert [(line.split()[:2], line.split()[-1]) for line in lines[2:4]] == [
        (["counter", "100"], "passed"),
        (["bounded-buffer", "100"], "passed"),
    ]
    assert list(tmp_path.iterdir()) == []
    assert b"\x1b" not in done.stderr


def test_quiet_means_silent(concli: RunConcli) -> None:
    done = concli("verify", "counter", "--schedules", "10", "-q")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_the_patterns_are_listed(concli: RunConcli) -> None:
    done = concli("verify", "--list")
    assert (done.returncode, done.stderr) == (0, b"")
    assert lines_of(done.stdout) == list(PATTERNS)


def test_the_report_holds_what_the_design_promises(concli: RunConcli, tmp_path: Path) -> None:
    done = concli("verify", "counter", "--schedules", "50", "-q", "--json", "--report", "r.json", "--seed", "7")
    report = json.loads(done.stdout)
    assert report == json.loads((tmp_path / "r.json").read_text())
    assert (report["schema"], report["command"]) == ("concli.report/1", "verify")
    assert report["config"]["seed"] == 7
    assert [check["name"] for check in report["checks"]] == ["counter"]
    totals = report["totals"]
    endings = ("passed", "violation", "no_end", "cut_short", "stopped", "not_run", "error")
    assert totals["patterns"] == totals["passed"] == sum(totals[ending] for ending in endings) == 1
    assert totals["schedules"] == 50
    (row,) = report["result"]["patterns"]
    assert {"scenarios", "distinct", "switch_points", "longest", "exhaustive", "violations", "schedules_per_s"} <= {
        *row
    }


def test_a_seed_and_the_other_choices_make_the_same_run_again(concli: RunConcli) -> None:
    options = ["--strategy", "dfs", "--preemptions", "1", "--operations", "1", "-t", "2", "--scenarios", "2"]
    rows = []
    for _ in range(2):
        done = concli("verify", "bounded-buffer", *options, "--seed", "3", "--json", "-q")
        rows.append(json.loads(done.stdout)["result"]["patterns"][0])
        for timing in ("elapsed_s", "schedules_per_s"):
            del rows[-1][timing]
    assert rows[0] == rows[1]
    assert rows[0]["exhaustive"]
    assert rows[0]["scenarios"] == 2


def test_lines_are_switch_points_if_asked_for(concli: RunConcli) -> None:
    points = [
        json.loads(concli("verify", "barrier", "--schedules", "50", "--json", "-q", "--granularity", how).stdout)
        for how in ("primitive", "line", "opcode")
    ]
    primitive, line, opcode = [report["totals"]["switch_points"] for report in points]
    assert primitive * 2 < line < opcode


def test_a_failure_is_shown_written_and_run_again(
    concli: RunConcli, broken_env: dict[str, str], tmp_path: Path
) -> None:
    done = concli("verify", "bounded-buffer", "counter", "--schedules", "2000", env=broken_env)
    assert (done.returncode, done.stdout) == (1, b"")
    text = done.stderr.decode()
    assert "bounded-buffer: lost wakeup: a call that could proceed waits for ever" in text
    assert "    T1 " in text
    assert "1 violation" in text
    (path,) = tmp_path.glob("*.json")
    assert lines_of(done.stderr)[-1].endswith(f"replay it with concli verify --replay {path.name}")

    again = concli("verify", "--replay", path.name, env=broken_env)
    assert again.returncode == 1
    shown = again.stdout.decode().removeprefix("BoundedBuffer")
    assert shown.strip() in text
    assert lines_of(again.stderr) == [f"concli: check failed: BoundedBuffer: lost wakeup, as in {path.name}"]

    report = json.loads(concli("verify", "--replay", path, "--json", env=broken_env).stdout)
    assert report["result"]["failures"][0]["violation"]["kind"] == "lost wakeup"
    assert report["config"] == {"replay": str(path)}


def test_code_that_was_mended_is_one_line_and_exit_1(
    concli: RunConcli, broken_env: dict[str, str], tmp_path: Path
) -> None:
    assert concli("verify", "bounded-buffer", "-q", "--failures", "hack", env=broken_env).returncode == 1
    (path,) = (tmp_path / "hack").glob("*.json")
    done = concli("verify", "--replay", path)
    assert (done.returncode, done.stdout) == (1, b"")
    (line,) = lines_of(done.stderr)
    assert "the code no longer follows" in line


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b'{"schema": "concli.verify/1"}', b"[" * 100_000])
def test_a_damaged_file_is_one_line_and_exit_3(concli: RunConcli, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.json").write_bytes(content)
    done = concli("verify", "--replay", "x.json")
    assert (done.returncode, done.stdout) == (3, b"")
    (line,) = lines_of(done.stderr)
    assert line.startswith("concli: x.json: ")


def test_a_place_that_is_none_is_exit_3(concli: RunConcli) -> None:
    for arguments in (["--replay", "gone.json"], ["counter", "--failures", "gone"], ["--replay", "."]):
        done = concli("verify", *arguments)
        assert (done.returncode, done.stdout) == (3, b"")
        assert len(lines_of(done.stderr)) == 1


def test_a_failure_that_can_not_be_written_is_shown_all_the_same(
    concli: RunConcli, broken_env: dict[str, str], tmp_path: Path
) -> None:
    if os.geteuid() == 0:
        failures = "/proc"  # where even root makes no file
    else:
        failures = str(tmp_path / "full")
        Path(failures).mkdir(mode=0o500)
    done = concli("verify", "bounded-buffer", "--failures", failures, env=broken_env)
    assert done.returncode == 3
    assert "lost wakeup: a call" in done.stderr.decode()
    assert any(line.startswith(f"concli: {failures}/verify-bounded-buffer-") for line in lines_of(done.stderr))


@pytest.mark.parametrize(
    "arguments",
    [
        ["no-such-pattern"],
        ["counter", "--threads", "1"],
        ["counter", "--threads", "5"],
        ["counter", "--schedules", "0"],
        ["counter", "--time", "0"],
        ["counter", "--time", "soon"],
        ["counter", "--strategy", "luck"],
        ["counter", "--depth", "2", "--strategy", "dfs"],
        ["counter", "--preemptions", "2"],
        ["counter", "--preemptions", "some", "--strategy", "dfs"],
        ["counter", "--preemptions", "-1", "--strategy", "dfs"],
        ["task-pipeline", "--granularity", "line"],
        ["counter", "--seed", "-1"],
        ["counter", "--replay", "x.json"],
        ["--no-such-option"],
    ],
)
def test_wrong_usage_is_one_line_and_exit_2(concli: RunConcli, arguments: list[str]) -> None:
    done = concli("verify", *arguments)
    assert done.returncode == 2
    assert len(lines_of(done.stderr)) == 1
    assert done.stdout == b""


def test_an_unknown_pattern_is_told_which_there_are(concli: RunConcli) -> None:
    (line,) = lines_of(concli("verify", "counter", "lock").stderr)
    assert "no pattern 'lock'" in line
    assert all(pattern in line for pattern in PATTERNS)


def test_a_limit_of_time_is_said_and_what_was_not_run_did_not_pass(concli: RunConcli) -> None:
    done = concli("verify", "counter", "--schedules", "1000000000", "--time", "1.5")
    assert done.returncode == 0
    assert "the 1.5 s are over: 1 of 1 patterns cut short" in done.stderr.decode()
    assert "passed" not in done.stderr.decode()
    none = concli("verify", "counter", "--time", "1e-9", "-q")
    assert none.returncode == 1
    assert lines_of(none.stderr) == [
        "concli: the 1e-09 s are over: 1 of 1 patterns not run; nothing is known of what was not run",
        "concli: check failed: counter: not run: no schedule was explored",
    ]


def test_what_can_not_be_explored_is_an_internal_error_and_the_rest_is_run(
    concli: RunConcli, concli_env: dict[str, str], tmp_path: Path
) -> None:
    env = hacked(concli_env, tmp_path, UNEXPLORABLE)
    done = concli("verify", "bounded-buffer", "counter", "--schedules", "10", env=env)
    assert done.returncode == 4
    assert "Traceback" not in done.stderr.decode()
    assert "ZeroDivisionError: oh" in lines_of(done.stderr)[-1]
    assert any(line.split()[:1] == ["counter"] and line.split()[-1] == "passed" for line in lines_of(done.stderr))
    assert "Traceback" in concli("verify", "bounded-buffer", "-v", env=env).stderr.decode()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_progress_is_shown_and_a_signal_ends_it_with_what_was_run(
    concli_env: dict[str, str], tmp_path: Path, number: signal.Signals, code: int
) -> None:
    controller, terminal = pty.openpty()
    env = concli_env | {"TERM": "xterm", "COLUMNS": "100", "LINES": "40"}
    command = [sys.executable, "-m", "concli", "verify", "counter", "rwlock", "--schedules", "1000000000"]
    process = subprocess.Popen(
        [*command, "--report", "r.json"], stdout=terminal, stderr=terminal, env=env, cwd=tmp_path
    )
    os.close(terminal)
    shown = b""
    while not re.search(rb"counter[^\n]*\d00 [^\n]*running", shown):  # so many hundred schedules
        shown += os.read(controller, 10_000)
    process.send_signal(number)
    shown = b""
    while b"Python" not in shown.partition(b"stopped by")[2]:
        shown += os.read(controller, 10_000)
    assert process.wait(30) == code
    os.close(controller)
    assert f"stopped by {number.name}".encode() in shown
    report = json.loads((tmp_path / "r.json").read_text())
    assert [row["outcome"] for row in report["result"]["patterns"]] == ["stopped", "not run"]
    assert report["totals"]["schedules"] >= 100
    assert [check["passed"] for check in report["checks"]] == [False, False]
