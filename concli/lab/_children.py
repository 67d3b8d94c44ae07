"""Processes that are waited for, and that end when they should."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from concli.patterns import _sync

__all__ = ["Children", "Ended"]

_TO_SPEAK_S = 0.5  # for a hung process to say where it hangs
_TO_DIE_S = 5.0


class Ended(NamedTuple):
    """How a process ended, and what it wrote. A negative exit code is the signal that killed it."""

    exit_code: int
    stdout: str
    stderr: str
    timed_out: bool


class Children:
    """Runs processes for several threads, each as the leader of a process group; ``kill`` ends them all."""

    def __init__(self) -> None:
        # The mutex guards both fields. Processes are started under it, so that none begins after `kill`.
        self._mutex = _sync.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self.killed = False

    def run(self, words: Sequence[str], *, folder: str, env: Mapping[str, str], timeout_s: float) -> Ended | None:
        """Run a command in ``folder`` to its end; None if ``kill`` came before it.

        After ``timeout_s`` seconds it gets SIGUSR1, to say on standard error where it hangs, and is then
        killed with its group. Raises ``OSError`` if it can't be started.
        """
        with self._mutex:
            if self.killed:
                return None
            process = subprocess.Popen(  # noqa: S603 - the words are our own
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=folder,
                env=dict(env),
                start_new_session=True,  # a terminal's Ctrl-C is for the parent alone, which kills the group
            )
            self._running.add(process)
        timed_out = False
        try:
            stdout, stderr = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            timed_out = True
            stdout, stderr = _end(process)
        finally:
            with self._mutex:
                self._running.discard(process)
        if self.killed and not timed_out and process.returncode == -signal.SIGKILL:
            return None
        return Ended(process.returncode, _text(stdout), _text(stderr), timed_out)

    def kill(self) -> None:
        """Kill what runs, and let nothing begin any more."""
        with self._mutex:
            self.killed = True
            for process in self._running:
                _kill(process)


def _end(process: "subprocess.Popen[bytes]") -> tuple[bytes, bytes]:
    """End a process that hangs and return what it wrote."""
    process.send_signal(signal.SIGUSR1)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.communicate(timeout=_TO_SPEAK_S)
    _kill(process)
    try:
        return process.communicate(timeout=_TO_DIE_S)
    except subprocess.TimeoutExpired as late:  # a descendant that has left the group holds the pipes
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()
        process.wait()
        return late.output or b"", late.stderr or b""


def _kill(process: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):  # it has ended; the latter is what macOS says
        os.killpg(process.pid, signal.SIGKILL)


def _text(data: bytes) -> str:
    return data.decode(errors="replace")
