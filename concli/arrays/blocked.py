"""The product by tiles: each is one call of BLAS, in one thread.

>>> from concli.arrays.crew import Crew
>>> from concli.metrics import Run
>>> c = np.empty((2, 2))
>>> Crew(2, Run("multiply", {})).run(Blocked(np.ones((2, 3)), np.ones((3, 2)), c).program)
>>> c
array([[3., 3.],
       [3., 3.]])
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from concli.arrays.crew import Worker
from concli.arrays.tiles import Tile, tiles
from concli.arrays.units import HERE, Site

__all__ = ["PHASES", "Blocked", "flops_of"]

Array = npt.NDArray[Any]

#: The phases in which it multiplies.
PHASES = ("multiply",)


def flops_of(rows: int, inner: int, columns: int, kind: np.dtype[Any]) -> int:
    """Return the operations of a product by the definition; a complex multiplication and addition is eight."""
    return (8 if kind.kind == "c" else 2) * rows * inner * columns


class Blocked:
    """``a`` @ ``b`` into ``c``, all of one kind; the tiles are multiplied at ``site``."""

    def __init__(self, a: Array, b: Array, c: Array, *, site: Site = HERE) -> None:
        self._a, self._b, self._c = a, b, c
        self._site = site
        self.tiles = tiles(c.shape[0], c.shape[1], a.shape[1])

    def program(self, worker: Worker) -> None:
        """Do a worker's part."""
        worker.phase("multiply", self.tiles, self._multiply, self._flops)

    def _multiply(self, tile: Tile) -> None:
        self._site.multiply(self._a[tile.rows], self._b[:, tile.columns], self._c[tile.rows, tile.columns])

    def _flops(self, tile: Tile) -> int:
        rows, columns = tile.rows.stop - tile.rows.start, tile.columns.stop - tile.columns.start
        return flops_of(rows, self._a.shape[1], columns, self._c.dtype)
