"""``concli monitor`` as a user and a script meet it."""

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.interrupting import interrupted
from tests.conftest import RunConcli

BYTES = bytes(range(256)) * 2000
BUSY = "import time\nwhile time.process_time() < {}: pass"
# Ends with 5 if it is interrupted once, with 6 if twice.
INTERRUPTED = """
import signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
print("ready", flush=True)
signal.sigwait([signal.SIGINT])
sys.exit(5 if signal.sigtimedwait([signal.SIGINT], 0.2) is None else 6)
"""
# Makes the terminal it is given its own, and becomes another program.
OWN_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""
# Counts 7, and ends when it has been asked twice how much that was.
PUBLISHES = """
import threading
from concli.metrics import ThreadMonitor
from concli.metrics.publish import publish

class Asked(ThreadMonitor):
    times, enough = 0, threading.Event()
    def counted(self):
        self.times += 1
        if self.times == 3:
            self.enough.set()
        return super().counted()

monitor = Asked()
with publish(monitor), monitor.watch():
    threading.current_thread().name = "a name of Python's own"
    monitor.count(operations=7, errors=2)
    monitor.enough.wait()
"""


def python(script: str) -> list[str]:
    return [sys.executable, "-c", script]


@pytest.mark.parametrize("script", ["exit 0", "exit 3", "kill -9 $$", "kill -INT $$"])
def test_the_exit_code_is_the_command_s(concli: RunConcli, script: str) -> None:
    alone = subprocess.run(["bash", "-c", f"sh -c '{script}'; exit $?"], check=False, stderr=subprocess.DEVNULL)
    assert concli("monitor", "-q", "--", "sh", "-c", script).returncode == alone.returncode


def test_the_streams_are_the_command_s_byte_for_byte(concli: RunConcli) -> None:
    done = concli("monitor", "-q", "cat", input=BYTES)
    assert (done.returncode, done.stdout, done.stderr) == (0, BYTES, b"")
    done = concli("monitor", "--", "sh", "-c", "cat >&2", input=BYTES)
    assert done.stderr.startswith(BYTES + b"concli monitor")
    assert done.stdout == b""


def test_what_the_shell_hands_to_a_command_besides_its_streams_reaches_it(concli_env: dict[str, str]) -> None:
    script = '"$0" -m concli monitor -q -- cat <(echo handed over)'
    done = subprocess.run(["bash", "-c", script, sys.executable], env=concli_env, capture_output=True, check=False)
    assert (done.stdout, done.stderr) == (b"handed over\n", b"")


def test_a_command_that_is_not_there_or_not_executable_is_one_line(concli: RunConcli) -> None:
    for words, code in (("no-such-command", 127), ("/", 126)):
        done = concli("monitor", "--", words)
        assert (done.returncode, len(done.stderr.splitlines())) == (code, 1), done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_reaches_the_command_and_its_end_is_reported(
    concli_env: dict[str, str], number: signal.Signals
) -> None:
    script = INTERRUPTED.replace("SIGINT", number.name)
    command = [sys.executable, "-m", "concli", "monitor", "--", *python(script)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=concli_env, stdout=pipe, stderr=pipe, start_new_session=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(number)
        _, shown = process.communicate(timeout=50)
    assert process.returncode == 5, shown
    assert b"exit code 5" in shown


def test_ctrl_c_reaches_the_command_once_and_its_end_is_reported(concli_env: dict[str, str]) -> None:
    controller, terminal = pty.openpty()
    command = [*python(OWN_TERMINAL), "-m", "concli", "monitor", "--", *python(INTERRUPTED)]
    streams = dict.fromkeys(("stdin", "stdout", "stderr"), terminal)
    with subprocess.Popen(command, env=concli_env, start_new_session=True, **streams) as process:  # type: ignore[call-overload]
        os.close(terminal)
        shown = b""
        while b"ready" not in shown:
            shown += os.read(controller, 1000)
        os.write(controller, b"\x03")
        while b"exit code" not in shown:
            shown += os.read(controller, 1000)
        assert process.wait(50) == 5
    os.close(controller)


def test_a_recording_gives_the_same_summary_as_the_run(concli: RunConcli, tmp_path: Path) -> None:
    options = ("--interval", "20ms", "--record", "run.jsonl", "--report", "run.json", "-q")
    assert concli("monitor", *options, "--", *python(BUSY.format(0.3))).returncode == 0
    run = json.loads((tmp_path / "run.json").read_text())["result"]
    again = concli("monitor", "-q", "--json", "--replay", "run.jsonl")
    assert again.returncode == 0
    command = run.pop("command")
    assert json.loads(again.stdout)["result"] == run
    assert run["samples"] > 2
    assert command["exit_code"] == 0
    assert run["cpu_s"] >= 0.2
    shown = concli("monitor", "--replay", "run.jsonl").stderr.decode()
    for words in ("CPUs busy on average", "threads running", "peak", "busiest"):
        assert words in shown


@pytest.mark.parametrize(
    ("alert", "script", "code"),
    [
        ("threads > 0", BUSY.format(0.05), 1),
        ("threads > 64", BUSY.format(0.05), 0),
        ("cpu > 5%", BUSY.format(0.05), 1),
        ("rss > 100GiB", "pass", 0),
        ("threads > 0", BUSY.format(0.05) + "\nraise SystemExit(3)", 3),
    ],
)
def test_an_alert_makes_a_success_a_failure(concli: RunConcli, alert: str, script: str, code: int) -> None:
    done = concli("monitor", "-q", "--fail-if", "processes > 50", "--fail-if", alert, "--", *python(script))
    assert done.returncode == code
    assert (b"check failed: fail if " + alert.encode() in done.stderr) == (code != 0)


def test_a_command_too_short_to_be_looked_at_keeps_its_exit_code(concli: RunConcli) -> None:
    assert concli("monitor", "-q", "--fail-if", "cpu > 900%", "true").returncode == 0
    assert concli("monitor", "-q", "false").returncode == 1


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--pid", "1", "true"],
        ["--pid", "1", "--replay", "x"],
        ["--pid", "0"],
        ["--interval", "1ms", "true"],
        ["--interval", "often", "true"],
        ["--duration", "0", "true"],
        ["--threads-matching", "(", "true"],
        ["--fail-if", "beauty < 5", "true"],
        ["--sort", "beauty", "true"],
    ],
)
def test_what_makes_no_sense_is_one_line_and_nothing_is_started(concli: RunConcli, arguments: list[str]) -> None:
    done = concli("monitor", *arguments)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done.stderr


