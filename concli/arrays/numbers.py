"""In which kind of numbers a product is computed.

>>> import numpy as np
>>> kind_for([np.dtype("int32"), np.dtype("float32")], None)
dtype('float64')
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from concli.arrays.travel import New
from concli.errors import UsageError

__all__ = ["apart", "as_kind", "count_odd", "exactness", "is_finite", "kind_for", "roundoff"]

Array = npt.NDArray[Any]

# Integers up to this are the same in float64.
_EXACT = 1 << 53


def kind_for(inputs: Sequence[np.dtype[Any]], wanted: str | None) -> np.dtype[Any]:
    """Return the numbers for these inputs, or those ``wanted``: floats or complex, of 32 or 64 bits.

    Integers are computed as float64, which is exact as long as no sum passes 2^53. Raises ``UsageError`` where
    complex inputs would lose their half.
    """
    is_complex = any(one.kind == "c" for one in inputs)
    if wanted is not None:
        if is_complex:
            raise UsageError(f"--dtype {wanted}: the input is complex and would lose its imaginary part; leave it out")
        return np.dtype(wanted)
    result = np.result_type(*inputs) if inputs else np.dtype("f8")
    if any(one.kind in "biu" for one in inputs):
        result = np.dtype("c16" if is_complex else "f8")
    if result.kind == "c":
        return np.dtype("c8" if result.itemsize <= 8 else "c16")
    return np.dtype("f4" if result.itemsize <= 4 else "f8")


def as_kind(array: Array, kind: np.dtype[Any], new: New = np.empty) -> Array:
    """Return the array as BLAS takes it: of this kind, aligned, and in C or Fortran order; itself if it is so.

    Else it is copied to what ``new`` makes.
    """
    (rows, columns), (down, across), size = array.shape, array.strides, array.itemsize
    by_rows = across == size and down >= size * columns and not down % size
    by_columns = down == size and across >= size * rows and not across % size
    # A vector with gaps would be multiplied otherwise where it is sent without them.
    is_fit = array.flags.forc if 1 in array.shape else by_rows or by_columns
    if array.dtype == kind and array.dtype.isnative and array.flags.aligned and is_fit:
        return array.view(np.ndarray)
    is_fortran = by_columns and not by_rows
    made = new(array.shape[::-1], kind).T if is_fortran else new(array.shape, kind)
    np.copyto(made, array, casting="unsafe")
    return made


def apart(a: Array, b: Array) -> tuple[Array, Array]:
    """Return both, ``b`` copied if it is the transpose of ``a`` in the same memory.

    For that numpy calls other kernels than if they lay apart, as they do where they are sent to, which round otherwise.
    """
    is_transpose = a.strides == b.strides[::-1] and np.may_share_memory(a, b)
    return a, b.copy("K") if is_transpose else b


def is_finite(array: Array) -> bool:
    """Tell whether there is neither NaN nor infinity; quicker than to look at each for its own sake."""
    return bool(np.isfinite(array.sum())) or bool(np.isfinite(array).all())


def count_odd(array: Array) -> tuple[int, int]:
    """Return how many elements are NaN, and how many are infinite."""
    if is_finite(array):
        return 0, 0
    nan = int(np.count_nonzero(np.isnan(array)))
    return nan, int(np.count_nonzero(~np.isfinite(array))) - nan


def exactness(left: Array, right: Array, kind: np.dtype[Any]) -> str | None:
    """Say whether the product of integers is exact in this kind; None if there are no integers."""
    integers = [one for one in (left, right) if one.dtype.kind in "biu"]
    if not integers:
        return None
    if len(integers) == 2 and kind == np.dtype("f8"):
        largest = left.shape[1]
        for one in integers:
            largest *= max(abs(int(one.max())), abs(int(one.min()))) if one.size else 0
        if largest <= _EXACT:
            return "exact: no sum can pass 2^53"
    return "rounded: a sum may pass what the floats hold exactly, 2^53 in float64"


def roundoff(kind: np.dtype[Any]) -> float:
    """Return the relative error of one operation; for complex numbers, which take several, more."""
    unit = float(np.finfo(kind).eps) / 2
    return unit * (4.0 if kind.kind == "c" else 1.0)
