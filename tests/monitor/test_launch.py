"""A command that runs as if it had been started alone."""

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from concli.monitor import launch as module
from concli.monitor.launch import Command, Ending, StartError, launched

PATIENCE_S = 20
# Writes to the file that it is ready, then waits for a signal and ends with its number.
TOLD = """
import os, signal, sys
for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGINT):
    signal.signal(number, lambda number, _: os._exit(number))
open(sys.argv[1], "w").close()
while True:
    signal.pause()
"""


def run(*words: str) -> Ending:
    with launched(words) as command:
        pass
    assert command.ending is not None
    return command.ending


@pytest.mark.parametrize(
    ("script", "code", "killer"),
    [
        ("true", 0, None),
        ("exit 7", 7, None),
        ("kill -9 $$", 137, "SIGKILL"),
        ("kill -TERM $$", 143, "SIGTERM"),
        ("kill -40 $$", 168, "signal 40"),
    ],
)
def test_its_exit_code_is_that_of_the_command_as_a_shell_has_it(script: str, code: int, killer: str | None) -> None:
    ending = run("sh", "-c", script)
    assert (ending.exit_code, ending.signal) == (code, killer)


def test_what_cannot_be_started_has_the_exit_code_that_shells_give_it(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("text")
    (tmp_path / "garbage").write_bytes(bytes(1000))
    (tmp_path / "garbage").chmod(0o755)
    for words, code in (("no-such-command", 127), (str(tmp_path / "text"), 126), (str(tmp_path / "garbage"), 126)):
        with pytest.raises(StartError) as failure:
            run(words)
        assert failure.value.exit_code == code
        assert str(failure.value).startswith(f"{words}: ")
        assert "\n" not in str(failure.value)


def test_the_figures_of_a_command_that_has_ended_are_there_until_the_block_is_over() -> None:
    with launched(["sh", "-c", "exit 3"]) as command:
        command.ended.result(PATIENCE_S)
        assert command.has_ended()
        os.kill(command.pid, 0)
        assert command.ending is None
    with pytest.raises(ProcessLookupError):
        os.kill(command.pid, 0)
    assert command.ending is not None
    assert command.ending.exit_code == 3


def test_what_it_used_is_told() -> None:
    ending = run(sys.executable, "-ISc", "import time\nwhile time.process_time() < 0.05: pass")
    assert ending.user_s + ending.system_s >= 0.05
    assert ending.peak_rss_bytes > 1 << 20


def test_it_is_waited_for_when_the_block_fails(tmp_path: Path) -> None:
    place = tmp_path / "done"
    with pytest.raises(KeyError), launched(["sh", "-c", f"sleep 0.05; : > '{place}'"]):
        raise KeyError
    assert place.exists()


@contextlib.contextmanager
def waiting(tmp_path: Path) -> Iterator[Command]:
    """Run a command that waits for a signal, and is ready for it."""
    ready = tmp_path / "ready"
    os.mkfifo(ready)
    with launched([sys.executable, "-ISc", TOLD, str(ready)]) as command:
        ready.open().close()  # it waits for the other end
        yield command


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1])
def test_a_signal_that_is_sent_to_us_is_handed_on(number: signal.Signals, tmp_path: Path) -> None:
    with waiting(tmp_path) as command:
        os.kill(os.getpid(), number)
        command.ended.result(PATIENCE_S)
    assert command.ending is not None
    assert (command.ending.exit_code, command.ending.signal) == (number, None)


def test_an_interrupt_is_handed_on_unless_the_terminal_has_sent_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_is_in_foreground", lambda: True)
    with waiting(tmp_path) as command:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGTERM)  # comes after it, and is handed on
        command.ended.result(PATIENCE_S)
    assert command.ending is not None
    assert command.ending.exit_code == signal.SIGTERM
    monkeypatch.setattr(module, "_is_in_foreground", lambda: False)
    (tmp_path / "ready").unlink()
    with waiting(tmp_path) as command:
        os.kill(os.getpid(), signal.SIGINT)
        command.ended.result(PATIENCE_S)
    assert command.ending is not None
    assert command.ending.exit_code == signal.SIGINT


def test_signals_mean_afterwards_what_they_meant_before() -> None:
    def mine(*_: object) -> None: ...

    before = signal.signal(signal.SIGTERM, mine)
    told, tell = os.pipe()
    os.set_blocking(tell, False)
    wakeup = signal.set_wakeup_fd(tell)
    try:
        run("true")
        with pytest.raises(StartError):
            run("no-such-command")
        assert signal.getsignal(signal.SIGTERM) is mine
        assert signal.set_wakeup_fd(wakeup) == tell
    finally:
        signal.signal(signal.SIGTERM, before)
        os.close(told)
        os.close(tell)


def test_a_signal_that_is_ignored_is_ignored_by_the_command_as_well() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert run("sh", "-c", "kill -HUP $$; exit 5").exit_code == 5
    finally:
        signal.signal(signal.SIGHUP, before)


def test_what_python_ignores_is_not_ignored_by_the_command() -> None:
    assert run("sh", "-c", "kill -PIPE $$").signal == "SIGPIPE"


def test_it_gets_the_environment_it_is_given() -> None:
    with launched(["sh", "-c", 'exit "$CODE"'], {**os.environ, "CODE": "11"}) as command:
        pass
    assert command.ending is not None
    assert command.ending.exit_code == 11
