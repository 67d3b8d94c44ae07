"""Chunks in files, which hold one chunk (two axes) or a stack of them along their first axis (three).

Files are read rather than mapped: one that is cut short or can't be read is then an error of that chunk, where a
mapping ends the process by a signal. A stack in Fortran order alone is mapped, as a chunk of it is spread over all of
the file; it must not be cut while it is read.
"""

import errno
import math
import mmap
import os
from collections.abc import Sequence
from functools import partial
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from concli.arrays.fft._source import Again, ChunkError, ReadError
from concli.arrays.fft.fourier import Array
from concli.arrays.fft.header import Header
from concli.arrays.travel import Origin

__all__ = ["Files", "Part", "shown"]

# What trying again does not mend.
_LASTING = {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EACCES, errno.EPERM, errno.ELOOP, errno.ENAMETOOLONG}


class Part(NamedTuple):
    """A file, and how many chunks are in it, of which the first has the number ``first``."""

    path: str
    header: Header | None  # None where it is damaged: one chunk that can't be had
    first: int
    chunks: int
    problem: str = ""

    @property
    def is_spread(self) -> bool:
        """Whether each chunk is spread over all of the file."""
        return self.header is not None and self.header.fortran and self.chunks > 1


class _Opened(NamedTuple):
    part: Part
    file: BinaryIO
    origin: Origin


class Files:
    """Chunks in files, of which one at a time is open. ``load`` is to be called by one thread."""

    def __init__(self, parts: Sequence[Part], shape: tuple[int, int], dtype: np.dtype[Any], count: int) -> None:
        self.shape, self.dtype, self.count = shape, dtype, count
        self._parts = parts
        self._firsts = [part.first for part in parts]
        self._opened: _Opened | None = None

    @property
    def spare_bytes(self) -> int:
        """See ``Source``."""
        return math.prod(self.shape) * self.dtype.itemsize

    @property
    def unbounded_bytes(self) -> int:
        """Those of the files that are mapped."""
        return sum(part.header.nbytes for part in self._parts if part.header is not None and part.is_spread)

    def name(self, number: int) -> str:
        """See ``Source``."""
        part = self._part(number)
        return part.path if part.chunks == 1 else f"{part.path}[{number - part.first}]"

    def identity(self) -> object:
        """See ``Source``."""
        return [[os.path.realpath(part.path), *_state(part.path)] for part in self._parts]

    def load(self, number: int, spare: Array) -> Array:
        """See ``Source``."""
        part = self._part(number)
        if part.header is None:
            raise ChunkError(part.problem)
        shape = part.header.shape[-2:]
        if shape != self.shape or part.header.dtype != self.dtype:
            found = f"{shown(shape)} {part.header.dtype.name}"
            raise ChunkError(f"it is {found}, the first chunk is {shown(self.shape)} {self.dtype.name}")
        index = number - part.first
        try:
            file = self._file(part)
            if part.is_spread:
                return np.asarray(_mapped(file, part.header)[index])
            _read(file, part.header.offset + index * self.spare_bytes, spare)
        except OSError as error:
            self.close()
            reason = os.strerror(error.errno).lower() if error.errno else str(error)
            raise (ChunkError if error.errno in _LASTING else ReadError)(reason) from error
        values = spare.view(self.dtype)
        return values.reshape(self.shape, order="F" if part.header.fortran else "C")

    def again(self, number: int) -> Again | None:
        """See ``Source``."""
        part = self._part(number)
        if self._opened is None or part.header is None or part.is_spread:
            return None
        origin = self._opened.origin
        origin = origin._replace(offset=part.header.offset + (number - part.first) * self.spare_bytes)
        return partial(origin.read, self.shape, self.dtype, "F" if part.header.fortran else "C")

    def close(self) -> None:
        """See ``Source``."""
        if self._opened is not None:
            self._opened.file.close()
        self._opened = None

    def _part(self, number: int) -> Part:
        return self._parts[int(np.searchsorted(self._firsts, number, side="right")) - 1]

    def _file(self, part: Part) -> BinaryIO:
        if self._opened is None or self._opened.part is not part:
            self.close()
            file = open(part.path, "rb", buffering=0)  # noqa: SIM115 - `close` does
            self._opened = _Opened(part, file, Origin.of(part.path, 0, os.fstat(file.fileno())))
        return self._opened.file


def _read(file: BinaryIO, place: int, spare: Array) -> None:
    """Fill ``spare`` with the bytes from ``place`` on. Raises ``ChunkError`` where the file ends too early."""
    room = spare.data
    while room:
        count = os.preadv(file.fileno(), [room], place)
        if not count:
            raise ChunkError(f"the file ends {len(room):,} bytes too early")
        room, place = room[count:], place + count


def _mapped(file: BinaryIO, header: Header) -> Array:
    """Return the whole array. Raises ``ChunkError`` where the file is too short for it, and ``OSError``."""
    missing = header.offset + header.nbytes - os.fstat(file.fileno()).st_size
    if missing > 0:
        raise ChunkError(f"the file ends {missing:,} bytes too early")
    mapping = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)  # it is there as long as an array of it
    return np.ndarray(header.shape, header.dtype, mapping, header.offset, order="F")


def _state(path: str) -> tuple[int, int]:
    try:
        status = os.stat(path)
    except OSError:
        return 0, 0
    return status.st_size, status.st_mtime_ns


def shown(shape: Sequence[int]) -> str:
    """Return a shape as it is written for people: ``3x4``."""
    return "x".join(map(str, shape))
