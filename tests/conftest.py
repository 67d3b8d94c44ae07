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
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent

RunConcli = Callable[..., "subprocess.CompletedProcess[bytes]"]


# Enough to hold a law at each change; HYPOTHESIS_PROFILE=thorough looks at more.
settings.register_profile("quick", deadline=None, max_examples=40)
settings.register_profile("thorough", deadline=None, max_examples=400)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

# In the background, or under nohup, signals may be ignored, and would be by all that the tests start and interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)


# Threads that dask keeps for the next time.
KEPT = ("Dask-", "IO loop", "Profile", "QueueFeeder", "AsyncProcess", "asyncio_")


@pytest.fixture(autouse=True)
def no_thread_is_left_behind() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before:
        if thread.name.startswith(KEPT):
            continue
        if not thread._started.wait(5):  # type: ignore[attr-defined] # an interrupt came in the middle of starting it
            continue
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
