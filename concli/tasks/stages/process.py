"""A command that runs in a process group of its own, started and awaited with as few system calls as will do.

``posix_spawn`` (see ``_spawn.py``) neither copies the memory maps of a large parent nor runs Python in the child, so
that it is quick and right in a program with threads. All descriptors are made to be closed in children, so that none
gets into a command that another thread starts at the same time.
"""

import contextlib
import os
import select
import signal
import tempfile
from collections.abc import Sequence
from typing import NamedTuple

from concli.patterns import _sync
from concli.tasks.stages._spawn import Spawn

__all__ = ["GRACE_S", "Cancelled", "Ended", "Process"]

#: What a command has between SIGTERM and SIGKILL.
GRACE_S = 1.0

_AT_ONCE = 1 << 16  # bytes: what a pipe holds
_KEPT_OF_STDERR = 1 << 12  # bytes, from its end
_LONGEST_POLL_MS = 1 << 30


class Cancelled(Exception):  # noqa: N818 - it is an ending rather than an error
    """Somebody asked for the end of it."""


class Ended(NamedTuple):
    """How a command ended: its exit status or minus a signal, its output, and the end of what it said."""

    status: int
    stdout: bytes
    stderr: bytes


class Process:
    """A command that has been started. Whoever starts one must call ``result``, once.

    ``given`` is its standard input; without it there is nothing to read. Raises what ``spawn`` does.
    """

    def __init__(self, spawn: Spawn, program: str, words: list[str], given: bytes | None) -> None:
        self._ours: list[int] = []
        theirs: list[int] = []
        try:
            self._out, out = _pipe(self._ours, theirs)
            self._err, err = _pipe(self._ours, theirs)
            source = None
            if given is not None:
                theirs.append(source := _holding(given))
            self._pid = spawn(program, words, source, out, err)
        except BaseException:
            _close(self._ours)
            raise
        finally:
            _close(theirs)
        self._stdout: list[bytes] = []
        self._stderr = b""

    def result(self, timeout: float | None, cancelled: int) -> Ended:
        """Wait for its end, and that of its output, and return what came of it.

        Raises ``TimeoutError`` after ``timeout`` seconds and ``Cancelled`` once ``cancelled``, the reading end of a
        pipe, is hung up. Then, and if anything else interrupts the waiting, the whole group gets SIGTERM, after
        ``GRACE_S`` at most SIGKILL, and is gone on return.
        """
        try:
            try:
                self._await(_sync.deadline_after(timeout), cancelled)
            except BaseException:
                self._kill()
                raise
            status = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
            return Ended(status, b"".join(self._stdout), self._stderr)
        finally:
            _close(self._ours)

    def _await(self, deadline: float | None, *cancelled: int) -> None:
        """Wait for its end and read what comes until then, so that it never waits for us to read the other output."""
        if hasattr(os, "pidfd_open"):  # elsewhere, one that closes its outputs and goes on is waited for
            self._ours.append(os.pidfd_open(self._pid))
        watch, left = select.poll(), len(self._ours)
        for fd in (*self._ours, *cancelled):
            watch.register(fd, select.POLLIN)
        while left:
            for fd in _ready(watch, deadline, cancelled):
                if fd in (self._out, self._err) and (data := os.read(fd, _AT_ONCE)):
                    self._keep(fd, data)
                else:
                    watch.unregister(fd)
                    left -= 1

    def _keep(self, fd: int, data: bytes) -> None:
        if fd == self._out:
            self._stdout.append(data)
        else:
            self._stderr = (self._stderr + data)[-_KEPT_OF_STDERR:]

    def _kill(self) -> None:
        """End the group. Its leader is waited for last, so that nobody else can get the group's number before."""
        self._signal(signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            self._await(_sync.deadline_after(GRACE_S))
        self._signal(signal.SIGKILL)
        os.waitpid(self._pid, 0)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._pid, number)


def _ready(watch: select.poll, deadline: float | None, cancelled: Sequence[int]) -> list[int]:
    """Return the descriptors on which there is something, or which are at their end; now and then none."""
    left = None if deadline is None else min(_sync.remaining(deadline) * 1e3, _LONGEST_POLL_MS)
    ready = [fd for fd, _ in watch.poll(left)]
    if any(fd in ready for fd in cancelled):
        raise Cancelled
    if deadline is not None and not _sync.remaining(deadline):
        raise TimeoutError
    return ready


def _pipe(ours: list[int], theirs: list[int]) -> tuple[int, int]:
    """Return the ends of a pipe, to read from and to write to, noted with those to close."""
    reading, writing = os.pipe()
    ours.append(reading)
    theirs.append(writing)
    while writing <= 2:  # concli was started without this standard stream: the command's own is put in its place
        writing = os.dup(writing)
        theirs.append(writing)
    return reading, writing


def _holding(data: bytes) -> int:
    """Return the descriptor of a file, in memory where there are such, from which ``data`` can be read."""
    with (
        tempfile.TemporaryFile() if not hasattr(os, "memfd_create") else os.fdopen(os.memfd_create("item"), "w+b") as f
    ):
        f.write(data)
        f.seek(0)
        return os.dup(f.fileno())


def _close(fds: list[int]) -> None:
    while fds:
        os.close(fds.pop())
