"""The product of matrices that are larger than memory: bands of the left one stay, the right one streams past.

A band of the left matrix is read once, by all workers, into memory that they share. Then each takes columns of the
right one, reads them, multiplies and writes the tile into the mapped product. The larger the band the less often the
right one is read. Where not even a few rows fit, the inner length is cut too, and products are added up.

>>> plan = cut(1000, 1000, 1000, 8, budget=1 << 20, workers=2)
>>> plan.bytes <= 1 << 20
True
"""

from typing import Any, NamedTuple

import numpy.typing as npt

from concli.arrays.blocked import flops_of
from concli.arrays.crew import Worker
from concli.arrays.npy import Matrix
from concli.arrays.tiles import bands
from concli.arrays.units import HERE, Site

__all__ = ["LEAST_BYTES", "PHASES", "Cut", "Streamed", "cut"]

Array = npt.NDArray[Any]

#: The phases in which it reads and multiplies.
PHASES = ("read", "multiply")
#: With less memory there is no point in trying.
LEAST_BYTES = 1 << 20
_STEP = 64
_WIDTH = 512  # columns at a time, if there is room
_MAPPED = 4  # a quarter of the memory is for pages that are mapped only while they are copied


class Cut(NamedTuple):
    """How many rows, columns and inner elements are worked on at a time, and how much memory that takes."""

    rows: int
    inner: int
    columns: int
    bytes: int


def cut(rows: int, inner: int, columns: int, itemsize: int, *, budget: int, workers: int) -> Cut:
    """Return how to cut a product so that its parts stay within ``budget`` bytes."""
    room = (budget - budget // _MAPPED) // itemsize
    width, depth = min(columns, _WIDTH), inner
    # Per worker: its columns and a tile; shared: the band. At least as much for the band as for the columns.
    while 2 * workers * depth * width > room and max(width, depth) > 1:
        if width > _STEP:
            width = max(_STEP, width // 2)
        elif depth > _STEP:
            depth = max(_STEP, depth // 2)
        else:
            width, depth = max(1, width // 2), max(1, depth // 2)
    height = min(rows, max(1, (room - workers * depth * width) // (depth + workers * width)))
    used = height * depth + workers * (depth + height) * width
    return Cut(height, depth, width, used * itemsize)


class Streamed:
    """``a`` @ ``b`` into ``c``, all three mapped; see ``cut`` for ``parts``.

    What has been read is multiplied at ``site``.
    """

    def __init__(
        self,
        a: Matrix,
        b: Matrix,
        c: Matrix,
        parts: Cut,
        *,
        budget: int,
        workers: int,
        site: Site = HERE,
    ) -> None:
        self._a, self._b, self._c = a, b, c
        self._parts = parts
        self._site = site
        kind = c.array.dtype
        self._band = site.new((parts.rows, parts.inner), kind)
        self._columns = [site.new((parts.inner, parts.columns), kind) for _ in range(workers)]
        self._tiles = [site.new((parts.rows, parts.columns), kind) for _ in range(workers)]
        # Rows read, and columns used, before the maps are let go: each worker may have so much mapped.
        self._step = max(1, budget // _MAPPED // (2 * workers))

    @property
    def tiles(self) -> int:
        """The number of tiles it multiplies."""
        (rows, inner), columns = self._a.array.shape, self._b.array.shape[1]
        parts = self._parts
        return len(bands(rows, parts.rows)) * len(bands(inner, parts.inner)) * len(bands(columns, parts.columns))

    def program(self, worker: Worker) -> None:
        """Do a worker's part."""
        (rows, inner), columns = self._a.array.shape, self._b.array.shape[1]
        parts = self._parts
        along = bands(columns, parts.columns)
        for band in bands(rows, parts.rows):
            height = band.stop - band.start
            for depth in bands(inner, parts.inner):

                def multiply(at: slice, band: slice = band, depth: slice = depth) -> None:
                    self._multiply(worker.index, band, depth, at)

                def flops(at: slice, height: int = height, depth: slice = depth) -> int:
                    return flops_of(height, depth.stop - depth.start, at.stop - at.start, self._band.dtype)

                def read(at: slice, band: slice = band, depth: slice = depth) -> None:
                    self._read(band, depth, at)

                worker.phase("read", bands(height, -(-height // (2 * worker.of))), read)
                worker.phase("multiply", along, multiply, flops)

    def _read(self, band: slice, depth: slice, at: slice) -> None:
        """Copy some rows of the band."""
        self._copy(self._a, slice(band.start + at.start, band.start + at.stop), depth, self._band[at])

    def _multiply(self, index: int, band: slice, depth: slice, at: slice) -> None:
        inner, width, height = depth.stop - depth.start, at.stop - at.start, band.stop - band.start
        right, tile = self._columns[index][:inner, :width], self._tiles[index][:height, :width]
        self._copy(self._b, depth, at, right)
        self._site.multiply(self._band[:height, :inner], right, tile)
        for rows in bands(height, max(1, self._step // max(1, width * tile.itemsize))):
            place = self._c.array[band.start + rows.start : band.start + rows.stop, at]
            if depth.start:
                place += tile[rows]
            else:
                place[...] = tile[rows]
            self._c.release()

    def _copy(self, source: Matrix, rows: slice, columns: slice, to: Array) -> None:
        """Copy a part of a mapped matrix, of any kind and order, with little of it mapped at a time."""
        step = max(1, self._step // max(1, (columns.stop - columns.start) * source.array.itemsize))
        for some in bands(rows.stop - rows.start, step):
            to[some, : columns.stop - columns.start] = source.array[
                rows.start + some.start : rows.start + some.stop, columns
            ]
            source.release()
