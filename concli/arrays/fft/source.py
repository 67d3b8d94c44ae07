"""Where chunks come from: files that are mapped, or chance.

A file holds one chunk (two axes), or a stack of them along its first axis (three). A file of raw values is
what the caller says it is. Which chunks there are is known before the first is read.
"""

import glob
import math
import mmap
import os
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from concli.arrays.fft.backends import Array
from concli.arrays.fft.header import Header, read_header
from concli.errors import InputError, UsageError

__all__ = ["Chance", "ChunkError", "Files", "Loaded", "Source", "find_source"]


class ChunkError(Exception):
    """A chunk could not be had, or not be transformed; the others can."""


class Loaded(NamedTuple):
    """A chunk in memory, which is the source's own: nobody writes to it. ``release`` it when it has been used."""

    values: Array
    mapping: mmap.mmap | None = None
    first: int = 0
    length: int = 0

    def release(self) -> None:
        """Let go of the memory; of a mapped file, the pages stay with the system for as long as it likes."""
        if self.mapping is not None and self.length and hasattr(mmap, "MADV_DONTNEED"):
            # Whole pages: what a neighbour shares is read again from the system's cache.
            begin = self.first - self.first % mmap.PAGESIZE
            self.mapping.madvise(mmap.MADV_DONTNEED, begin, self.first + self.length - begin)


class Source(Protocol):
    """A number of chunks of one shape and type."""

    count: int
    shape: tuple[int, int]
    dtype: np.dtype[Any]

    def load(self, number: int, spare: Array) -> Loaded:
        """Return a chunk, in ``spare`` if it has to be somewhere. Raises ``ChunkError``."""

    def name(self, number: int) -> str:
        """Say which chunk it is."""

    def identity(self) -> object:
        """Return what tells these chunks from others: plain values."""

    @property
    def spare_bytes(self) -> int:
        """The size that ``spare`` must have."""

    @property
    def unbounded_bytes(self) -> int:
        """The bytes that may be resident beside the chunks in flight."""

    def close(self) -> None:
        """Let go of all files."""


class Chance:
    """Uniformly distributed chunks; each depends on the seed and its number alone."""

    def __init__(self, count: int, shape: tuple[int, int], dtype: np.dtype[Any], seed: int) -> None:
        if dtype.kind not in "fc" or dtype.itemsize not in ({4, 8} if dtype.kind == "f" else {8, 16}):
            raise UsageError("--dtype: random chunks are of float32, float64, complex64 or complex128")
        self.count, self.shape, self.dtype = count, shape, dtype
        self._seed = seed

    @property
    def spare_bytes(self) -> int:
        """See ``Source``."""
        return math.prod(self.shape) * self.dtype.itemsize

    @property
    def unbounded_bytes(self) -> int:
        """See ``Source``."""
        return 0

    def load(self, number: int, spare: Array) -> Loaded:
        """See ``Source``."""
        values = spare.view(self.dtype).reshape(self.shape)
        parts = values.view(values.real.dtype)
        generator = np.random.Generator(np.random.SFC64(np.random.SeedSequence([self._seed, number])))
        generator.random(out=parts, dtype=parts.dtype.type)
        parts -= 0.5
        return Loaded(values)

    def name(self, number: int) -> str:
        """See ``Source``."""
        return f"random chunk {number}"

    def identity(self) -> object:
        """See ``Source``."""
        return {"seed": self._seed}

    def close(self) -> None:
        """See ``Source``."""


class _Part(NamedTuple):
    """A file, and the chunks in it: ``count`` of them, the first with this number."""

    path: str
    header: Header | None  # None where it is damaged: one chunk that can't be had
    first: int
    chunks: int
    problem: str = ""


