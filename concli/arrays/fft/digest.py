"""A checksum of a chunk that costs less than to write it.

The sums of all rows and of all columns, as 64-bit numbers, and of these BLAKE2b. Whatever changes one row, or
one column, is seen for certain, and so is a page that is missing or in another's place; it is no protection
against somebody who means it.

As sums they may be made of parts in any order, and those of the half of a spectrum that mirrors the other follow
from the other's.

>>> digest(np.zeros((2, 2))) == digest(np.zeros((2, 2)))
True
"""

import hashlib
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from concli.arrays.fft.fourier import Array

__all__ = ["Sums", "combined", "digest"]

_BLOCK_BYTES = 1 << 22
_SIGN = np.uint64(1 << 63)


class Sums:
    """The sums of the rows and columns of a chunk in C order, whose first columns are added as they are at hand."""

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[np.generic]) -> None:
        self._of = repr((shape, dtype.str)).encode()
        row_bytes = shape[1] * dtype.itemsize
        self._word = np.dtype(np.uint64 if row_bytes % 8 == 0 else np.uint32)
        self._down = np.zeros(row_bytes // self._word.itemsize, np.uint64)
        self._across = np.zeros(shape[0], np.uint64)

    def add(self, first: int, rows: Array) -> None:
        """Add the first columns of some rows, the first of which is number ``first``."""
        words = rows.view(self._word)
        self._down[: words.shape[1]] += np.add.reduce(words, axis=0, dtype=np.uint64)
        self._across[first : first + len(words)] += np.add.reduce(words, axis=1, dtype=np.uint64)

    def mirror(self, left: Array) -> None:
        """Add the right of a ``complex128`` spectrum of real values, of which ``left`` is all that was added.

        A value there is one on the left with the other sign in its imaginary part: to turn the highest bit of a
        word is to add that bit.
        """
        rows, columns = left.shape
        count = len(self._down) // 2 - columns
        of_columns = self._down.reshape(-1, 2)  # the real parts' and the imaginary parts'
        of_columns[columns:] = of_columns[count:0:-1]
        if rows % 2:
            of_columns[columns:, 1] += _SIGN
        twice = self._across - _sums_of(left[:, 0])  # of what is both on the left and on the right
        if columns > count + 1:
            twice -= _sums_of(left[:, -1])
        if count % 2:
            twice += _SIGN
        self._across[:1] += twice[:1]
        self._across[1:] += twice[:0:-1]

    def digest(self) -> str:
        """Return the checksum of what was added."""
        whole = hashlib.blake2b(self._of, digest_size=16)
        whole.update(self._down.data)
        whole.update(self._across.data)
        return whole.hexdigest()


def digest(values: Array) -> str:
    """Return the checksum of a chunk, which must be in C order."""
    sums = Sums(values.shape, values.dtype)
    step = max(1, _BLOCK_BYTES // max(1, values.strides[0]))
    for first in range(0, len(values), step):  # both sums of what is in the cache
        sums.add(first, values[first : first + step])
    return sums.digest()


def combined(digests: Iterable[tuple[int, str]]) -> str:
    """Return the checksum of a stack: of its chunks' numbers and checksums, in the order of the numbers."""
    whole = hashlib.blake2b(digest_size=16)
    for number, each in sorted(digests):
        whole.update(f"{number} {each}\n".encode())
    return whole.hexdigest()


def _sums_of(column: Array) -> npt.NDArray[np.uint64]:
    """Return the sums of the words of each of these complex values."""
    words = np.ascontiguousarray(column).view(np.uint64).reshape(-1, 2)
    return words[:, 0] + words[:, 1]
