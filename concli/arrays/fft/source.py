"""Where chunks come from, as the caller has named it. Which chunks there are is known before the first is read."""

import glob
import math
import os
import stat
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from concli.arrays.fft._source import Source
from concli.arrays.fft.chance import Chance
from concli.arrays.fft.chunk_files import Files, Part, shown
from concli.arrays.fft.header import Header, read_header
from concli.errors import InputError, UsageError

__all__ = ["find_source"]

_NO_PLACES = "chunks are read from their places in a regular file; save it to one and name that"


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
    parts: list[Part] = []
    problems: list[InputError] = []
    first = 0
    for path in _paths(inputs):
        try:
            part = _examined(path, first, shape, dtype)
        except (InputError, OSError) as error:
            problem = error if isinstance(error, InputError) else InputError(path, error)
            problems.append(problem)
            part = Part(path, None, first, 1, problem.problem)
        if part.chunks:
            parts.append(part)
            first += part.chunks
    known = next((part.header for part in parts if part.header is not None), None)
    if known is None:
        raise problems[0] if problems else InputError(inputs[0], "there are no chunks in it")
    wanted = known.shape[-2:]
    if shape is not None and wanted != shape:
        raise UsageError(f"--shape {shown(shape)}: the chunks are {shown(wanted)}")
    return Files(parts, (wanted[0], wanted[1]), known.dtype, first if chunks is None else min(chunks, first))


def _paths(inputs: Sequence[str]) -> Iterator[str]:
    for each in inputs:
        if each == "-":
            raise InputError("standard input", _NO_PLACES)
        if os.path.isdir(each):
            yield from sorted(glob.glob(os.path.join(glob.escape(each), "*.npy")))
        else:
            yield each


def _examined(path: str, first: int, shape: tuple[int, int] | None, dtype: np.dtype[Any] | None) -> Part:
    status = os.stat(path)
    if not stat.S_ISREG(status.st_mode):
        raise InputError(path, _NO_PLACES)  # to open a pipe would be to wait for its writer
    with open(path, "rb") as file:
        is_npy = file.read(6) == b"\x93NUMPY"
        file.seek(0)
        if not is_npy and dtype is not None and not path.endswith(".npy"):
            if shape is None:
                raise UsageError("--dtype: of raw values the --shape of a chunk must be known too")
            count = -(
                -status.st_size // max(1, math.prod(shape) * dtype.itemsize)
            )  # of which the last may not be whole
            return Part(path, Header((count, *shape), dtype, False, 0), first, count)
        if not is_npy and not path.endswith(".npy"):
            raise InputError(path, "this is no .npy file; raw values need --dtype and --shape")
        header = read_header(path, file)
    if len(header.shape) not in {2, 3}:
        raise InputError(path, f"an array of {len(header.shape)} axes; a chunk has 2, a stack 3")
    return Part(path, header, first, header.shape[0] if len(header.shape) == 3 else 1)
