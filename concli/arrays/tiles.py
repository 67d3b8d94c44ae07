"""The parts that a matrix is cut into, so that many threads may work on it.

How a product is cut depends on its lengths alone, never on who works on it: BLAS rounds an element otherwise in a part
of another shape, so the parts must be the same for the product to be so, bit by bit.

A tile as wide as the whole product is best: BLAS then copies its part of the left matrix once. There are some for each
worker where they stay large, so that a slow worker takes fewer, and none takes so long that an interrupt or a look at
the live figures would have to wait.

>>> [tile.columns for tile in tiles(4, 1000, 10)]
[slice(0, 448, None), slice(448, 1000, None)]
"""

from typing import NamedTuple

__all__ = ["Tile", "bands", "even_bands", "tiles"]

_LEAST = 64  # rows or columns, and a step that suits the kernels
_ROWS = 512  # that are enough for BLAS, so that tiles of more may not take too long
_MOST_FLOPS = 1 << 35
_SIZES = [(_LEAST << power, wider) for power in range(7, -1, -1) for wider in (8, 4)]  # rows, columns to a row


class Tile(NamedTuple):
    """A part of a product: these rows and columns."""

    rows: slice
    columns: slice


def bands(length: int, step: int) -> list[slice]:
    """Cut ``length`` into slices of ``step``, the last of what is left."""
    return [slice(start, min(start + step, length)) for start in range(0, length, max(1, step))]


def even_bands(length: int, step: int) -> list[slice]:
    """Cut ``length`` into slices of about ``step``, no more than 64 apart, and none of less than 64 if it is cut."""
    parts = max(1, min(-(-length // step), length // _LEAST))
    ends = [length * part // parts // _LEAST * _LEAST for part in range(1, parts)]
    return [slice(start, end) for start, end in zip([0, *ends], [*ends, length], strict=True)] if length else []


def tiles(rows: int, columns: int, inner: int) -> list[Tile]:
    """Cut a product of ``rows`` x ``inner`` by ``inner`` x ``columns``.

    The larger the tiles, the more of them there must be: small ones slow BLAS down, which in a product of two seconds
    matters less than that all workers have some, and in one of two milliseconds more.
    """
    for height, wider in _SIZES:
        width = min(wider * height, max(height, _MOST_FLOPS // (2 * height * max(1, inner))))
        down, across = even_bands(rows, height), even_bands(columns, width)
        is_short = height <= _ROWS or 2 * height * width * inner <= _MOST_FLOPS
        if is_short and len(down) * len(across) >= height // _LEAST:
            break
    if columns > rows:  # workers that are at it at the same time share what they read of the larger matrix
        return [Tile(some, others) for others in across for some in down]
    return [Tile(some, others) for some in down for others in across]
