"""Freivalds' test: whether a matrix is the product of two others, in the square of the time, not the cube.

C (signs) and A (B (signs)) are compared for vectors of random signs. If one element of C is wrong by more than the
tolerance of its row, then of two vectors that differ in that element's sign at least one shows it; so k vectors miss
it with a probability of at most 2^-k. The tolerance is what rounding may do at most: a bound for it is the inner
length times the unit roundoff times |A| |B|, whose row sums are found in the same way.

Where an input has a NaN or an infinity, so has its whole row or column of the product; those are looked at for that,
and the rest is compared. Source: R. Freivalds, "Probabilistic machines can use less running time", IFIP 1977;
N. Higham, "Accuracy and Stability of Numerical Algorithms", chapters 3 and 23.

>>> test = Freivalds(np.eye(3), np.eye(3), np.eye(3), rounds=10)
>>> test.in_one_thread().passed
True
>>> Freivalds(np.eye(3), np.eye(3), np.ones((3, 3)), rounds=10).in_one_thread().passed
False
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from concli.arrays.crew import Worker
from concli.arrays.numbers import is_finite, roundoff
from concli.arrays.tiles import bands
from concli.patterns import _sync

__all__ = ["Freivalds", "Outcome"]

Array = npt.NDArray[Any]

_BAND_BYTES = 1 << 24
_SAFETY = 2.0  # the bounds are of first order


class Outcome(NamedTuple):
    """How a test ended.

    ``largest_error`` is the largest deviation, relative to |A| |B| of its row. ``rows`` were compared; ``odd_rows``
    and ``odd_columns`` were not, because of a NaN or an infinity in the inputs, nor ``overflowed`` rows of C.
    ``wrong`` is a row that is wrong, ``deviation`` the largest of any row.
    """

    rounds: int
    failure_probability: float
    largest_error: float
    deviation: float
    rows: int
    odd_rows: int
    odd_columns: int
    overflowed: int
    wrong: int | None

    @property
    def passed(self) -> bool:
        """Whether nothing was found wrong."""
        return self.wrong is None


class Freivalds:
    """The test of ``c`` = ``a`` @ ``b``; row i of ``c`` may have been divided by ``divisors[i]``.

    ``element_bound`` is what the algorithm's rounding may do to an element at most, where that is more than the usual
    one's. Arrays may be mapped; of each about ``band_bytes`` are looked at by a worker at a time.
    """

    def __init__(
        self,
        a: Array,
        b: Array,
        c: Array,
        *,
        rounds: int,
        seed: int = 0,
        divisors: Callable[[], Array | None] = lambda: None,
        element_bound: Callable[[], float] = lambda: 0.0,
        band_bytes: int = _BAND_BYTES,
    ) -> None:
        self._a, self._b, self._c = a, b, c
        self._rounds = rounds
        self._divisors = divisors
        self._element_bound = element_bound
        self._band_bytes = band_bytes
        self._kind = np.dtype("c16" if c.dtype.kind == "c" else "f8")
        inner, columns = b.shape
        chance = np.random.default_rng([seed, 0xF4E1])
        self._signs = chance.integers(0, 2, (columns, rounds)).astype(self._kind) * 2 - 1
        self._odd = np.zeros(columns, bool)
        self._image = np.empty((inner, rounds), self._kind)  # B (signs)
        self._sums = np.empty(inner)  # of |B|
        # The mutex guards the fields below, and the odd columns.
        self._mutex = _sync.Lock()
        self._largest = self._deviation = 0.0
        self._rows = self._odd_rows = self._overflowed = 0
        self._wrong: int | None = None

    def program(self, worker: Worker) -> None:
        """Do a worker's part of the test, once C is whole."""
        self._in_phases(worker.phase)

    def in_one_thread(self) -> Outcome:
        """Do all of it here."""

        def phase(_name: str, items: list[slice], work: Callable[[slice], None]) -> None:
            for item in items:
                work(item)

        with np.errstate(all="ignore"):
            self._in_phases(phase)
        return self.outcome()

    def outcome(self) -> Outcome:
        """Return what was found."""
        odd_columns = int(np.count_nonzero(self._odd))
        return Outcome(
            self._rounds,
            2.0**-self._rounds,
            self._largest,
            self._deviation,
            self._rows,
            self._odd_rows,
            odd_columns,
            self._overflowed,
            self._wrong,
        )

    def _in_phases(self, phase: Callable[..., None]) -> None:
        (rows, inner), columns = self._a.shape, self._b.shape[1]
        phase("check", bands(inner, self._height(columns)), self._look)
        phase("check", bands(inner, self._height(columns)), self._map)
        phase("check", bands(rows, self._height(max(inner, columns))), self._compare)

    def _height(self, length: int) -> int:
        return max(1, self._band_bytes // (16 * max(1, length)))

    def _look(self, band: slice) -> None:
        part = self._b[band]
        if not is_finite(part):
            odd = ~np.isfinite(part).all(axis=0)
            with self._mutex:
                self._odd |= odd

    def _map(self, band: slice) -> None:
        part = np.asarray(self._b[band], self._kind)
        if self._odd.any():
            part = np.where(self._odd, 0, part)
        np.matmul(part, self._signs, out=self._image[band])
        self._sums[band] = np.abs(part).sum(axis=1)

    def _compare(self, band: slice) -> None:
        """Compare some rows of both sides."""
        left, right = np.asarray(self._a[band], self._kind), self._c[band]
        is_odd = ~np.isfinite(np.asarray(left.sum(axis=1)))
        if is_odd.any():
            is_odd = ~np.isfinite(left).all(axis=1)
        # A row or column with a NaN or an infinity makes one of each of its elements; else only overflow does.
        is_wrong = np.zeros(len(left), bool)
        product = np.asarray(right, self._kind)
        if self._odd.any():
            is_wrong |= np.isfinite(right[:, self._odd]).any(axis=1)
            product = np.where(self._odd, 0, product)
        if is_odd.any():
            is_wrong |= is_odd & np.isfinite(right[:, ~self._odd]).any(axis=1)
        weights = np.abs(left) @ self._sums
        expected, found = left @ self._image, product @ self._signs
        tolerance = self._tolerance(weights)
        divisors = self._divisors()
        if divisors is not None:
            found *= divisors[band, None]
            tolerance = tolerance * (1 + 4 * roundoff(self._c.dtype)) + np.abs(divisors[band]) * self._underflow()
        is_finite_row = np.isfinite(product).all(axis=1)
        may_overflow = weights >= float(np.finfo(self._c.dtype).max) / 4
        is_compared = ~is_odd & is_finite_row & np.isfinite(weights)
        deviation = np.abs(found - expected).max(axis=1, initial=0.0)
        is_wrong |= is_compared & ~(deviation <= tolerance)
        has_overflowed = ~is_odd & ~is_compared
        is_wrong |= has_overflowed & ~may_overflow
        errors = np.divide(deviation, weights, out=np.zeros_like(weights), where=weights > 0)
        with self._mutex:
            self._rows += int(is_compared.sum())
            self._odd_rows += int(is_odd.sum())
            self._overflowed += int(has_overflowed.sum())
            self._largest = max(self._largest, float(errors[is_compared].max(initial=0.0)))
            self._deviation = max(self._deviation, float(deviation[is_compared].max(initial=0.0)))
            if is_wrong.any():
                first = band.start + int(is_wrong.argmax())
                self._wrong = first if self._wrong is None else min(first, self._wrong)

    def _tolerance(self, weights: Array) -> Array:
        inner, columns = self._b.shape
        own = (inner + 2) * roundoff(self._c.dtype) + (2 * columns + inner + 4) * roundoff(self._kind)
        # A row of C has an error in each of its elements.
        bound: Array = _SAFETY * (own * weights + columns * (self._element_bound() + inner * self._underflow()))
        bound += columns * self._underflow()
        return bound

    def _underflow(self) -> float:
        return float(np.finfo(self._c.dtype).tiny) * 2
