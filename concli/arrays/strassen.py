"""Strassen's product in Winograd's form: seven products of quarters instead of eight, and fifteen sums.

Phases, separated by the barrier: sums of quarters, products of these, and what becomes of them. All workers share
each; a product is done by the same phases again, or by tiles where it is small enough. Sums and combinations go in
strips that stay in the cache. What an odd length leaves over is done by tiles.

It errs more than the definition: by no more than ``error_bound`` times the largest elements, for all elements alike, so
small elements of a product of uneven matrices may have few digits. A NaN or an infinity would spread: the caller sees
to it that there are none. Source: S. Winograd, 1971; N. Higham, "Accuracy and Stability of Numerical Algorithms",
section 23.2.2.

>>> strassen_bytes(8192, 8192, 8192, 8, 1) / 8192**2 / 8
1.0
"""

import math
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from concli.arrays.blocked import flops_of
from concli.arrays.crew import Worker
from concli.arrays.numbers import roundoff
from concli.arrays.tiles import Tile, bands, tiles
from concli.arrays.units import HERE, Site
from concli.patterns import _sync

__all__ = ["LEAST_SIDE", "PHASES", "Strassen", "error_bound", "levels_for", "strassen_bytes"]

Array = npt.NDArray[Any]
_Four = tuple[Array, Array, Array, Array]  # quarters, row by row

#: The phases in which it multiplies.
PHASES = ("look", "sums", "products", "combine", "edges")
#: From what least length on to choose it unasked. At 8192 it was measured 1.00 to 1.07 times as fast as tiles, which is
#: not worth its errors; what sums cost halves with each doubling, what they save does not.
LEAST_SIDE = 16384
_BASE = 4096  # the least length of a quarter that is worth its sums: shorter products are slower than these gain
_STRIP = 1 << 15  # elements
_PARTS = 64  # of a matrix, for any number of workers, on which what BLAS adds at the edges must not depend


class _Scratch(NamedTuple):
    """What a level needs besides its operands: two sums of each side, and in their place, later, two products."""

    sums: tuple[Array, Array, Array, Array]
    products: tuple[Array, Array]


def levels_for(rows: int, inner: int, columns: int) -> int:
    """Return how often to quarter, at least once."""
    side, levels = min(rows, inner, columns) // 2, 1
    while side // 2 >= _BASE:
        side //= 2
        levels += 1
    return levels


def strassen_bytes(rows: int, inner: int, columns: int, itemsize: int, levels: int) -> int:
    """Return what it needs besides the three matrices."""
    quarters = 2 * max(rows * inner, rows * columns) + 2 * inner * columns
    return sum(quarters * itemsize >> 2 * level for level in range(1, levels + 1))


def error_bound(rows: int, inner: int, columns: int, kind: np.dtype[Any], levels: int) -> float:
    """Return how much an element may be wrong, relative to the product of the two largest ones: Higham's (23.12)."""
    side = max(rows, inner, columns)
    base = side / 2**levels
    return float((18.0**levels * (base * base + 6 * base) - 6 * side) * roundoff(kind))


