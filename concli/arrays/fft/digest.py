"""A checksum of a chunk that costs less than to write it.

The sums of all rows and of all columns, as 64-bit numbers, and of these BLAKE2b. Whatever changes one row, or
one column, is seen for certain, and so is a page that is missing or in another's place; it is no protection
against somebody who means it.

>>> digest(np.zeros((2, 2))) == digest(np.zeros((2, 2)))
True
"""

import hashlib
from collections.abc import Iterable

import numpy as np

from concli.arrays.fft.backends import Array

__all__ = ["combined", "digest"]

_BLOCK_BYTES = 1 << 22


def digest(values: Array) -> str:
    """Return the checksum of a chunk, which must be in C order."""
    rows = values.shape[0]
    words = values.reshape(rows, -1).view(np.uint64 if values.strides[0] % 8 == 0 else np.uint32)
    down = np.zeros(words.shape[1], np.uint64)
    across = np.empty(rows, np.uint64)
    step = max(1, _BLOCK_BYTES // max(1, values.strides[0]))
    for first in range(0, rows, step):  # both sums of what is in the cache
        block = words[first : first + step]
        down += np.add.reduce(block, axis=0, dtype=np.uint64)
        np.add.reduce(block, axis=1, dtype=np.uint64, out=across[first : first + step])
    whole = hashlib.blake2b(repr((values.shape, values.dtype.str)).encode(), digest_size=16)
    whole.update(down.data)
    whole.update(across.data)
    return whole.hexdigest()


def combined(digests: Iterable[tuple[int, str]]) -> str:
    """Return the checksum of a stack: of its chunks' numbers and checksums, in the order of the numbers."""
    whole = hashlib.blake2b(digest_size=16)
    for number, each in sorted(digests):
        whole.update(f"{number} {each}\n".encode())
    return whole.hexdigest()