class Files:
    """Chunks in files. One file at a time is mapped, and those whose chunks are still in use."""

    spare_bytes = 0

    def __init__(self, parts: Sequence[_Part], shape: tuple[int, int], dtype: np.dtype[Any], count: int) -> None:
        self.shape, self.dtype, self.count = shape, dtype, count
        self._parts = parts
        self._firsts = [part.first for part in parts]
        self._mapped: tuple[_Part, mmap.mmap] | None = None  # the reader's alone

    @property
    def unbounded_bytes(self) -> int:
        """A chunk of a stack in Fortran order is spread over all of the file."""
        headers = [part.header for part in self._parts if part.header is not None]
        return sum(header.nbytes for header in headers if header.fortran)

    def name(self, number: int) -> str:
        """See ``Source``."""
        part = self._part(number)
        return part.path if part.chunks == 1 else f"{part.path}[{number - part.first}]"

    def identity(self) -> object:
        """See ``Source``."""
        return [[os.path.realpath(part.path), *_state(part.path)] for part in self._parts]

    def load(self, number: int, spare: Array) -> Loaded:  # noqa: ARG002 - a mapped chunk is where it is
        """See ``Source``."""
        part = self._part(number)
        if part.header is None:
            raise ChunkError(part.problem)
        shape = part.header.shape[-2:]
        if shape != self.shape or part.header.dtype != self.dtype:
            found = f"{_by(shape)} {part.header.dtype.name}"
            raise ChunkError(f"it is {found}, the first chunk is {_by(self.shape)} {self.dtype.name}")
        index, size = number - part.first, math.prod(self.shape) * self.dtype.itemsize
        first = part.header.offset + index * size
        try:
            mapping = self._mapping(part)
            there = os.stat(part.path).st_size
        except (OSError, ValueError) as error:
            raise ChunkError(str(error).lower()) from error
        whole = part.header.offset + part.header.nbytes if part.header.fortran else first + size
        if min(there, len(mapping)) < whole:
            raise ChunkError(f"the file ends {whole - min(there, len(mapping)):,} bytes too early")
        if part.header.fortran:
            values = np.ndarray(part.header.shape, self.dtype, mapping, part.header.offset, order="F")
            return Loaded(values[index] if values.ndim == 3 else values)
        if hasattr(mmap, "MADV_WILLNEED"):
            mapping.madvise(mmap.MADV_WILLNEED, first - first % mmap.PAGESIZE, size + first % mmap.PAGESIZE)
        return Loaded(np.ndarray(self.shape, self.dtype, mapping, first), mapping, first, size)

    def close(self) -> None:
        """See ``Source``."""
        self._mapped = None  # whoever still has a chunk of it keeps it

    def _part(self, number: int) -> _Part:
        return self._parts[int(np.searchsorted(self._firsts, number, side="right")) - 1]

    def _mapping(self, part: _Part) -> mmap.mmap:
        if self._mapped is None or self._mapped[0] is not part:
            with open(part.path, "rb") as file:
                self._mapped = part, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        return self._mapped[1]


def find_source(
    inputs: Sequence[str],
    *,
    chunks: int | None = None,
    shape: tuple[int, int] | None = None,
    dtype: np.dtype[Any] | None = None,
    seed: int = 0,
) -> Source:
    """Return the chunks of ``inputs``, the first ``chunks`` of them; without inputs, random ones.

    With ``dtype``, files that are no ``.npy`` are raw values, chunk after chunk of ``shape``. Raises ``InputError``
    if no chunk can be had, and ``UsageError``.
    """
    if not inputs:
        return Chance(100 if chunks is None else chunks, shape or (1000, 1000), dtype or np.dtype(float), seed)
    parts: list[_Part] = []
    problems: list[InputError] = []
    first = 0
    for path in _paths(inputs):
        try:
            part = _examined(path, first, shape, dtype)
        except (InputError, OSError) as error:
            problem = error if isinstance(error, InputError) else InputError(path, error)
            problems.append(problem)
            part = _Part(path, None, first, 1, problem.problem)
        if part.chunks:
            parts.append(part)
            first += part.chunks
    known = next((part.header for part in parts if part.header is not None), None)
    if known is None:
        raise problems[0] if problems else InputError(inputs[0], "there are no chunks in it")
    wanted = known.shape[-2:]
    if shape is not None and wanted != shape:
        raise UsageError(f"--shape {_by(shape)}: the chunks are {_by(wanted)}")
    return Files(parts, (wanted[0], wanted[1]), known.dtype, first if chunks is None else min(chunks, first))


def _paths(inputs: Sequence[str]) -> Iterator[str]:
    for each in inputs:
        if os.path.isdir(each):
            yield from sorted(glob.glob(os.path.join(glob.escape(each), "*.npy")))
        else:
            yield each


def _examined(path: str, first: int, shape: tuple[int, int] | None, dtype: np.dtype[Any] | None) -> _Part:
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        is_npy = file.read(6) == b"\x93NUMPY"
        file.seek(0)
        if not is_npy and dtype is not None and not path.endswith(".npy"):
            if shape is None:
                raise UsageError("--dtype: of raw values the --shape of a chunk must be known too")
            count = -(-size // max(1, math.prod(shape) * dtype.itemsize))  # of which the last may not be whole
            return _Part(path, Header((count, *shape), dtype, False, 0), first, count)
        if not is_npy and not path.endswith(".npy"):
            raise InputError(path, "this is no .npy file; raw values need --dtype and --shape")
        header = read_header(path, file)
    if len(header.shape) not in {2, 3}:
        raise InputError(path, f"an array of {len(header.shape)} axes; a chunk has 2, a stack 3")
    return _Part(path, header, first, header.shape[0] if len(header.shape) == 3 else 1)


def _state(path: str) -> tuple[int, int]:
    try:
        status = os.stat(path)
    except OSError:
        return 0, 0
    return status.st_size, status.st_mtime_ns


def _by(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape))