class Strassen:
    """``a`` @ ``b`` into ``c``, all of one kind, with so many ``levels`` of quartering.

    The tiles of its products are multiplied at ``site``.
    """

    def __init__(self, a: Array, b: Array, c: Array, *, levels: int, site: Site = HERE) -> None:
        self._a, self._b, self._c = a, b, c
        self._site = site
        self._levels = levels
        step = 1 << levels
        self._inner = a.shape[1] // step * step
        self._rows, self._columns = c.shape[0] // step * step, c.shape[1] // step * step
        self._scratch: list[_Scratch] = []
        # The mutex guards the fields below.
        self._mutex = _sync.Lock()
        self._largest = {"a": 0.0, "b": 0.0}
        self.is_usable = min(self._rows, self._columns, self._inner) >= step  # and nothing in it would spread

    def element_bound(self) -> float:
        """Return how much an element may be wrong; only once it has been computed."""
        relative = error_bound(self._rows, self._inner, self._columns, self._c.dtype, self._levels)
        return relative * self._largest["a"] * self._largest["b"]

    def look(self, worker: Worker) -> None:
        """Do a worker's part of what comes first: to see whether it may be used at all."""
        items = [
            (partial(self._look, name, matrix), matrix.shape[1], band)
            for name, matrix in (("a", self._a), ("b", self._b))
            for band in _bands(matrix)
        ]
        worker.phase("look", items, _in_strips)

    def program(self, worker: Worker) -> None:
        """Do a worker's part."""
        worker.once(self._make_scratch)
        rows, inner, columns = self._rows, self._inner, self._columns
        self._quarter(worker, self._a[:rows, :inner], self._b[:inner, :columns], self._c[:rows, :columns], 0)
        self._edges(worker)

    def _look(self, name: str, matrix: Array, at: slice) -> None:
        part = matrix[at]
        if part.dtype.kind == "c":
            part = np.abs(part)
        largest = max(float(part.max(initial=0.0)), -float(part.min(initial=0.0)))
        with self._mutex:
            # Among others a NaN is the largest, and the least.
            self.is_usable = self.is_usable and math.isfinite(largest)
            self._largest[name] = max(self._largest[name], largest)

    def _make_scratch(self) -> None:
        rows, inner, columns, kind = self._rows, self._inner, self._columns, self._c.dtype
        for _ in range(self._levels):
            rows, inner, columns = rows // 2, inner // 2, columns // 2
            left = [self._site.new((max(rows * inner, rows * columns),), kind) for _ in range(2)]
            s, s2 = (flat[: rows * inner].reshape(rows, inner) for flat in left)
            p, p2 = (flat[: rows * columns].reshape(rows, columns) for flat in left)
            t, t2 = (self._site.new((inner, columns), kind) for _ in range(2))
            self._scratch.append(_Scratch((s, s2, t, t2), (p, p2)))

    def _quarter(self, worker: Worker, a: Array, b: Array, c: Array, level: int) -> None:
        if level == self._levels:
            parts = tiles(c.shape[0], c.shape[1], a.shape[1])

            def multiply(at: Tile) -> None:
                self._site.multiply(a[at.rows], b[:, at.columns], c[at.rows, at.columns])

            worker.phase("products", parts, multiply, partial(_flops, a, c))
            return
        a11, a12, _, a22 = _quarters(a)
        b11, _, b21, b22 = _quarters(b)
        quarters = c11, c12, c21, c22 = _quarters(c)
        (s, s2, t, t2), (p, p2) = self._scratch[level]

        def products(*triples: tuple[Array, Array, Array]) -> None:
            for left, right, product in triples:
                self._quarter(worker, left, right, product, level + 1)

        def sums(left: Callable[[slice], None], right: Callable[[slice], None]) -> None:
            items = [(left, a11.shape[1], band) for band in _bands(s)]
            worker.phase("sums", items + [(right, b11.shape[1], band) for band in _bands(t)], _in_strips)

        def combine(work: Callable[[slice], None]) -> None:
            worker.phase("combine", [(work, c11.shape[1], band) for band in _bands(c11)], _in_strips)

        # What is computed stands in the quarters of C until it is combined; so there is little else to make room for,
        # and new memory is slower than all the sums.
        sums(partial(_first_left, _quarters(a), s, s2), partial(_first_right, _quarters(b), t, t2))
        products((s, t, c22), (s2, t2, c12))
        sums(partial(_second_left, _quarters(a), s, s2), partial(_second_right, _quarters(b), t, t2))
        products((s, t, c21), (s2, b22, c11), (a22, t2, p2), (a11, b11, p))
        combine(partial(_combine, quarters, p, p2))
        products((a12, b21, c11))
        combine(partial(_add, c11, p))

    def _edges(self, worker: Worker) -> None:
        """Do what the even part leaves over."""
        a, b, c = self._a, self._b, self._c
        rows, inner, columns = self._rows, self._inner, self._columns
        items: list[tuple[Callable[[slice], None], int, slice]] = []
        if inner < a.shape[1]:
            add = partial(_add_product, a[:rows, inner:], b[inner:, :columns], c[:rows, :columns])
            items += [(add, columns, band) for band in _bands(c[:rows])]
        if columns < c.shape[1]:
            fill = partial(_fill_product, a[:rows], b[:, columns:], c[:rows, columns:])
            items += [(fill, 1, band) for band in _bands(c[:rows])]
        if rows < c.shape[0]:
            items.append((partial(_fill_product, a[rows:], b, c[rows:]), 1, slice(0, c.shape[0] - rows)))
        worker.phase("edges", items, _in_strips)


def _bands(matrix: Array) -> list[slice]:
    return bands(len(matrix), -(-len(matrix) // _PARTS))


def _quarters(matrix: Array) -> _Four:
    row, column = matrix.shape[0] // 2, matrix.shape[1] // 2
    return matrix[:row, :column], matrix[:row, column:], matrix[row:, :column], matrix[row:, column:]


def _in_strips(item: tuple[Callable[[slice], None], int, slice]) -> None:
    """Do it in strips that stay in the cache."""
    work, width, band = item
    for strip in bands(band.stop - band.start, _STRIP // max(1, width)):
        work(slice(band.start + strip.start, band.start + strip.stop))


# The names are Winograd's: S and T are sums of the left and of the right, P products, U their sums.


def _first_left(a: _Four, s: Array, s2: Array, at: slice) -> None:
    """S1, S2."""
    np.add(a[2][at], a[3][at], out=s[at])
    np.subtract(s[at], a[0][at], out=s2[at])


def _first_right(b: _Four, t: Array, t2: Array, at: slice) -> None:
    """T1, T2."""
    np.subtract(b[1][at], b[0][at], out=t[at])
    np.subtract(b[3][at], t[at], out=t2[at])


def _second_left(a: _Four, s: Array, s2: Array, at: slice) -> None:
    """S3, and S4 in the place of S2."""
    np.subtract(a[0][at], a[2][at], out=s[at])
    np.subtract(a[1][at], s2[at], out=s2[at])


def _second_right(b: _Four, t: Array, t2: Array, at: slice) -> None:
    """T3, and T4 in the place of T2."""
    np.subtract(b[3][at], b[1][at], out=t[at])
    np.subtract(t2[at], b[2][at], out=t2[at])


def _combine(c: _Four, p: Array, p2: Array, at: slice) -> None:
    """All but the first quarter: in C stand P3, P6, P7, P5, in ``p`` P1, in ``p2`` P4."""
    p3, p6, p7, p5 = (quarter[at] for quarter in c)
    p6 += p[at]  # U2
    p7 += p6  # U3
    p6 += p5  # U4
    p6 += p3  # U5
    p5 += p7  # U7
    p7 -= p2[at]  # U6


def _add(c: Array, p: Array, at: slice) -> None:
    c[at] += p[at]


def _add_product(a: Array, b: Array, c: Array, at: slice) -> None:
    c[at] += a[at] @ b


def _fill_product(a: Array, b: Array, c: Array, at: slice) -> None:
    np.matmul(a[at], b, out=c[at])


def _flops(a: Array, c: Array, tile: Tile) -> int:
    rows, columns = tile.rows.stop - tile.rows.start, tile.columns.stop - tile.columns.start
    return flops_of(rows, a.shape[1], columns, c.dtype)
