"""The output: a stack in one ``.npy`` file, each result at its own place, there when it is whole.

It is written beside its place under a name that the next run can find, with a journal of what is certainly
on disk. The bytes are written by ``pwrite`` rather than into a mapping: a full disk is then an error that can
be told, where a mapping ends the process by a signal.
"""

import errno
import fcntl
import math
import os
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from concli.arrays.fft.digest import digest
from concli.arrays.fft.fourier import Array
from concli.arrays.fft.header import header_bytes
from concli.arrays.fft.journal import Journal
from concli.drafts import Draft
from concli.errors import OutputError

__all__ = ["Stack"]

# Bytes of a write. Into room that was set aside ext4 writes pieces of 16 MiB five times as slowly as these.
_AT_ONCE = 1 << 20


class Stack:
    """An output that is being made. ``put`` may be called by any thread, for different chunks."""

    def __init__(self, path: str, count: int, shape: tuple[int, int], dtype: np.dtype[Any]) -> None:
        """Open it, and keep others from it. Raises ``OutputError``."""
        self.name = path
        self.shape, self.dtype = shape, dtype
        if path == "-":
            raise OutputError("standard output", "results are written in any order; name a file")
        self._draft = Draft(path, "concli-part")
        self.journal = Journal(self._draft.path.removesuffix("part") + "journal", path)
        self._header = header_bytes((count, *shape), dtype)
        self.chunk_bytes = math.prod(shape) * dtype.itemsize
        self._size = len(self._header) + count * self.chunk_bytes
        self._fd = self._draft.open(os.O_RDWR)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            is_ours = os.path.samestat(os.fstat(self._fd), self._draft.stat())
        except OSError:
            is_ours = False
        if not is_ours:  # or it has been put in its place meanwhile
            self._close()
            raise OutputError(path, "another run is writing it; wait for that to end")

    def begin(self, run: Mapping[str, object], *, resume: bool) -> dict[int, str]:
        """Make room for all of it, and return the chunks that are there already: those a journal has, and whole.

        Raises ``OutputError``: for want of room before the work rather than in its midst.
        """
        noted = self.journal.read(run) if resume else {}
        done = {number: each for number, each in noted.items() if digest(self._read(number)) == each}
        try:
            if not done:
                os.ftruncate(self._fd, 0)
            _reserve(self._fd, self._size)
            self._write(self._header, 0)
        except OSError as error:
            self.discard(noted=bool(done))
            raise OutputError(self.name, error) from error
        self.journal.begin(run, sorted(done.items()))
        return done

    def put(self, number: int, values: Array) -> None:
        """Write a result in its place. Raises ``OutputError``."""
        try:
            self._write(values.data.cast("B"), len(self._header) + number * self.chunk_bytes)
        except OSError as error:
            raise OutputError(self.name, error) from error

    def sync(self) -> None:
        """Have what was put survive a crash. Raises ``OutputError``."""
        try:
            _sync_data(self._fd)
        except OSError as error:
            raise OutputError(self.name, error) from error

    def commit(self) -> None:
        """Put it in its place. Raises ``OutputError``; what was done can then be resumed."""
        size = os.fstat(self._fd).st_size
        try:
            if size != self._size:
                raise OutputError(self.name, f"{size:,} bytes were written instead of {self._size:,}")
            self._draft.commit()
        finally:
            self._close()
        self.journal.remove()

    def keep(self) -> None:
        """Close it, to be resumed."""
        self._close()
        self.journal.close()

    def discard(self, *, noted: bool = False) -> None:
        """Close it and remove it, unless something is noted of it that can be resumed."""
        self._close()
        if noted:
            return
        self.journal.remove()
        self._draft.abort()

    def _read(self, number: int) -> Array:
        values = np.empty(self.shape, self.dtype)
        view, place = values.data.cast("B"), len(self._header) + number * self.chunk_bytes
        while view:
            try:
                count = os.preadv(self._fd, [view], place)
            except OSError as error:
                raise OutputError(self.name, error) from error
            if not count:
                view[:] = bytes(len(view))  # it ends here: the checksum will tell
                break
            view, place = view[count:], place + count
        return values

    def _write(self, data: bytes | memoryview, place: int) -> None:
        for piece in _pieces(memoryview(data)):
            rest = piece
            while rest:
                count = os.pwrite(self._fd, rest, place)
                rest, place = rest[count:], place + count

    def _close(self) -> None:
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)


#: macOS has no `fdatasync`.
_sync_data = getattr(os, "fdatasync", os.fsync)


def _pieces(data: memoryview) -> Iterator[memoryview]:
    for first in range(0, len(data), _AT_ONCE):
        yield data[first : first + _AT_ONCE]


def _reserve(fd: int, size: int) -> None:
    """Have the file system set the room aside, where it can."""
    if hasattr(os, "posix_fallocate"):
        try:
            os.posix_fallocate(fd, 0, size)
        except OSError as error:
            if error.errno not in {errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS}:
                raise
    os.ftruncate(fd, size)
