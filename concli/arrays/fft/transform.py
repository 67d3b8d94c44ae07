"""The transformer: one thread's part of the work, with buffers that it uses again for every chunk."""

from typing import NamedTuple

import numpy as np

from concli.arrays.fft.digest import digest
from concli.arrays.fft.fourier import Array, Fourier
from concli.arrays.fft.plan import Plan

__all__ = ["Transformer", "scratch_bytes"]


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
