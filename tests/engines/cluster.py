"""A dask cluster for tests: a scheduler and workers that are processes of their own, in folders of their own."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from concli.patterns import ThreadGroup
from tests.conftest import ROOT

WITH_NANNY, WITHOUT_NANNY = "--nanny", "--no-nanny"


class Cluster:
    """A scheduler and workers: processes of their own, each in a folder of its own, that end with the block.

    ``env`` is added to their environment, ``words`` to what the scheduler is called with.
    """

    def __init__(self, folder: Path, env: Mapping[str, str] = {}, words: Sequence[str] = ()) -> None:
        self._folder = folder
        self._env = {**os.environ, "PYTHONPATH": str(ROOT), **env}
        self._ends = contextlib.ExitStack()
        self._readers = self._ends.enter_context(ThreadGroup())
        with contextlib.ExitStack() as undo:
            undo.callback(self._ends.close)
            self.scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", "0", *words)
            self.address = self._heard(self.scheduler, "Scheduler at:")
            undo.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ends.close()

    def add_workers(self, *nannies: str, env: Mapping[str, str] = {}) -> None:
        """Start a worker for each, with a nanny or without, and wait until they are registered."""
        words = (self.address, "--nthreads", "1")
        for worker in [self._start("worker", *words, nanny, env=env) for nanny in nannies]:
            self._heard(worker, "Registered to:")

    @contextlib.contextmanager
    def client(self) -> Iterator[Any]:
        """Return a client of the test's own."""
        distributed: Any = import_module("distributed")
        with distributed.Client(self.address, set_as_default=False) as client:
            yield client

    def _start(self, program: str, *words: str, env: Mapping[str, str] = {}) -> "subprocess.Popen[bytes]":
        folder = self._folder / f"{program}-{os.urandom(4).hex()}"
        folder.mkdir(parents=True)
        process = subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.dask_{program}", *words, "--no-dashboard"],
            env={**self._env, **env, "TMPDIR": str(folder)},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            process_group=0,  # what it starts ends with it
        )
        self._ends.callback(_end, process)
        return process

    def _heard(self, process: "subprocess.Popen[bytes]", saying: str) -> str:
        """Wait until it has said so, and return the last word of that line."""
        assert process.stderr
        log = []
        for line in process.stderr:
            log.append(line.decode())
            if saying in log[-1]:
                self._readers.spawn(_drain, process.stderr)  # or it would wait for somebody to read
                return log[-1].split()[-1]
        raise AssertionError("".join(log))


def _drain(stream: IO[bytes]) -> None:
    with stream:
        stream.read()


def _end(process: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
