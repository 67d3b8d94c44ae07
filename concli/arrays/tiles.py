"""The parts that a matrix is cut into, so that many threads may work on it.

A tile as wide as the whole product is best: BLAS then copies its part of the left matrix once. There are at least as
many as workers, if that can be, some more where they stay large, so that a slow worker takes fewer, and none takes so
long that an interrupt or a look at the live figures would have to wait.

>>> [tile.columns for tile in tiles(4, 1000, 10, 2)]
[slice(0, 512, None), slice(512, 1000, None)]
"""

import math
from typing import NamedTuple

__all__ = ["Tile", "bands", "tiles"]

_TALL = 1024  # rows of a tile, from which on there are two a worker: each copies all of the right matrix
_ROWS = 512
_LEAST = 64  # rows or columns, and a step that suits the kernels
_MOST_FLOPS = 1 << 35


class Tile(NamedTuple):
    """A part of a product: these rows and columns."""

    rows: slice
    columns: slice


def bands(length: int, step: int) -> list[slice]:
    """Cut ``length`` into slices of ``step``, the last of what is left."""
    return [slice(start, min(start + step, length)) for start in range(0, length, max(1, step))]


def tiles(rows: int, columns: int, inner: int, workers: int) -> list[Tile]:
    """Cut a product of ``rows`` x ``inner`` by ``inner`` x ``columns`` for so many workers."""
    if not rows or not columns:
        return []
    height, width = _share(rows, 2 * workers), columns
    if height < _TALL:
        height = _share(rows, workers)
    height, side = min(rows, height), math.sqrt(rows * columns / workers)
    if height < min(_ROWS / 2, side):  # narrow strips; squares copy less
        height = min(rows, _share(int(side), 1))
        width = _share(columns, -(-workers * height // rows))
    while 2 * height * width * inner > _MOST_FLOPS and max(height, width) > 2 * _ROWS:
        if width >= 2 * height:
            width = _share(width, 2)
        else:
            height = _share(height, 2)
    return [Tile(across, along) for across in bands(rows, height) for along in bands(columns, width)]


def _share(length: int, parts: int) -> int:
    """Return one of so many parts of ``length``, rounded up to a step."""
    return max(1, -(-length // (parts * _LEAST))) * _LEAST
