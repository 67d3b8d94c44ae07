"""What there is between two steps of a plan, and what a step is."""

from collections.abc import Callable
from enum import Enum
from typing import Any, NamedTuple

import numpy as np

from concli.arrays.fft.fourier import Array, Fourier

__all__ = ["Kind", "Run", "State", "Step"]

#: ``run(x, out, scratch, fourier)``; it returns the checksum of what it has made if it has that in passing
Run = Callable[[Array, Array, Array, Fourier], str | None]


class Kind(Enum):
    """What the values are: samples, a spectrum, its left half that stands for all of it, or that asked for."""

    SPACE = "space"
    FULL = "full"
    MIRRORED = "mirrored"
    HALF = "half"


class State(NamedTuple):
    """What there is between two steps; ``width`` is that of the whole, of which a half may be there."""

    kind: Kind
    shape: tuple[int, int]
    dtype: np.dtype[Any]
    width: int
    mirror: Any = np.conjugate
    can_shift: bool = False


class Step(NamedTuple):
    """``reuses`` tells whether what it writes to may be what it reads, ``scratches`` whether that is spoilt."""

    name: str
    after: State
    run: Run
    reuses: bool = False
    scratches: bool = False
