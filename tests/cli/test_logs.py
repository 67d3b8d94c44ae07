"""``concli logs process`` as a user, a script and a signal meet it."""

import json
import os
import pty
import resource
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT, RunConcli

SAMPLE = ROOT / "sample_logs" / "python-service.log"
ENTRY = b"2026-01-01 00:00:00 [INFO] hello\n"


def lines_of(data: bytes) -> list[str]:
    return data.decode().splitlines()


def test_entries_go_to_standard_output_and_the_table_to_standard_error(concli: RunConcli) -> None:
    done = concli("logs", "process", SAMPLE, "--to", "jsonl")
    assert done.returncode == 0
    assert len([json.loads(line) for line in lines_of(done.stdout)]) == 367
    assert b"562 read = 367 written + 0 filtered + 195 continued + 0 rejected + 0 blank" in done.stderr
    assert b"\x1b" not in done.stderr  # a pipe gets no colours


def test_quiet_means_silent(concli: RunConcli) -> None:
    done = concli("logs", "process", SAMPLE, "-q", "-o", "out.csv")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_the_format_follows_the_outputs_ending(concli: RunConcli, tmp_path: Path) -> None:
    for name, start in (("a.jsonl", b"{"), ("a.ndjson", b"{"), ("a.CSV", b"timestamp,"), ("a.txt", b"2026-")):
        assert concli("logs", "process", SAMPLE, "-qo", name).returncode == 0
        assert (tmp_path / name).read_bytes().startswith(start)


@pytest.mark.parametrize("arguments", [["-"], []])
def test_standard_input_is_read_when_it_is_named_or_nothing_is(concli: RunConcli, arguments: list[str]) -> None:
    done = concli("logs", "process", "-q", *arguments, input=ENTRY * 3)
    assert done.stdout == ENTRY * 3


def test_nothing_to_read_and_a_terminal_is_wrong_usage(concli: RunConcli) -> None:
    controller, terminal = pty.openpty()
    done = concli("logs", "process", stdin=terminal)
    os.close(controller)
    os.close(terminal)
    assert done.returncode == 2
    assert lines_of(done.stderr) == ["concli: nothing to read: name a file or a directory, or pipe a log in"]


def test_a_message_of_a_library_reads_well_in_a_pipeline(concli_env: dict[str, str]) -> None:
    command = f"cat '{SAMPLE}' | '{sys.executable}' -m concli logs process -q --to jsonl --level error | head -n 1"
    done = subprocess.run(["bash", "-c", command], check=False, capture_output=True, env=concli_env, timeout=50)
    assert json.loads(done.stdout)["level"] == "ERROR"
    assert done.stderr == b""


def test_the_report_holds_what_the_design_promises(concli: RunConcli, tmp_path: Path) -> None:
    done = concli("logs", "process", SAMPLE, "-q", "-o", "out", "--json", "--report", "r.json", "--trace", "t.json")
    report = json.loads(done.stdout)
    assert report == json.loads((tmp_path / "r.json").read_text())
    assert report["schema"] == "concli.report/1"
    assert report["command"] == "logs process"
    totals = report["totals"]
    assert totals["read"] == sum(totals[name] for name in totals if name not in {"read", "bytes_in", "bytes_out"})
    assert [stage["name"] for stage in report["stages"]] == ["read", "parse", "write"]
    assert all(check["passed"] for check in report["checks"])
    assert len(report["checks"]) == 3
    assert report["config"]["inputs"] == [str(SAMPLE)]
    trace = json.loads((tmp_path / "t.json").read_text())["traceEvents"]
    assert {event["name"] for event in trace if event["ph"] == "X"} == {"read", "parse", "write"}


def test_json_is_refused_where_standard_output_is_taken(concli: RunConcli) -> None:
    done = concli("logs", "process", SAMPLE, "--json")
    assert done.returncode == 2
    assert len(lines_of(done.stderr)) == 1


def test_strict_makes_a_reject_exit_1_and_keeps_the_output(concli: RunConcli, tmp_path: Path) -> None:
    assert concli("logs", "process", SAMPLE, "--multiline", "off", "--strict", "-qo", "out").returncode == 1
    assert len((tmp_path / "out").read_bytes().splitlines()) == 367
    assert concli("logs", "process", "--strict", "-q", input=ENTRY).returncode == 0


def test_options_come_from_the_environment_too(concli: RunConcli, concli_env: dict[str, str], tmp_path: Path) -> None:
    env = concli_env | {"CONCLI_QUIET": "1", "CONCLI_REPORT": "r.json", "CONCLI_THREADS": "3"}
    assert concli("logs", "process", SAMPLE, "-o", "out", env=env).stderr == b""
    assert json.loads((tmp_path / "r.json").read_text())["config"]["threads"] == 3


