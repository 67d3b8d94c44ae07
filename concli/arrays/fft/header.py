"""The header of a ``.npy`` file, read and written without touching what follows it.

Source: the format's description in ``numpy.lib.format``. Pickled objects are refused: to load one runs its code.
"""

import io
import math
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from concli.errors import InputError

__all__ = ["Header", "header_bytes", "read_header"]


class Header(NamedTuple):
    """What an array in a file is, and where its values begin."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran: bool
    offset: int

    @property
    def nbytes(self) -> int:
        """The bytes of the values."""
        return math.prod(self.shape) * self.dtype.itemsize


def read_header(name: str, file: BinaryIO) -> Header:
    """Read the header at the start of ``file``. Raises ``InputError`` and ``OSError``."""
    try:
        version = np.lib.format.read_magic(file)
        if version == (1, 0):
            shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
        elif version in {(2, 0), (3, 0)}:  # they differ in the encoding of field names alone
            shape, fortran, dtype = np.lib.format.read_array_header_2_0(file)
        else:
            raise InputError(name, f"version {version[0]}.{version[1]} of the .npy format is unknown")
    except (ValueError, EOFError, SyntaxError, TypeError) as error:
        raise InputError(name, "this is no .npy file, or its header is damaged") from error
    if dtype.hasobject:
        raise InputError(name, "it holds pickled objects, which are not loaded; save it as numbers")
    if any(length < 0 for length in shape):
        raise InputError(name, "its header is damaged: a negative length")
    return Header(shape, dtype, fortran and len(shape) > 1, file.tell())


def header_bytes(shape: tuple[int, ...], dtype: np.dtype[Any]) -> bytes:
    """Return the header of an array in C order; its length is a multiple of 64."""
    buffer = io.BytesIO()
    descr = np.lib.format.dtype_to_descr(dtype)
    np.lib.format.write_array_header_1_0(buffer, {"descr": descr, "fortran_order": False, "shape": shape})
    return buffer.getvalue()
