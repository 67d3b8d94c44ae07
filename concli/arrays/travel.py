"""Arrays that go to where the work is done, and what comes of them back to where it is wanted.

In the job's own threads nothing is copied, nor for worker processes what lies in a place's buffers. Of what is mapped
from a file its place there is sent, and the worker maps it too. All else is copied; to a cluster as little as may be.

>>> import pickle
>>> part = Part(np.arange(12.0).reshape(3, 4)[1:, :2])
>>> pickle.loads(pickle.dumps(part)).array
array([[4., 5.],
       [8., 9.]])
"""

import contextlib
import functools
import math
import os
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import as_strided

from concli.engines.engine import Place
from concli.errors import InputError

__all__ = ["New", "Origin", "Part", "new_array", "put"]

Array = npt.NDArray[Any]
#: ``new(shape, dtype)`` returns an array in C order
New = Callable[[tuple[int, ...], np.dtype[Any]], Array]

_MAPS = 4  # files that a worker keeps mapped: the inputs of a run


def new_array(place: Place[Any, Any], shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Return an array in C order of zeros, in a buffer of the place."""
    return np.ndarray(shape, dtype, place.buffer(math.prod(shape) * dtype.itemsize))


def put(result: Array, out: Array) -> None:
    """Have in ``out`` what was made for it, which is there already unless it was made elsewhere."""
    if result is not out and not np.may_share_memory(result, out):
        np.copyto(out, result)


class Origin(NamedTuple):
    """The bytes of a file that an array is mapped from, and what tells that file from another of its name."""

    path: str
    offset: int
    state: tuple[int, int]

    @classmethod
    def of(cls, path: str, offset: int, status: os.stat_result) -> "Origin":
        """Return the origin of what begins at ``offset`` in a file whose status was this when it was mapped."""
        return cls(os.path.abspath(path), offset, (status.st_size, status.st_mtime_ns))

    @contextlib.contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """Open the file where a worker is. Raises ``InputError`` if it can't be read, or is not what it was."""
        try:
            with open(self.path, "rb", buffering=0) as file:
                if Origin.of(self.path, 0, os.fstat(file.fileno())).state != self.state:
                    raise InputError(self.path, "it has changed since it was opened, or is another one for the worker")
                yield file
        except OSError as error:
            raise InputError(self.path, error) from error

    def map(self) -> Any:
        """Map all of the file. Raises ``InputError``."""
        with self.opened() as file:
            return np.memmap(file, np.uint8, "r")

    def read(self, shape: tuple[int, int], dtype: np.dtype[Any], order: Literal["C", "F"]) -> Array:
        """Read an array. Raises ``InputError``."""
        with self.opened() as file:
            values = np.fromfile(file, dtype, math.prod(shape), offset=self.offset)
        if values.size < math.prod(shape):
            raise InputError(self.path, "it ends too early")
        return values.reshape(shape, order=order)


class Part(NamedTuple):
    """A part of a matrix, whose strides are not negative.

    It travels as all bytes from its first element to its last, which need no copy. If what it is a part of has an
    ``origin``, it travels as the place in that file.
    """

    array: Array

    def __reduce__(self) -> tuple[Any, ...]:
        """Take it apart for ``pickle``."""
        array = self.array
        root = _root(array)
        origin: Origin | None = getattr(root, "origin", None)
        if origin is not None:
            offset = origin.offset + _address(array) - _address(root)
            return _from_file, (origin._replace(offset=0), offset, array.dtype.str, array.shape, array.strides)
        steps = sum((length - 1) * stride for length, stride in zip(array.shape, array.strides, strict=True))
        length = steps // array.itemsize + 1 if array.size else 0
        return _from_flat, (as_strided(array, (length,), (array.itemsize,)), array.shape, array.strides)

    def alone(self) -> "Part":
        """Return it without what lies between, for where all that is sent is copied."""
        flags = self.array.flags
        is_together = flags.c_contiguous or flags.f_contiguous or hasattr(_root(self.array), "origin")
        return self if is_together else Part(self.array.copy("K"))


def _from_flat(flat: Array, shape: tuple[int, ...], strides: tuple[int, ...]) -> Part:
    return Part(as_strided(flat, shape, strides))


def _from_file(origin: Origin, offset: int, dtype: str, shape: tuple[int, ...], strides: tuple[int, ...]) -> Part:
    return Part(np.ndarray(shape, dtype, _mapped(origin), offset, strides))


_mapped = functools.lru_cache(_MAPS)(Origin.map)


def _root(array: Array) -> Array:
    """Return the array that has the memory, or the mapping."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def _address(array: Array) -> int:
    return int(array.__array_interface__["data"][0])