@pytest.mark.parametrize(
    "arguments",
    [
        ["--max-line", "0"],
        ["--max-line", "much"],
        ["--grep", "("],
        ["--to", "xml"],
        ["-t", "0"],
        ["-t", "many"],
        ["--level"],
        ["--no-such-option"],
    ],
)
def test_wrong_usage_is_one_line_and_exit_2(concli: RunConcli, arguments: list[str]) -> None:
    done = concli("logs", "process", SAMPLE, *arguments)
    assert done.returncode == 2
    assert len(lines_of(done.stderr)) == 1
    assert done.stdout == b""


@pytest.fixture
def occupied(tmp_path: Path) -> Iterator[Path]:
    """A place for the output where something stands that must be there afterwards, and nothing else new."""
    place = tmp_path / "place" / "out"
    place.parent.mkdir()
    place.write_bytes(b"before")
    yield place
    assert place.read_bytes() == b"before"
    assert [path.name for path in place.parent.iterdir()] == ["out"]


def fails_in_one_line(done: "subprocess.CompletedProcess[bytes]", *words: str) -> None:
    assert done.returncode == 3
    (line,) = lines_of(done.stderr)
    assert all(word in line for word in words), line


def test_an_unreadable_input_alone_leaves_the_output_untouched(concli: RunConcli, occupied: Path) -> None:
    fails_in_one_line(concli("logs", "process", "gone.log", "-qo", occupied), "gone.log", "no such file")


def test_one_unreadable_input_among_several_is_exit_3_and_the_others_are_written(
    concli: RunConcli, tmp_path: Path
) -> None:
    fails_in_one_line(concli("logs", "process", "gone.log", SAMPLE, "--to", "jsonl", "-qo", "out"), "gone.log")
    assert len((tmp_path / "out").read_bytes().splitlines()) == 367


def test_an_output_in_a_missing_directory_is_exit_3(concli: RunConcli) -> None:
    fails_in_one_line(concli("logs", "process", SAMPLE, "-qo", "no/where/out"), "no/where", "create it first")


def test_an_output_that_is_an_input_is_exit_3(concli: RunConcli, occupied: Path) -> None:
    fails_in_one_line(concli("logs", "process", occupied, "-qo", occupied), "another place")


def test_standard_output_that_is_an_input_is_exit_3(concli_env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(ENTRY)
    command = f"'{sys.executable}' -m concli logs process -q log >> log"
    done = subprocess.run(
        ["bash", "-c", command], check=False, capture_output=True, env=concli_env, cwd=tmp_path, timeout=50
    )
    fails_in_one_line(done, "log")
    assert (tmp_path / "log").read_bytes() == ENTRY


def test_a_full_device_is_exit_3(concli: RunConcli) -> None:
    fails_in_one_line(concli("logs", "process", SAMPLE, "-q", "-o", "/dev/full"), "/dev/full", "no space left")
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "concli", "logs", "process", "-q", str(SAMPLE)],
            check=False,
            stdout=full,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            timeout=50,
        )
    fails_in_one_line(done, "standard output", "no space left")


def test_a_disk_that_fills_up_leaves_what_stood_there(concli: RunConcli, occupied: Path) -> None:
    def small_files_only() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))

    done = concli("logs", "process", SAMPLE, "-qo", occupied, preexec_fn=small_files_only)
    fails_in_one_line(done, str(occupied), "file too large")


class Running:
    """A command that reads from a pipe held open, so that it runs until something ends it."""

    def __init__(self, env: dict[str, str], *arguments: object) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "concli", "logs", "process", *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=env,
        )

    def write(self, data: bytes) -> None:
        assert self.process.stdin
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def read(self, size: int) -> bytes:
        assert self.process.stdout
        return self.process.stdout.read(size)

    def end(self) -> tuple[int, bytes]:
        """Wait for the end, with the input still open."""
        assert self.process.stderr
        stderr = self.process.stderr.read()
        code = self.process.wait(30)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert stream
            stream.close()
        return code, stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_a_run_that_waits_for_input_with_the_counts_so_far(
    concli_env: dict[str, str], number: signal.Signals, code: int
) -> None:
    run = Running(concli_env)
    run.write(b"reject\n" + ENTRY)
    assert run.read(len(ENTRY)) == ENTRY  # without waiting for more input
    run.process.send_signal(number)
    got, stderr = run.end()
    assert got == code
    assert f"stopped by {number.name}".encode() in stderr
    assert b"2 read = 1 written + 0 filtered + 1 rejected + 0 blank" in stderr
    assert b"Traceback" not in stderr