def test_what_cannot_be_watched_or_read_is_one_line(concli: RunConcli, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("text\n")
    for arguments in (["--pid", 2**22 + 1], ["--replay", "missing"], ["--replay", "text"]):
        done = concli("monitor", *arguments)
        assert (done.returncode, len(done.stderr.splitlines())) == (3, 1), done.stderr


def test_what_cannot_be_recorded_is_not_started(concli: RunConcli, tmp_path: Path) -> None:
    done = concli("monitor", "--record", "missing/x", "--", "touch", "started")
    assert (done.returncode, len(done.stderr.splitlines())) == (3, 1), done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_does_not_end_the_command(concli: RunConcli, tmp_path: Path) -> None:
    from resource import RLIMIT_FSIZE, setrlimit  # noqa: PLC0415 - in the child, as a disk that is full

    done = concli(
        *("monitor", "-q", "--interval", "10ms", "--record", "r", "--", "sh", "-c", "sleep 0.3; : > done"),
        preexec_fn=lambda: setrlimit(RLIMIT_FSIZE, (2000, 2000)),
    )
    assert (done.returncode, len(done.stderr.splitlines())) == (3, 1), done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["done"]


def test_what_a_program_publishes_is_shown(concli: RunConcli, tmp_path: Path, concli_env: dict[str, str]) -> None:
    env = concli_env | {"XDG_RUNTIME_DIR": str(tmp_path)}
    done = concli("monitor", "--interval", "20ms", "--report", "r.json", "--", *python(PUBLISHES), env=env)
    assert done.returncode == 0, done.stderr
    busiest = json.loads((tmp_path / "r.json").read_text())["result"]["busiest"]
    (mine,) = [each for each in busiest if each["name"] == "a name of Python's own"]
    assert (mine["operations"], mine["errors"]) == (7, 2)
    assert "ops" in done.stderr.decode()


def test_a_process_can_be_watched_for_a_time(concli: RunConcli) -> None:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as cat:
        told = concli("monitor", "-q", "--json", "--duration", "50ms", "--interval", "20ms", "--pid", cat.pid)
        assert json.loads(told.stdout)["result"]["processes"]["seen"] == 1
        assert cat.poll() is None


def test_a_process_can_be_watched_until_it_ends(concli_env: dict[str, str]) -> None:
    pipe = subprocess.PIPE
    with subprocess.Popen(["cat"], stdin=pipe) as cat:
        command = [sys.executable, "-m", "concli", "monitor", "--live", "--interval", "1h", "--pid", str(cat.pid)]
        with subprocess.Popen(command, env=concli_env, stderr=pipe) as process:
            assert process.stderr is not None
            shown = b""
            while b"RSS" not in shown:
                shown += os.read(process.stderr.fileno(), 10_000)
            assert cat.stdin is not None
            cat.stdin.close()
            shown += process.stderr.read()
    assert process.returncode == 0
    assert b"busy on average" in shown


def test_an_interrupt_ends_the_watching_with_its_summary_and_not_the_process(concli_env: dict[str, str]) -> None:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as cat:
        options = ["--live", "--interval", "20ms", "--pid", str(cat.pid)]
        code, shown = interrupted(["monitor", *options], concli_env, once_shown="RSS")
        assert cat.poll() is None
    assert code == 130
    assert "busy on average" in shown
