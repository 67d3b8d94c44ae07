"""What all tests share."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent

RunConcli = Callable[..., "subprocess.CompletedProcess[bytes]"]


# A shell has what it runs in the background ignore Ctrl-C, and so would all that the tests start and interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def no_thread_is_left_behind() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before:
        thread.join(5)
        assert not thread.is_alive(), f"{thread.name} was left behind"


@pytest.fixture
def concli_env() -> dict[str, str]:
    """An environment in which no setting of the caller's reaches the command."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("CONCLI_")}
    return {**env, "PYTHONPATH": str(ROOT), "COLUMNS": "100", "PYTHONWARNINGS": "error"}


@pytest.fixture
def concli(concli_env: dict[str, str], tmp_path: Path) -> RunConcli:
    """Run the command in a folder of its own and return what came of it."""

    def run(*args: object, **options: object) -> "subprocess.CompletedProcess[bytes]":
        command = [sys.executable, "-m", "concli", *map(str, args)]
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        if "input" in options:
            del streams["stdin"]
        keywords: dict[str, Any] = {**streams, "env": concli_env, "cwd": tmp_path, "timeout": 50, **options}
        return subprocess.run(command, check=False, **keywords)

    return run
