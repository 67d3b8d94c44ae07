"""Output that appears whole or not at all, and output that flows."""

import contextlib
import os
import select
import stat
from collections.abc import Sequence
from typing import Protocol

from concli.drafts import Draft
from concli.errors import OutputClosed, OutputError
from concli.terminal import visible

__all__ = ["AppendedFile", "Buffer", "Output", "open_output", "write_whole"]

Buffer = bytes | bytearray | memoryview

_PIECES_AT_ONCE = min(1024, os.sysconf("SC_IOV_MAX"))
# What can be written without blocking to a pipe, socket or terminal that has said it is writable.
_NEVER_BLOCKS = select.PIPE_BUF


class Output(Protocol):
    """A place for bytes.

    ``commit`` or ``abort`` ends it; ``cancel`` may be called from any thread. ``write`` and ``commit``
    raise ``OutputError``.
    """

    name: str
    is_new: bool  # whether what is written is all there is in it

    def write(self, pieces: Sequence[Buffer]) -> int:
        """Write all pieces, one after the other; return the number of bytes."""

    def cancel(self) -> None:
        """End a ``write`` that waits for a slow reader."""

    def commit(self) -> None:
        """Close, and put what was written in its place."""

    def abort(self) -> None:
        """Close, and leave the place as it was."""

    def stat(self) -> os.stat_result:
        """Return the status of what is being written to."""


def open_output(path: str | None) -> Output:
    """Open ``path`` for writing; ``None`` and ``-`` are standard output.

    A regular file is written beside its place and put there by ``commit``; anything else (a pipe, a
    device) is written as it comes. Raises ``OutputError``.
    """
    name = "standard output" if path is None or path == "-" else path
    try:
        if path is None or path == "-":
            return _stream(name, os.dup(1))
        if os.path.exists(path) and not os.path.isfile(path):
            return _stream(path, os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOCTTY))
        return _NewFile(path)
    except OSError as error:
        raise OutputError(name, error) from error


def write_whole(path: str, data: bytes) -> None:
    """Write ``data`` to ``path``, whole or not at all. Raises ``OutputError``."""
    output = open_output(path)
    try:
        output.write([data])
        output.commit()
    except BaseException:
        output.abort()
        raise


class _Direct:
    """Bytes straight to a descriptor that does not make its writer wait."""

    is_new = False

    def __init__(self, name: str, fd: int) -> None:
        self.name = name
        self._fd = fd

    def write(self, pieces: Sequence[Buffer]) -> int:
        """Write all pieces, one after the other; return the number of bytes."""
        total = 0
        try:
            for first in range(0, len(pieces), _PIECES_AT_ONCE):
                total += self._write_some(pieces[first : first + _PIECES_AT_ONCE])
        except BrokenPipeError as error:
            raise OutputClosed(self.name, "closed by its reader") from error
        except OSError as error:
            raise OutputError(self.name, error) from error
        return total

    def _write_some(self, pieces: Sequence[Buffer]) -> int:
        wanted = sum(map(len, pieces))
        written = os.writev(self._fd, pieces)
        if written < wanted:  # a disk that is nearly full, or more than the system takes at once
            rest = memoryview(b"".join(pieces))[written:]
            while rest:
                rest = rest[os.write(self._fd, rest) :]
        return wanted

    def stat(self) -> os.stat_result:
        return os.fstat(self._fd)

    def cancel(self) -> None:
        pass

    def commit(self) -> None:
        try:
            self._close()
        except OSError as error:
            raise OutputError(self.name, error) from error

    def abort(self) -> None:
        with contextlib.suppress(OSError):
            self._close()

    def _close(self) -> None:
        fd, self._fd = self._fd, -1  # the number may soon be another file's
        if fd >= 0:
            os.close(fd)


class _NewFile(_Direct):
    """A file that is written under another name beside its place, then synced and renamed."""

    is_new = True

    def __init__(self, path: str) -> None:
        self._draft = Draft(path)
        super().__init__(path, self._draft.open(os.O_WRONLY))

    def commit(self) -> None:
        try:
            super().commit()
        except OutputError:
            self._draft.abort()
            raise
        self._draft.commit()

    def abort(self) -> None:
        super().abort()
        self._draft.abort()


class AppendedFile(_Direct):
    """A regular file, made if need be, written at its end; ``abort`` takes back what came after the last ``sync``."""

    def __init__(self, path: str, length: int | None = None) -> None:
        """Cut off what is beyond the first ``length`` bytes, if told. Raises ``OutputError``."""
        super().__init__(path, -1)
        try:
            self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
            if length is not None and length < self.stat().st_size:
                os.ftruncate(self._fd, length)
        except OSError as error:
            super().abort()
            raise OutputError(path, error) from error
        self._kept = self.stat().st_size
        self.is_new = not self._kept

    def sync(self) -> None:
        """Have what was written survive a crash, and an ``abort``. Raises ``OutputError``."""
        try:
            os.fsync(self._fd)
        except OSError as error:
            raise OutputError(self.name, error) from error
        self._kept = self.stat().st_size

    def commit(self) -> None:
        """Sync and close."""
        self.sync()
        super().commit()

    def abort(self) -> None:
        """Close."""
        with contextlib.suppress(OSError):
            os.ftruncate(self._fd, self._kept)
        super().abort()


class _Flow(_Direct):
    """A pipe, socket or terminal: its reader may be slow, so waiting for it can be cancelled."""

    def __init__(self, name: str, fd: int) -> None:
        super().__init__(name, fd)
        self._cancelled, self._cancel = os.pipe()

    def _write_some(self, pieces: Sequence[Buffer]) -> int:
        rest = memoryview(b"".join(pieces))
        total = len(rest)
        poll = select.poll()
        poll.register(self._fd, select.POLLOUT)
        poll.register(self._cancelled, select.POLLIN)
        while rest:
            if any(fd == self._cancelled for fd, _ in poll.poll()):
                return total - len(rest)
            rest = rest[os.write(self._fd, rest[:_NEVER_BLOCKS]) :]
        return total

    def cancel(self) -> None:
        with contextlib.suppress(OSError):
            os.write(self._cancel, b"x")

    def commit(self) -> None:
        self._close_pipe()
        super().commit()

    def abort(self) -> None:
        self._close_pipe()
        super().abort()

    def _close_pipe(self) -> None:
        fds, self._cancelled, self._cancel = (self._cancelled, self._cancel), -1, -1
        for fd in fds:
            with contextlib.suppress(OSError):
                os.close(fd)


class _Terminal(_Flow):
    """A terminal, which must not be made to obey what is in the data."""

    def _write_some(self, pieces: Sequence[Buffer]) -> int:
        text = b"".join(pieces).decode("utf-8", "surrogateescape")
        super()._write_some([visible(text).encode()])
        return sum(map(len, pieces))


def _stream(name: str, fd: int) -> Output:
    mode = os.fstat(fd).st_mode
    if os.isatty(fd):
        return _Terminal(name, fd)
    if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
        return _Flow(name, fd)
    return _Direct(name, fd)
