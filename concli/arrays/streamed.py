"""The product of matrices that are larger than memory: bands of the left one stay, the right one streams past.

A band of the left matrix is read once. It is multiplied by one panel of the right one, some columns, while the next is
read; there is room for two. All workers share them: each takes some rows of the band and a piece of the next panel,
reads the piece, multiplies the rows and writes that tile into the mapped product. The higher the band the less often
the right matrix is read. Where the inner length is too long for a high one it is cut too, and products are added up.

What is multiplied at a time, and so the product bit by bit, depends on the lengths and the memory, not on the workers.

>>> plan = cut(1000, 1000, 1000, 8, budget=1 << 20)
>>> plan.bytes <= 1 << 20
True
"""

from collections.abc import Iterator
from functools import partial
from itertools import cycle, product, zip_longest
from math import isqrt
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
_WIDTH = 768  # columns of a panel, if there is room
_TILES = 8  # of a band, or a multiple, so that one, two, four and eight workers have as many each
_MOST_ROWS = 512  # of a tile, so that none takes very long
_STEP = 16  # rows, which suits the kernels
_MAPPED = 4  # a quarter of the memory is for pages that are mapped only while they are copied


class Cut(NamedTuple):
    """How many rows, inner elements and columns are worked on at a time, and how much memory that takes."""

    rows: int
    inner: int
    columns: int
    bytes: int


class _Step(NamedTuple):
    """A band, cut at the inner length too, by a panel, which is in this buffer."""

    rows: slice
    inner: slice
    columns: slice
    buffer: Array

    @property
    def panel(self) -> Array:
        return _shaped(self.buffer, _length(self.inner), _length(self.columns))


def cut(rows: int, inner: int, columns: int, itemsize: int, *, budget: int) -> Cut:
    """Return how to cut a product so that its parts stay within ``budget`` bytes."""
    room = (budget - budget // _MAPPED) // itemsize
    side = isqrt(room)
    width = _evenly(columns, min(_WIDTH, side // 4))
    # At least as much for the band and its tiles as for the panels, and a band that is not much lower than long.
    depth = _evenly(inner, min(4 * side, room // (4 * width)))
    height = _evenly(rows, (room - 2 * depth * width) // (depth + width))
    return Cut(height, depth, width, (height * depth + (2 * depth + height) * width) * itemsize)


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
        self._site = site
        (rows, inner), columns, kind = a.array.shape, b.array.shape[1], c.array.dtype
        self._cuts = bands(rows, parts.rows), bands(inner, parts.inner), bands(columns, parts.columns)
        self._band = site.new((parts.rows * parts.inner,), kind)
        self._panels = [site.new((parts.inner * parts.columns,), kind) for _ in range(2)]
        self._product = site.new((parts.rows * parts.columns,), kind)
        # Bytes read, or written, before the maps are let go: each worker may have so many mapped.
        self._step = max(1, budget // _MAPPED // (2 * workers))

    @property
    def tiles(self) -> int:
        """The number of tiles it multiplies."""
        down, inner, across = self._cuts
        return sum(len(_tiles(_length(rows))) for rows in down) * len(inner) * len(across)

    def program(self, worker: Worker) -> None:
        """Do a worker's part."""
        steps, band = self._steps(), None
        step = next(steps, None)
        if step is not None:
            worker.phase("read", _pieces(step.inner, 2 * worker.of), partial(self._read_panel, step))
        while step is not None:
            following = next(steps, None)
            if band != step[:2]:
                band = step[:2]
                worker.phase("read", _pieces(step.rows, 2 * worker.of), partial(self._read_band, step))
            self._multiply_all(worker, step, following)
            step = following

    def _steps(self) -> Iterator[_Step]:
        for cuts, buffer in zip(product(*self._cuts), cycle(self._panels), strict=False):
            yield _Step(*cuts, buffer)

    def _multiply_all(self, worker: Worker, step: _Step, following: _Step | None) -> None:
        """Multiply a band by a panel, and read the next one meanwhile."""

        def work(item: tuple[slice, slice]) -> None:
            if following is not None:
                self._read_panel(following, item[1])
            self._multiply(step, item[0])

        def flops(item: tuple[slice, slice]) -> int:
            return flops_of(_length(item[0]), _length(step.inner), _length(step.columns), self._band.dtype)

        tiles = _tiles(_length(step.rows))
        pieces = _pieces(following.inner, len(tiles)) if following is not None else []
        worker.phase("multiply", list(zip_longest(tiles, pieces, fillvalue=slice(0, 0))), work, flops)

    def _read_panel(self, step: _Step, piece: slice) -> None:
        self._copy(self._b, _within(step.inner, piece), step.columns, step.panel[piece])

    def _read_band(self, step: _Step, piece: slice) -> None:
        band = _shaped(self._band, _length(step.rows), _length(step.inner))
        self._copy(self._a, _within(step.rows, piece), step.inner, band[piece])

    def _multiply(self, step: _Step, some: slice) -> None:
        # Nothing has gaps, also where it is less: BLAS rounds the product by a vector otherwise if it has some.
        band = _shaped(self._band, _length(step.rows), _length(step.inner))
        tile = _shaped(self._product, _length(step.rows), _length(step.columns))[some]
        self._site.multiply(band[some], step.panel, tile)
        for rows in bands(len(tile), max(1, self._step // tile[0].nbytes)):
            place = self._c.array[_within(_within(step.rows, some), rows), step.columns]
            if step.inner.start:
                place += tile[rows]
            else:
                place[...] = tile[rows]
            self._c.release()

    def _copy(self, source: Matrix, rows: slice, columns: slice, to: Array) -> None:
        """Copy a part of a mapped matrix, of any kind and order, with little of it mapped at a time."""
        step = max(1, self._step // max(1, _length(columns) * source.array.itemsize))
        for some in bands(_length(rows), step):
            to[some] = source.array[_within(rows, some), columns]
            source.release()


def _tiles(height: int) -> list[slice]:
    """Return the rows of a band that are multiplied at a time."""
    count = _TILES * -(-height // (_TILES * _MOST_ROWS))
    return bands(height, -(-height // (count * _STEP)) * _STEP)


def _pieces(part: slice, count: int) -> list[slice]:
    """Cut a part into no more than so many, as counted from its start."""
    return bands(_length(part), -(-_length(part) // count))


def _evenly(length: int, most: int) -> int:
    """Return the length of as few parts as can be, of at most ``most``, so that the last is not much shorter."""
    return max(1, -(-length // max(1, -(-length // most))))


def _length(part: slice) -> int:
    return int(part.stop - part.start)


def _within(part: slice, some: slice) -> slice:
    """Return what is ``some`` of a part."""
    return slice(part.start + some.start, part.start + some.stop)


def _shaped(flat: Array, rows: int, columns: int) -> Array:
    return flat[: rows * columns].reshape(rows, columns)
