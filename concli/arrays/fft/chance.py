"""Chunks by chance: for a trial without an input."""

import math
from functools import partial
from typing import Any

import numpy as np

from concli.arrays.fft._source import Again
from concli.arrays.fft.fourier import Array
from concli.errors import UsageError

__all__ = ["Chance"]


class Chance:
    """Uniformly distributed chunks; each depends on the seed and its number alone."""

    def __init__(self, count: int, shape: tuple[int, int], dtype: np.dtype[Any], seed: int) -> None:
        if dtype.kind not in "fc" or dtype.itemsize not in ({4, 8} if dtype.kind == "f" else {8, 16}):
            raise UsageError("--dtype: random chunks are of float32, float64, complex64 or complex128")
        self.count, self.shape, self.dtype = count, shape, dtype
        self._seed = seed

    @property
    def spare_bytes(self) -> int:
        """See ``Source``."""
        return math.prod(self.shape) * self.dtype.itemsize

    @property
    def unbounded_bytes(self) -> int:
        """See ``Source``."""
        return 0

    def load(self, number: int, spare: Array) -> Array:
        """See ``Source``."""
        values = spare.view(self.dtype).reshape(self.shape)
        parts = values.view(values.real.dtype)
        generator = np.random.Generator(np.random.SFC64(np.random.SeedSequence([self._seed, number])))
        generator.random(out=parts, dtype=parts.dtype.type)
        parts -= 0.5
        return values

    def again(self, number: int) -> Again:
        """See ``Source``."""
        return partial(_made, self.shape, self.dtype, self._seed, number)

    def name(self, number: int) -> str:
        """See ``Source``."""
        return f"random chunk {number}"

    def identity(self) -> object:
        """See ``Source``."""
        return {"seed": self._seed}

    def close(self) -> None:
        """See ``Source``."""


def _made(shape: tuple[int, int], dtype: np.dtype[Any], seed: int, number: int) -> Array:
    source = Chance(number + 1, shape, dtype, seed)
    return source.load(number, np.empty(source.spare_bytes, np.uint8))
