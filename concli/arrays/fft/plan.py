"""A chain of operations made into steps for chunks of one shape and type.

Real values are transformed at half the cost: their spectrum is kept as its left half (``MIRRORED``) for as
long as it can be, and the rest is filled in at the end.

>>> plan = make_plan(operations(["fft2"]), (4, 6), np.dtype(float))
>>> plan.shape, plan.dtype.name, plan.names
((4, 6), 'complex128', ('rfft2', 'fill'))
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from concli.arrays.fft._maker import Maker
from concli.arrays.fft._state import Kind, State, Step
from concli.arrays.fft.operations import Operation, operations
from concli.errors import UsageError

__all__ = ["Plan", "make_plan", "operations"]


class Plan(NamedTuple):
    """What to do with a chunk, and what comes of it. ``made_of`` are the arguments of ``make_plan``."""

    before: State
    steps: tuple[Step, ...]
    made_of: tuple[Any, ...]

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel as what it was made of: steps are functions."""
        return _again, self.made_of

    @property
    def shape(self) -> tuple[int, int]:
        """The shape of a result."""
        return self.steps[-1].after.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of its values."""
        return self.steps[-1].after.dtype

    @property
    def nbytes(self) -> int:
        """The bytes of a result."""
        return self.shape[0] * self.shape[1] * self.dtype.itemsize

    @property
    def is_centred_when_shown(self) -> bool:
        """Whether a picture of it is to have frequency 0, or the autocorrelation at no distance, in its middle."""
        after = self.steps[-1].after
        return after.can_shift and after.kind is not Kind.HALF

    @property
    def names(self) -> tuple[str, ...]:
        """The steps' names."""
        return tuple(step.name for step in self.steps)


def make_plan(
    chain: Iterable[Operation],
    shape: tuple[int, int],
    dtype: np.dtype[Any],
    *,
    window: str = "none",
    shift: bool = False,
) -> Plan:
    """Return the plan for chunks of this shape and type. Raises ``UsageError`` for what makes no sense."""
    chain = tuple(chain)
    if 0 in shape:
        raise UsageError(f"a chunk of {shape[0]}x{shape[1]} has no values to transform")
    maker = Maker(State(Kind.SPACE, shape, dtype, shape[1]))
    maker.fade(window)
    for operation in chain:
        maker.apply(operation)
    maker.fill()
    if shift:
        maker.shift()
    if not maker.steps:
        raise UsageError("--op: there is nothing to do")
    return Plan(maker.before, tuple(maker.steps), (chain, shape, dtype, window, shift))


def _again(
    chain: tuple[Operation, ...], shape: tuple[int, int], dtype: np.dtype[Any], window: str, shift: bool
) -> Plan:
    return make_plan(chain, shape, dtype, window=window, shift=shift)
