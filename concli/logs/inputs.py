"""From the arguments to the inputs: files, directories, patterns of names, standard input."""

import glob
import os
import select
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, Protocol

from concli.errors import InputError

__all__ = ["Input", "InputFile", "Place", "Readable", "expand", "identity_of"]

_BLOCK_BYTES = 64 * 1024


class Place(NamedTuple):
    """A place in an input: ``offset`` bytes from 0, ``line`` from 1, 0 if it is not known.

    ``year`` is the year there if it is counted, ``month`` that of the entry before, 0 if there is none.
    """

    offset: int = 0
    line: int = 1
    year: int | None = None
    month: int = 0


class Input(NamedTuple):
    """One stream of bytes to read. ``size`` is in bytes, None where it can't be known before.

    It is read from ``start`` on. If it ``keeps_rest``, what somebody may still be writing, a line without an
    end above all, is left for another run.
    """

    name: str
    path: str | None
    size: int | None
    identity: tuple[int, int] | None
    start: Place = Place()
    keeps_rest: bool = False


class Readable(Protocol):
    """Bytes from an input, as they are or converted. Every method may raise ``OSError``."""

    @property
    def waited_s(self) -> float:
        """The seconds spent waiting for somebody to write."""

    @property
    def modified(self) -> float:
        """When the input was last written to, in seconds since the epoch."""

    def peek(self, least: int) -> bytes:
        """Return what comes next and leave it there: at least so many bytes, unless the end comes first."""

    def skip(self, count: int) -> None:
        """Leave out so many bytes."""

    def readinto(self, view: memoryview) -> int:
        """Fill ``view`` with what there is, waiting for at least a byte; 0 at the end."""

    def has_more(self, timeout_s: float = 0.0) -> bool:
        """Return whether a read would return at once, waiting that long for it to be so."""

    def close(self) -> None:
        """Give the descriptor back."""


def expand(
    arguments: Iterable[str], report: Callable[[InputError], object], *, follow: bool = False
) -> Iterator[Input]:
    """Yield the inputs that ``arguments`` name, in order; directories give the regular files in them.

    A pattern with ``*``, ``?`` or ``[`` that is no path gives what matches it, sorted, ``**`` files in folders of
    any depth. What can't be used is handed to ``report`` and passed over. To ``follow``, a file need not be
    there yet.
    """
    for argument in arguments:
        try:
            if argument == "-":
                yield _stdin()
            elif glob.has_magic(argument) and not os.path.lexists(argument):
                yield from _matching(argument, report)
            elif os.path.isdir(argument):
                yield from _directory(argument)
            else:
                yield _file(argument, os.stat(argument))
        except FileNotFoundError as error:
            if follow and argument:
                yield Input(argument, argument, None, None)
            else:
                report(InputError(argument, error))
        except OSError as error:
            report(InputError(argument, error))


def _stdin() -> Input:
    status = os.fstat(0)
    return Input("standard input", None, _size(status), identity_of(status))


def _directory(path: str) -> Iterator[Input]:
    with os.scandir(path) as entries:
        files = sorted(entry.name for entry in entries if entry.is_file(follow_symlinks=False))
    for name in files:
        place = os.path.join(path, name)
        yield _file(place, os.stat(place))


def _matching(pattern: str, report: Callable[[InputError], object]) -> Iterator[Input]:
    """Yield what a shell would have made of ``pattern``, ``**`` giving files and not the folders on the way."""
    names = sorted(glob.glob(pattern, recursive=True))
    if "**" in pattern:
        names = [name for name in names if not os.path.isdir(name)]
    if not names:
        # A bracket alone is more often part of a name than of a pattern.
        is_meant = "*" in pattern or "?" in pattern
        report(InputError(pattern, "no file matches this pattern" if is_meant else "no such file or directory"))
    for name in names:
        try:
            if os.path.isdir(name):
                yield from _directory(name)
            else:
                yield _file(name, os.stat(name))
        except OSError as error:
            report(InputError(name, error))


def _file(path: str, status: os.stat_result) -> Input:
    return Input(path, path, _size(status), identity_of(status))


def _size(status: os.stat_result) -> int | None:
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def identity_of(status: os.stat_result) -> tuple[int, int] | None:
    """Return what tells one regular file from all others."""
    return (status.st_dev, status.st_ino) if stat.S_ISREG(status.st_mode) else None


class InputFile:
    """An input that is open for reading, as it is. Every method may raise ``OSError``."""

    def __init__(self, source: Input, cancelled: int) -> None:
        """Open ``source``. When ``cancelled`` becomes readable, what is not a file has ended."""
        # Without O_NONBLOCK, opening a named pipe that nobody writes to could not be cancelled.
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
        self._fd = os.dup(0) if source.path is None else os.open(source.path, flags)
        status = os.fstat(self._fd)
        self.identity = identity_of(status)
        self._waits = not stat.S_ISREG(status.st_mode)
        self._opened = time.time()
        self._cancelled = cancelled
        self._head = b""  # what has been looked at of something that can't be read twice
        self.waited_s = 0.0
        self._poll = select.poll()
        self._poll.register(self._fd, select.POLLIN)
        self._poll.register(cancelled, select.POLLIN)

    @property
    def modified(self) -> float:
        """When the file was last written to, when it was opened if it is none; in seconds since the epoch."""
        return self._opened if self._waits else os.fstat(self._fd).st_mtime

    def fileno(self) -> int:
        """Return the descriptor, to wait for it."""
        return self._fd

    def peek(self, least: int) -> bytes:
        """Return what comes next and leave it there: at least so many bytes, unless the end comes first."""
        if not self._waits:
            return os.pread(self._fd, least, os.lseek(self._fd, 0, os.SEEK_CUR))
        while len(self._head) < least and not self._wait() and (more := os.read(self._fd, _BLOCK_BYTES)):
            self._head += more
        return self._head

    def skip(self, count: int) -> None:
        """Leave out so many bytes."""
        if not self._waits:
            os.lseek(self._fd, count, os.SEEK_CUR)
            return
        while count and self.peek(1):
            count, self._head = count - len(self._head[:count]), self._head[count:]

    def readinto(self, view: memoryview) -> int:
        """Fill ``view`` with what there is, waiting for at least a byte; 0 at the end."""
        if self._head:
            part, self._head = self._head[: len(view)], self._head[len(view) :]
            view[: len(part)] = part
            return len(part)
        if self._waits and self._wait():
            return 0
        return os.readv(self._fd, [view])

    def _wait(self) -> bool:
        """Wait until there is something to read; True if that has been cancelled."""
        began = time.monotonic()
        cancelled = any(fd == self._cancelled for fd, _ in self._poll.poll())
        self.waited_s += time.monotonic() - began
        return cancelled

    def has_more(self, timeout_s: float = 0.0) -> bool:
        """Return whether a read would return at once, waiting that long for it to be so."""
        if not self._waits or self._head:
            return True
        if not timeout_s:
            return bool(self._poll.poll(0))
        began = time.monotonic()
        more = bool(self._poll.poll(timeout_s * 1000))
        self.waited_s += time.monotonic() - began
        return more

    def close(self) -> None:
        """Give the descriptor back."""
        os.close(self._fd)
