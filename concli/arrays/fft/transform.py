"""The transformer: a worker's part of the work, with buffers that it uses again for every chunk."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from concli.arrays.fft._source import Again, ChunkError
from concli.arrays.fft.digest import digest
from concli.arrays.fft.fourier import Array, Fourier
from concli.arrays.fft.plan import Plan

__all__ = ["Transformed", "Transformer", "Unit", "make_transformer", "scratch_bytes"]


class Unit(NamedTuple):
    """A chunk to transform, and where its result goes; ``again`` makes its values again, wherever it is called."""

    number: int
    values: Array
    out: Array
    again: Again | None = None

    def refer(self) -> tuple[Any, ...]:
        """Travel to another machine as what makes the values there, if something does, and without what is in ``out``.

        See ``concli.engines``.
        """
        return _unit_for, (self.number, self.again or self.values, self.out.shape, self.out.dtype.str)

    def __repr__(self) -> str:
        """Say which it is, without the values."""
        return f"chunk {self.number}"


class Transformed(NamedTuple):
    """The result, and its checksum."""

    out: Array
    digest: str


def _unit_for(number: int, values: Array | Again, shape: tuple[int, int], dtype: str) -> Unit:
    return Unit(number, values() if callable(values) else values, np.empty(shape, dtype))


def make_transformer(plan: Plan, norm: str, strict: bool) -> Callable[[Unit], Transformed]:
    """Return what transforms chunks, for one thread.

    If ``strict``, one with a value that is not finite raises ``ChunkError``.
    """
    transformer = Transformer(plan, Fourier(norm))

    def transform(unit: Unit) -> Transformed:
        with np.errstate(all="ignore"):
            if strict and (bad := _not_finite(unit.values)):
                raise ChunkError(f"{bad:,} of its values are not finite")
            return Transformed(unit.out, transformer.transform(unit.values, unit.out))

    return transform


class _Place(NamedTuple):
    """Where a step puts its result: a buffer of the thread's own, or the result, or the left of that."""

    buffer: Array | None
    columns: int | None


class Transformer:
    """Does a plan. To be called by one thread at a time."""

    def __init__(self, plan: Plan, fourier: Fourier) -> None:
        self._steps = plan.steps
        self._fourier = fourier
        self._places = _places(plan)
        first = plan.steps[0]
        # The input is not ours to spoil; what a step before has made is.
        self._scratch = np.empty(plan.before.shape, plan.before.dtype) if first.scratches else np.empty(0)

    def transform(self, x: Array, out: Array) -> str:
        """Write into ``out`` what the plan makes of ``x``, which stays as it is; return the checksum of that."""
        scratch, checksum = self._scratch, None
        for step, place in zip(self._steps, self._places, strict=True):
            target = out if place.buffer is None else place.buffer
            if place.columns is not None:
                target = target[:, : place.columns]
            checksum = step.run(x, target, scratch, self._fourier)
            x = scratch = target
        return checksum or digest(out)


def scratch_bytes(plan: Plan) -> int:
    """Return the bytes that one transformer takes."""
    own = {id(place.buffer): place.buffer.nbytes for place in _places(plan) if place.buffer is not None}
    before = plan.before
    spoiled = before.shape[0] * before.shape[1] * before.dtype.itemsize if plan.steps[0].scratches else 0
    return sum(own.values()) + spoiled


def _not_finite(values: Array) -> int:
    """Count the values that are NaN or infinite."""
    # Where the sum is finite all values are, and that is quicker to know.
    if values.dtype.kind not in "fc" or np.isfinite(np.add.reduce(values, axis=None)):
        return 0
    return values.size - int(np.count_nonzero(np.isfinite(values)))


def _places(plan: Plan) -> list[_Place]:
    """Say of each step where its result goes, from the last, which makes the result, to the first."""
    places = [_Place(None, None)]
    for step, following in zip(plan.steps[-2::-1], plan.steps[:0:-1], strict=True):
        place, after = places[-1], step.after
        if following.name == "fill":
            place = place._replace(columns=after.shape[1])
        elif not following.reuses or following.after.dtype != after.dtype:
            place = _Place(np.empty(after.shape, after.dtype), None)
        places.append(place)
    return places[::-1]
