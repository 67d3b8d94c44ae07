"""The peak: how fast all workers together multiply what stays in their caches.

>>> Peak(np.dtype("f8"), workers=1).per_s
0.0
"""

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from concli.arrays.blocked import flops_of
from concli.arrays.crew import Worker
from concli.metrics.host import usable_cpus

__all__ = ["Peak", "Speed"]

_BYTES = 192 * 192 * 8  # of one of three matrices; together well within a second-level cache
_LEAST_S, _MOST_S = 0.001, 0.05
_PART = 0.01  # of the job's time, as far as that can be told
_GUESS = 50e9  # operations a second and worker


class Speed(NamedTuple):
    """A unit: to multiply small matrices of this kind for so many seconds."""

    kind: np.dtype[Any]
    for_s: float

    def __repr__(self) -> str:
        """Say which it is."""
        return f"the measure of the peak in {self.kind}"

    def do(self) -> float:
        """Return the operations a second of the fastest product."""
        side = int((_BYTES / self.kind.itemsize) ** 0.5) // 32 * 32
        left = np.ones((side, side), self.kind)
        right, product = left.copy(), np.empty_like(left)
        flops, best = flops_of(side, side, side, self.kind), 0.0
        np.matmul(left, right, out=product)  # the first call makes BLAS find itself a place
        end = time.perf_counter() + self.for_s
        while True:
            began = time.perf_counter()
            np.matmul(left, right, out=product)
            now = time.perf_counter()
            best = max(best, flops / (now - began))
            if now >= end:
                return best


class Peak:
    """Measured for a time that suits a job of so many ``flops``; ``do`` has it done where the workers are."""

    def __init__(
        self,
        kind: np.dtype[Any],
        *,
        workers: int,
        flops: int = 0,
        do: Callable[["Speed"], float] = lambda unit: unit.do(),
    ) -> None:
        self._kind, self._do = kind, do
        self._best = [0.0] * workers  # a place a worker
        self._for_s = min(_MOST_S, max(_LEAST_S, _PART * flops / (_GUESS * workers)))

    @property
    def per_s(self) -> float:
        """Operations a second, by as many workers at their best as there are CPUs."""
        return sum(self._best) * min(1.0, usable_cpus() / len(self._best))

    def program(self, worker: Worker) -> None:
        """Do a worker's part, while all others do theirs."""
        worker.each("calibrate", lambda: self._measure(worker.index))

    def _measure(self, index: int) -> None:
        self._best[index] = self._do(Speed(self._kind, self._for_s))
