"""From the arguments to the inputs: files, directories, standard input."""

import os
import select
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from concli.errors import InputError

__all__ = ["Input", "InputFile", "expand"]


class Input(NamedTuple):
    """One stream of bytes to read. ``size`` is in bytes, None where it can't be known before."""

    name: str
    path: str | None
    size: int | None
    identity: tuple[int, int] | None


def expand(arguments: Iterable[str], report: Callable[[InputError], object]) -> Iterator[Input]:
    """Yield the inputs that ``arguments`` name, in order; directories give the regular files in them.

    What can't be used is handed to ``report`` and passed over.
    """
    for argument in arguments:
        try:
            if argument == "-":
                yield _stdin()
            elif os.path.isdir(argument):
                yield from _directory(argument)
            else:
                yield _file(argument, os.stat(argument))
        except OSError as error:
            report(InputError(argument, error))


def _stdin() -> Input:
    status = os.fstat(0)
    return Input("standard input", None, status.st_size if stat.S_ISREG(status.st_mode) else None, _identity(status))


def _directory(path: str) -> Iterator[Input]:
    with os.scandir(path) as entries:
        files = sorted(entry.name for entry in entries if entry.is_file(follow_symlinks=False))
    for name in files:
        place = os.path.join(path, name)
        yield _file(place, os.stat(place))


def _file(path: str, status: os.stat_result) -> Input:
    return Input(path, path, status.st_size if stat.S_ISREG(status.st_mode) else None, _identity(status))


def _identity(status: os.stat_result) -> tuple[int, int] | None:
    """Return what tells one regular file from all others."""
    return (status.st_dev, status.st_ino) if stat.S_ISREG(status.st_mode) else None


class InputFile:
    """An input that is open for reading. Every method may raise ``OSError``."""

    def __init__(self, source: Input, cancelled: int) -> None:
        """Open ``source``. When ``cancelled`` becomes readable, what is not a file has ended."""
        # Without O_NONBLOCK, opening a named pipe that nobody writes to could not be cancelled.
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
        self._fd = os.dup(0) if source.path is None else os.open(source.path, flags)
        self._waits = not stat.S_ISREG(os.fstat(self._fd).st_mode)
        self._cancelled = cancelled
        self.waited_s = 0.0
        self._poll = select.poll()
        self._poll.register(self._fd, select.POLLIN)
        self._poll.register(cancelled, select.POLLIN)

    def readinto(self, view: memoryview) -> int:
        """Fill ``view`` with what there is, waiting for at least a byte; 0 at the end."""
        if self._waits and self._wait():
            return 0
        return os.readv(self._fd, [view])

    def _wait(self) -> bool:
        """Wait until there is something to read; True if that has been cancelled."""
        began = time.monotonic()
        cancelled = any(fd == self._cancelled for fd, _ in self._poll.poll())
        self.waited_s += time.monotonic() - began
        return cancelled

    def has_more(self) -> bool:
        """Return whether a read would return at once."""
        return not self._waits or bool(self._poll.poll(0))

    def close(self) -> None:
        """Give the descriptor back."""
        os.close(self._fd)
