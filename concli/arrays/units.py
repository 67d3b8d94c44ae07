"""What of a product is done where the engine has its workers: a unit says what, and does it.

The tiles, and the measure of how fast they could be, are units; sums, copies and tests, which numpy does at the speed
of memory, stay in the job's threads.

>>> from concli.engines.threads import Threads
>>> c = np.zeros((2, 2))
>>> with Threads(1).open(make_doer) as place:
...     Site.at(place).multiply(np.ones((2, 3)), np.ones((3, 2)), c)
>>> c
array([[3., 3.],
       [3., 3.]])
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from concli.arrays.one_thread import stay_at_one_blas_thread
from concli.arrays.travel import New, Part, new_array, put
from concli.engines.engine import Place

__all__ = ["HERE", "Product", "Site", "Unit", "make_doer"]

Array = npt.NDArray[Any]


class Unit(Protocol):
    """Something to do, that can be sent."""

    def do(self) -> Any:
        """Do it; return what comes of it."""


class Product(NamedTuple):
    """``a`` @ ``b`` into ``out``."""

    a: Part
    b: Part
    out: Part

    def do(self) -> Part:
        """Return ``out``."""
        np.matmul(self.a.array, self.b.array, out=self.out.array)
        return self.out

    def refer(self) -> tuple[Any, ...]:
        """Travel to another machine without what is in ``out``, and with nothing else that is not needed."""
        out = self.out.array
        return _product_for, (self.a.alone(), self.b.alone(), out.shape, out.dtype.str)

    def __repr__(self) -> str:
        """Say which it is, without the numbers."""
        return f"{self.a.array.shape} by {self.b.array.shape}"


def _product_for(a: Part, b: Part, shape: tuple[int, int], dtype: str) -> Product:
    return Product(a, b, Part(np.empty(shape, dtype)))


def make_doer() -> Callable[[Unit], Any]:
    """Return what does units, each call of BLAS in one thread."""
    stay_at_one_blas_thread()
    return _do


def _do(unit: Unit) -> Any:
    with np.errstate(all="ignore"):  # that it reckons with infinities is no cause for warnings
        return unit.do()


class Site(NamedTuple):
    """Where products are made: ``multiply(a, b, out)``, and ``new(shape, dtype)``, an array that it gets quickly."""

    multiply: Callable[[Array, Array, Array], object]
    new: New

    @classmethod
    def at(cls, place: Place[Any, Any]) -> "Site":
        """Return that of a place."""

        def multiply(a: Array, b: Array, out: Array) -> None:
            put(place(Product(Part(a), Part(b), Part(out))).array, out)

        return cls(multiply, partial(new_array, place))


#: The calling thread.
HERE = Site(lambda a, b, out: np.matmul(a, b, out=out), np.empty)