def test_a_signal_leaves_what_stood_at_the_output(concli_env: dict[str, str], occupied: Path) -> None:
    run = Running(concli_env, "-o", occupied, "--report", "/dev/stdout")
    run.write(ENTRY)
    drafts = occupied.parent.glob(".*.part")
    while not any(draft.stat().st_size for draft in drafts):
        drafts = occupied.parent.glob(".*.part")
    run.process.send_signal(signal.SIGTERM)
    report = b""
    while chunk := run.read(65536):
        report += chunk
    assert run.end()[0] == 143
    assert json.loads(report)["totals"]["written"] == 1


def test_a_signal_ends_a_run_whose_reader_does_not_read(concli_env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(ENTRY * 100_000)
    run = Running(concli_env, "-q", tmp_path / "log")
    assert run.process.stdout
    select.select([run.process.stdout], [], [])  # it has begun to write, and there is more than the pipe holds
    run.process.send_signal(signal.SIGINT)
    assert run.end() == (130, b"")


def test_a_closed_pipe_ends_it_with_141_and_without_a_word(concli_env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(ENTRY * 100_000)
    run = Running(concli_env, "-q", tmp_path / "log")
    run.read(1)
    assert run.process.stdout
    run.process.stdout.close()
    assert run.process.stderr
    assert run.process.stderr.read() == b""
    assert run.process.wait(30) == 141
    run.process.stderr.close()
    assert run.process.stdin
    run.process.stdin.close()


def test_data_on_a_terminal_is_shown_and_not_obeyed(concli: RunConcli) -> None:
    controller, terminal = pty.openpty()
    evil = b"2026-01-01 00:00:00 [INFO] \x1b[31m[bold]red\x07\x9b caf\xc3\xa9\n"
    done = concli("logs", "process", "-q", input=evil, stdout=terminal)
    shown = os.read(controller, 1000)
    os.close(controller)
    os.close(terminal)
    assert done.returncode == 0
    assert shown == b"2026-01-01 00:00:00 [INFO] \\x1b[31m[bold]red\\x07\\x9b caf\xc3\xa9\r\n"


def test_names_of_files_are_shown_and_not_obeyed(concli: RunConcli) -> None:
    done = concli("logs", "process", "\x1b[31m[bold]gone")
    assert lines_of(done.stderr) == ["concli: \\x1b[31m[bold]gone: no such file or directory"]


def test_the_live_table_moves_on_a_terminal_and_ends_with_the_final_one(
    concli_env: dict[str, str], tmp_path: Path
) -> None:
    controller, terminal = pty.openpty()
    env = concli_env | {"TERM": "xterm", "COLUMNS": "100", "LINES": "40"}
    command = [sys.executable, "-m", "concli", "logs", "process", "-o", str(tmp_path / "out")]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=terminal, stderr=terminal, env=env)
    os.close(terminal)
    assert process.stdin
    process.stdin.write(ENTRY)
    process.stdin.flush()
    shown = b""
    while b"INFO 1" not in shown:  # the live table has seen the entry while the input is still open
        shown += os.read(controller, 10_000)
    process.stdin.close()
    shown = b""
    while b"bottleneck" not in shown or b"lines" not in shown:
        shown += os.read(controller, 10_000)
    assert process.wait(30) == 0
    os.close(controller)


def test_entries_on_a_terminal_are_not_torn_by_a_live_table(concli_env: dict[str, str]) -> None:
    controller, terminal = pty.openpty()
    command = [sys.executable, "-m", "concli", "logs", "process"]
    env = concli_env | {"TERM": "xterm"}
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=terminal, stderr=terminal, env=env)
    os.close(terminal)
    assert process.stdin
    process.stdin.write(ENTRY)
    process.stdin.flush()
    shown = b""
    while b"hello" not in shown:
        shown += os.read(controller, 10_000)
    assert b"\x1b" not in shown
    process.stdin.close()
    while b"bottleneck" not in shown:
        shown += os.read(controller, 10_000)
    assert process.wait(30) == 0
    os.close(controller)


def test_an_internal_error_is_exit_4_and_one_line(concli: RunConcli, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import concli.logs.parser as p\ndef fail(*_): raise ZeroDivisionError('oh')\np.Parser.parse = fail\n"
    )
    env = {**os.environ, "PYTHONPATH": f"{tmp_path}:{ROOT}"}
    done = concli("logs", "process", "-q", SAMPLE, env=env)
    assert done.returncode == 4
    assert lines_of(done.stderr) == ["concli: internal error, please report it: ZeroDivisionError: oh; -v shows where"]
    assert b"Traceback" in concli("logs", "process", "-qv", SAMPLE, env=env).stderr
