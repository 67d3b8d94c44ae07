"""Matrices in ``.npy`` files: mapped to be read, and written whole or not at all.

A file is looked at before it is mapped: one that is damaged, cut short, or holds pickled objects is refused, and
nothing in it is ever executed.
"""

import contextlib
import io
import math
import mmap
import os
import stat
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from concli.arrays.travel import Origin
from concli.drafts import Draft
from concli.errors import InputError, OutputError, UsageError
from concli.files import Output, open_output

__all__ = ["Matrix", "MatrixOutput", "header_of", "is_mappable", "open_matrix", "open_pair", "opened", "write_matrix"]

Array = npt.NDArray[Any]

_KINDS = "biufc"  # bool, integers, floats, complex numbers
_AT_ONCE = 1 << 24


class Matrix(NamedTuple):
    """A matrix that is read from ``path``, or stands in memory without one."""

    array: Array
    path: str | None = None

    def release(self) -> None:
        """Let the system take back the memory of a mapped matrix; it is read again when it is needed."""
        mapped = getattr(self.array, "_mmap", None)
        if mapped is not None and hasattr(mmap, "MADV_DONTNEED"):
            with contextlib.suppress(OSError, ValueError):
                mapped.madvise(mmap.MADV_DONTNEED)


def open_matrix(path: str) -> Matrix:
    """Map the matrix in a ``.npy`` file, to read. Raises ``InputError``."""
    try:
        with open(path, "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise InputError(path, "this is no regular file, which could be mapped; write the matrix to one")
            shape, is_fortran, dtype = _read_header(path, file)
            offset = file.tell()
            _refuse(path, shape, dtype)
            missing = offset + math.prod(shape) * dtype.itemsize - status.st_size
            if missing > 0:
                raise InputError(path, f"damaged: it ends {missing:,} bytes before the matrix does; copy it again")
            order: Literal["F", "C"] = "F" if is_fortran else "C"
            if not math.prod(shape):
                return Matrix(np.empty(shape, dtype, order), path)
            mapped: Any = np.memmap(file, dtype, "r", offset, shape, order)
            mapped.origin = Origin.of(path, offset, status)
            return Matrix(mapped, path)
    except OSError as error:
        raise InputError(path, error) from error
    except (MemoryError, OverflowError, ValueError) as error:
        raise InputError(path, f"can't be mapped: {_one_line(error)}") from error


def open_pair(a: str | Array | None, b: str | Array | None) -> tuple[Matrix | None, Matrix | None]:
    """Open two that are to be multiplied: matrices, paths, or neither. Raises ``UsageError`` and ``InputError``."""
    if a is None and b is None:
        return None, None
    if a is None or b is None:
        raise UsageError("-a and -b: give both, or neither for random matrices")
    left, right = (open_matrix(one) if isinstance(one, str) else Matrix(one) for one in (a, b))
    if left.array.shape[1] != right.array.shape[0]:
        (m, k), (n, p) = left.array.shape, right.array.shape
        raise InputError(
            right.path or "the right matrix",
            f"it is {n}x{p}, and {left.path or 'the left one'} is {m}x{k}: the left one needs as many columns as this "
            "has rows",
        )
    return left, right


def _read_header(path: str, file: io.BufferedReader) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    start = file.read(6)
    if start[:4] == b"PK\x03\x04":
        raise InputError(path, "this is an archive (.npz); take the one matrix out of it and save it with numpy.save")
    if start != b"\x93NUMPY":
        raise InputError(path, "this is no .npy file; write one with numpy.save")
    file.seek(0)
    try:
        version = np.lib.format.read_magic(file)
        if version == (1, 0):
            return np.lib.format.read_array_header_1_0(file)
        if version in ((2, 0), (3, 0)):
            # The third differs in its names of fields only, and a matrix has none.
            return np.lib.format.read_array_header_2_0(file)
    except Exception as error:
        raise InputError(path, f"damaged: its header can't be read ({_one_line(error)}); copy it again") from error
    raise InputError(path, f"this is a .npy file of version {version[0]}.{version[1]}, which is not known")


def _refuse(path: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    if dtype.hasobject:
        raise InputError(path, "it holds pickled Python objects, which could run anything; save numbers")
    if dtype.kind not in _KINDS or dtype.itemsize > (16 if dtype.kind == "c" else 8):
        raise InputError(path, f"its elements are {dtype}; matmul takes integers, floats and complex numbers to 64 bit")
    if len(shape) != 2:
        raise InputError(path, f"this has {len(shape)} axes, a matrix has 2; reshape it")
    if min(shape) < 0:
        raise InputError(path, f"damaged: its shape is {shape}; copy it again")


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:100] or type(error).__name__


def header_of(shape: tuple[int, int], dtype: np.dtype[Any]) -> bytes:
    """Return what stands in a ``.npy`` file before a matrix in C order."""
    header = io.BytesIO()
    described = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(header, described)
    return header.getvalue()


@contextlib.contextmanager
def opened(path: str | None) -> Iterator[Output | None]:
    """Open the output, if there is to be one, and put it in its place if all goes well."""
    if path is None:
        yield None
        return
    output = open_output(path)
    try:
        yield output
        output.commit()
    except BaseException:
        output.abort()
        raise


def write_matrix(output: Output, array: Array) -> int:
    """Write a matrix in C order as a ``.npy`` file; return the number of bytes. Raises ``OutputError``."""
    rows, columns = array.shape
    written = output.write([header_of((rows, columns), array.dtype)])
    flat = array.reshape(-1).view(np.uint8).data
    for start in range(0, len(flat), _AT_ONCE):
        written += output.write([flat[start : start + _AT_ONCE]])
    return written


def is_mappable(path: str | None) -> bool:
    """Tell whether what is written there can be mapped: a regular file, or one that is still to be made."""
    return path is not None and path != "-" and (os.path.isfile(path) or not os.path.exists(path))


class MatrixOutput:
    """A matrix that is made in a mapped file beside its place, and put there by ``commit``."""

    def __init__(self, path: str, shape: tuple[int, int], dtype: np.dtype[Any]) -> None:
        """Make room for it on the disk. Raises ``OutputError``."""
        self.name = path
        self._draft = Draft(path)
        header = header_of(shape, dtype)
        try:
            with open(self._draft.open(os.O_RDWR), "r+b") as file:
                # A disk that is full must be known now: a mapping that can't be written kills the process.
                os.posix_fallocate(file.fileno(), 0, len(header) + math.prod(shape) * dtype.itemsize)
                os.pwrite(file.fileno(), header, 0)
                self.matrix = Matrix(np.memmap(file, dtype, "r+", len(header), shape, "C"), path)
        except (OSError, ValueError, MemoryError) as error:
            self.abort()
            raise OutputError(path, error if isinstance(error, OSError) else _one_line(error)) from error
        except BaseException:
            self.abort()
            raise

    def commit(self) -> None:
        """Sync it and put it in its place. Raises ``OutputError``."""
        try:
            mapped: Any = self.matrix.array
            mapped.flush()
        except OSError as error:
            self.abort()
            raise OutputError(self.name, error) from error
        self._draft.commit()

    def abort(self) -> None:
        """Leave the place as it was."""
        self._draft.abort()
