"""``concli pipeline tasks`` as a user and a script meet it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import RunConcli

TASKS = ("pipeline", "tasks", "-q")


def records(text: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_lines_go_in_and_records_come_out(concli: RunConcli) -> None:
    done = concli("pipeline", "tasks", "--stage", "expr:int(x) * 2", "--stage", "expr:x + 1", input=b"1\n2\n3\n")
    assert done.returncode == 0
    assert [(one["id"], one["data"], one["status"], one["result"]) for one in records(done.stdout)] == [
        (0, "1", "done", 3),
        (1, "2", "done", 5),
        (2, "3", "done", 7),
    ]
    text = done.stderr.decode()
    for words in ("3 read = 3 done", "int(x) * 2", "retries", "p99"):
        assert words in text


def test_commands_get_their_items_quoted_and_give_their_results(concli: RunConcli, tmp_path: Path) -> None:
    items = ["a b", "$(touch harm)", "'; touch harm", "*"]
    stages = ("--stage", "sh:printf %s {}", "--stage", "sh:cat", "--stdin")
    done = concli(*TASKS, *items, *stages, "--output", "result")
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode().splitlines() == items
    assert os.listdir(tmp_path) == []


def test_some_failed_is_exit_1_said_in_a_line_and_in_the_report(concli: RunConcli, tmp_path: Path) -> None:
    options = ("--stage", "sh:test {} != b retries=1", "--report", "report.json")
    done = concli(*TASKS, "a", "b", "c", *options)
    assert done.returncode == 1
    told = done.stderr.decode().splitlines()
    assert told == ["concli: task 1, stage test: CommandFailed: exit status 1", "concli: 1 of 3 tasks failed"]
    report = json.loads((tmp_path / "report.json").read_text())
    assert (report["totals"]["done"], report["totals"]["failed"]) == (2, 1)
    assert report["result"]["stages"] == [{"name": "test", "retries": 1, "abandoned": 0}]
    assert [check["passed"] for check in report["checks"]] == [True, True]
    failed = records(done.stdout)[1]
    assert (failed["status"], failed["attempts"], failed["error"]["type"]) == ("failed", 2, "CommandFailed")


def test_values_and_rows_are_read_and_a_bad_one_is_a_failed_task(concli: RunConcli) -> None:
    done = concli(*TASKS, "--json", "--stage", "expr:x * x", "--output", "result", input=b"2\n\nthree\n4.5\n")
    assert (done.returncode, done.stdout) == (1, b"4\n20.25\n")
    assert b"line 3 is no JSON" in done.stderr
    done = concli(*TASKS, "--csv", "--stage", "expr:x['b']", "--output", "result", input=b"a,b\n1,2\n3\n")
    assert (done.returncode, done.stdout) == (1, b"2\n")
    done = concli(*TASKS, "--null", "--stage", "expr:x", "--output", "result", input=b"a\nb\0c\xff")
    assert (done.returncode, done.stdout) == (0, b"a\nb\nc\xff\n")


def test_a_command_that_takes_too_long_is_killed_and_a_function_left_behind(concli: RunConcli, tmp_path: Path) -> None:
    (tmp_path / "steps.py").write_text("import time\ndef nap(x): time.sleep(60)\n")
    done = concli("pipeline", "tasks", "1", "--timeout", "0.1", "--stage", "py:./steps.py:nap")
    assert (done.returncode, records(done.stdout)[0]["error"]["type"]) == (1, "TimeoutError")
    assert b"left behind  1 calls of nap" in done.stderr
    done = concli(*TASKS, "60", "--timeout", "100ms", "--stage", "sh:sleep")
    assert (done.returncode, records(done.stdout)[0]["error"]["type"]) == (1, "TimeoutError")


def test_a_dry_run_prints_the_command_lines_and_runs_nothing(concli: RunConcli, tmp_path: Path) -> None:
    done = concli(*TASKS, "a", "b c", "--stage", "sh:touch {}", "--dry-run")
    assert (done.returncode, done.stdout) == (0, b"touch a\ntouch 'b c'\n")
    assert os.listdir(tmp_path) == []


def test_results_come_as_soon_as_they_are_there(concli_env: dict[str, str]) -> None:
    command = [sys.executable, "-m", "concli", *TASKS, "--stage", "expr:x", "--output", "result"]
    with subprocess.Popen(command, env=concli_env, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for line in (b"one\n", b"two\n"):
            process.stdin.write(line)
            process.stdin.flush()
            assert process.stdout.readline() == line  # while the input is open
        process.stdin.close()
    assert process.returncode == 0


def test_a_reader_that_has_gone_ends_the_run(concli_env: dict[str, str]) -> None:
    command = [sys.executable, "-m", "concli", *TASKS, "--stage", "expr:x"]
    with (
        subprocess.Popen(["yes"], stdout=subprocess.PIPE) as endless,
        subprocess.Popen(command, env=concli_env, stdin=endless.stdout, stdout=subprocess.PIPE) as process,
    ):
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(30) == 141
        endless.kill()


def test_an_interrupt_kills_what_runs_and_keeps_what_was_done(concli_env: dict[str, str], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "concli", *TASKS, "-t", "2", "--joblog", "log", "a", "b", "stay", "c", "d"]
    script = "if [ {} = stay ]; then echo $$ > pid; sleep 600; fi; echo {}"
    with subprocess.Popen(
        [*command, "--stage", f"sh:{script}", "--unordered", "--output", "result"],
        env=concli_env,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        shown = {process.stdout.readline() for _ in range(4)}
        process.send_signal(signal.SIGINT)
        rest, told = process.communicate(timeout=30)
    assert (process.returncode, shown, rest) == (130, {b"a\n", b"b\n", b"c\n", b"d\n"}, b""), told
    assert b"log holds what is done" in told
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
    noted = records((tmp_path / "log").read_bytes())[1:]
    assert sorted(one["record"]["data"] for one in noted) == ["a", "b", "c", "d"]


def test_a_run_that_was_killed_goes_on_and_does_nothing_twice(
    concli: RunConcli, concli_env: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "items").write_text("".join(f"{number}\n" for number in range(300)))
    arguments = ("-a", "items", "-t", "2", "--joblog", "log", "-o", "out", "--stage", "sh:echo {} | tee -a calls")
    command = [sys.executable, "-m", "concli", *TASKS, *arguments]
    log = tmp_path / "log"
    with subprocess.Popen(command, cwd=tmp_path, env=concli_env) as process:
        while process.poll() is None and (not log.exists() or log.read_bytes().count(b"\n") < 50):
            pass
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert not (tmp_path / "out").exists()
    noted = {one["record"]["data"] for one in map(json.loads, log.read_bytes().rpartition(b"\n")[0].splitlines()[1:])}
    with log.open("ab") as file:
        file.write(b'{"digest": "torn')
    (tmp_path / "calls").rename(tmp_path / "calls-before")
    done = concli(*TASKS, *arguments, "--resume", "--report", "report.json")
    assert done.returncode == 0, done.stderr
    totals = json.loads((tmp_path / "report.json").read_text())["totals"]
    assert (totals["read"], totals["resumed"], totals["done"]) == (300, len(noted), 300 - len(noted))
    # Once each, but for a command that the first run had begun: nobody killed that.
    calls = set(map(int, (tmp_path / "calls").read_text().split()))
    assert calls == set(range(300)) - set(map(int, noted))
    assert [one["result"] for one in records((tmp_path / "out").read_bytes())] == [str(number) for number in range(300)]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["a"], 2),
        (["a", "--stage", "nope"], 2),
        (["a", "--stage", "py:nowhere:f"], 2),
        (["a", "--stage", "expr:x", "--input", "in"], 2),
        (["a", "--stage", "expr:x", "--resume"], 2),
        (["a", "--stage", "expr:x", "--csv"], 2),
        (["a", "--stage", "expr:x", "--on-error", "many"], 2),
        (["a", "--stage", "expr:x", "--timeout", "0"], 2),
        (["a", "--stage", "expr:x", "--limit-rate", "fast"], 2),
        (["a", "--stage", "expr:x", "-o", "missing/out"], 3),
        (["a", "--stage", "expr:x", "--joblog", "missing/log"], 3),
        (["--stage", "expr:x", "--input", "missing"], 3),
        (["--stage", "expr:x", "--input", "."], 3),
    ],
)
def test_what_is_wrong_is_one_line(concli: RunConcli, arguments: list[str], code: int, tmp_path: Path) -> None:
    done = concli(*TASKS, *arguments)
    assert (done.returncode, len(done.stderr.splitlines()), done.stdout) == (code, 1, b""), done.stderr
    assert os.listdir(tmp_path) == []


def test_a_terminal_is_not_waited_for(concli: RunConcli) -> None:
    import pty  # noqa: PLC0415 - where there is none the module is not either

    controller, terminal = pty.openpty()
    try:
        done = concli(*TASKS, "--stage", "expr:x", stdin=terminal)
    finally:
        os.close(controller)
        os.close(terminal)
    assert (done.returncode, b"no items" in done.stderr) == (2, True)


def test_a_trace_shows_what_the_stages_did(concli: RunConcli, tmp_path: Path) -> None:
    done = concli(*TASKS, "a", "b", "--stage", "expr:x", "--stage", "sh:echo", "--trace", "trace.json", "-o", "out")
    assert (done.returncode, done.stdout) == (0, b"")
    events = json.loads((tmp_path / "trace.json").read_text())["traceEvents"]
    assert {event["name"] for event in events if event["ph"] == "X"} == {"x", "echo"}


def test_a_rate_is_kept_to(concli: RunConcli, tmp_path: Path) -> None:
    items = [str(number) for number in range(30)]
    done = concli(*TASKS, *items, "--stage", "expr:x", "--limit-rate", "100/s", "--report", "report.json")
    assert done.returncode == 0
    # The last may begin 0.29 s after the first, less a tenth of a second that may be made up for.
    assert json.loads((tmp_path / "report.json").read_text())["elapsed_s"] > 0.18
