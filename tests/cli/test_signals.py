"""What is asked to end ends, wherever it waits."""

import subprocess
import sys

import pytest

from tests.conftest import ROOT

# The main thread waits for ever. `receive` is what another thread does to have the signal received.
WAIT = """
import os, signal, threading
from concli.cli.signals import Stopped, raise_on_signals

raise_on_signals()
lock = threading.Lock()
lock.acquire()
try:
    threading.Thread(target=lambda: {receive}).start()
    lock.acquire()
except Stopped as stopped:
    print(stopped.name, stopped.exit_code)
"""


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
@pytest.mark.parametrize("receive", ["os.kill(os.getpid(), {0})", "signal.pthread_kill(threading.get_ident(), {0})"])
def test_a_signal_reaches_a_main_thread_that_waits_whichever_thread_received_it(
    name: str, code: int, receive: str
) -> None:
    script = WAIT.format(receive=receive.format(f"signal.{name}"))
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True, cwd=ROOT)
    assert done.stdout == f"{name} {code}\n"


def test_another_signal_before_it_is_left_to_its_handler() -> None:
    script = WAIT.format(receive="(os.kill(os.getpid(), signal.SIGUSR1), os.kill(os.getpid(), signal.SIGTERM))")
    script = "import signal; signal.signal(signal.SIGUSR1, lambda *_: print('user'))" + script
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True, cwd=ROOT)
    assert sorted(done.stdout.splitlines()) == ["SIGTERM 143", "user"]


def test_a_standard_output_that_was_closed_before_the_start_is_no_error() -> None:
    command = ["bash", "-c", '"$0" -m concli --version >&-', sys.executable]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_thread_that_is_left_behind_is_no_hindrance_to_the_end(concli_env: dict[str, str]) -> None:
    code = (
        "import atexit, sys, threading; from concli.cli import main; sys.argv[1:] = ['--version']\n"
        "threading.Thread(target=threading.Event().wait, daemon=True).start()\n"
        "atexit.register(lambda: print('put away', file=sys.stderr)); main()"
    )
    done = subprocess.run([sys.executable, "-c", code], env=concli_env, capture_output=True, timeout=50, check=False)
    assert (done.returncode, done.stdout.startswith(b"concli"), done.stderr) == (0, True, b"put away\n")
