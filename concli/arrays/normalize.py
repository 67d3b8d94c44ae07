"""A product brought to one scale: each row to unit sum, or all by the largest element.

For the largest every thread must have found that of its part first: the reason for a barrier.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from concli.arrays.crew import Worker
from concli.arrays.numbers import count_odd, is_finite
from concli.arrays.tiles import bands
from concli.patterns import _sync

__all__ = ["MODES", "Normalization"]

Array = npt.NDArray[Any]

MODES = ("none", "rows", "max")
_BAND_BYTES = 1 << 20  # stays in the cache between the two looks at it


class Normalization:
    """What becomes of ``c``, in place, once it is whole; also with ``none`` its NaN and infinities are counted.

    They are kept, and count for nothing. Rows whose sum is 0, or so small that it can't divide them, or none because
    of a NaN or an infinity, are left as they are, as is a product without a largest element other than 0.
    """

    def __init__(self, c: Array, mode: str, band_bytes: int = _BAND_BYTES) -> None:
        self._c = c
        self._mode = mode
        self._band = max(1, band_bytes // max(1, c.shape[1] * c.itemsize))
        self._divisors = np.ones(len(c), c.dtype) if mode == "rows" else None
        # The mutex guards the fields below.
        self._mutex = _sync.Lock()
        self.nan = self.infinite = 0
        self.left_rows = 0
        self.largest = 0.0

    def program(self, worker: Worker, release: Callable[[], object] = lambda: None) -> None:
        """Do a worker's part; ``release`` is called after each band."""
        name, items = "count" if self._mode == "none" else "normalize", bands(len(self._c), self._band)

        def work(step: Callable[[slice], None]) -> Callable[[slice], None]:
            def do(band: slice) -> None:
                step(band)
                release()

            return do

        worker.phase(name, items, work(self._survey))
        if self._mode == "max" and self._divides():
            worker.phase(name, items, work(self._scale))

    def divisors(self) -> Array | None:
        """Return by what each row was divided; None if none was."""
        if self._mode == "max" and self._divides():
            return np.full(len(self._c), self.largest)
        return self._divisors

    def _survey(self, band: slice) -> None:
        part = self._c[band]
        nan, infinite = count_odd(part)
        largest = 0.0
        if self._divisors is not None:
            self._by_rows(part, self._divisors[band])
        elif self._mode == "max":
            largest = _largest(part, finite=not nan + infinite)
        with self._mutex:
            self.nan += nan
            self.infinite += infinite
            self.largest = max(self.largest, largest)

    def _by_rows(self, part: Array, divisors: Array) -> None:
        sums = part.sum(axis=1)
        least = np.abs(part).max(axis=1, initial=0.0) / np.finfo(part.dtype).max
        divides = np.isfinite(sums) & (np.abs(sums) > 4 * least) & (sums != 0)
        divisors[...] = np.where(divides, sums, 1)
        part /= divisors[:, None]
        with self._mutex:
            self.left_rows += int(np.count_nonzero(~divides))

    def _divides(self) -> bool:
        return self.largest > 0

    def _scale(self, band: slice) -> None:
        part = self._c[band]
        part /= part.dtype.type(self.largest)


def _largest(part: Array, *, finite: bool) -> float:
    """Return the largest absolute value that is finite."""
    if part.dtype.kind == "c" or not finite:
        sizes = np.abs(part)
        return float(sizes.max(initial=0.0) if is_finite(sizes) else sizes[np.isfinite(sizes)].max(initial=0.0))
    return float(max(part.max(initial=0.0), -part.min(initial=0.0)))
