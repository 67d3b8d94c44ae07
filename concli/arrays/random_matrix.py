"""Random matrices that are the same for any number of threads.

>>> a, b = np.empty((2, 3)), np.empty((3, 2))
>>> for fill in fill_items(a, b, seed=7):
...     fill()
>>> bool(a.min() >= 0 and b.max() < 1)
True
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from concli.arrays.tiles import bands

__all__ = ["fill_items"]

Array = npt.NDArray[Any]

_ELEMENTS = 1 << 18  # that come of one seed


def fill_items(a: Array, b: Array, seed: int) -> list[Callable[[], None]]:
    """Return what fills parts of both with numbers from 0 to 1."""
    items: list[Callable[[], None]] = []
    for which, matrix in enumerate((a, b)):
        step = max(1, _ELEMENTS // max(1, matrix.shape[1]))
        items += [partial(_fill, matrix[band], [seed, which, band.start]) for band in bands(len(matrix), step)]
    return items


def _fill(part: Array, seed: list[int]) -> None:
    np.random.Generator(np.random.SFC64(seed)).random(out=part, dtype=part.dtype)
