"""The algorithm and the place are chosen for a reason."""

import numpy as np
import pytest

from concli.arrays.plan import Room, Shape, plan_for, room_for
from concli.errors import UsageError

AMPLE = Room(1 << 40, asked_for=False)


def square(side: int, kind: str = "f8") -> Shape:
    return Shape(side, side, side, np.dtype(kind))


@pytest.mark.parametrize(
    ("shape", "asked", "algorithm", "why"),
    [
        (square(1024), "auto", "blocked", "is below"),
        (square(16384), "auto", "strassen", "fits into memory"),
        (square(8192), "auto", "blocked", "is below"),
        (square(16384, "f4"), "auto", "blocked", "no digits to spare"),
        (square(8192), "blocked", "blocked", "asked for"),
        (square(64), "strassen", "strassen", "asked for"),
        (square(1), "strassen", "blocked", "shorter than 4"),
        (Shape(8192, 64, 8192, np.dtype("f8")), "auto", "blocked", "least side, 64"),
    ],
)
def test_an_algorithm_is_chosen_and_said_why(shape: Shape, asked: str, algorithm: str, why: str) -> None:
    plan = plan_for(shape, asked, AMPLE, mappable=False)
    assert plan.algorithm == algorithm
    assert why in plan.why
    assert bool(plan.levels) == (algorithm == "strassen")


def test_strassens_needs_room_for_its_sums() -> None:
    tight = Room(square(16384).bytes, asked_for=True)
    assert "do not fit" in plan_for(square(16384), "auto", tight, mappable=False).why
    with pytest.raises(UsageError, match="sums do not fit"):
        plan_for(square(16384), "strassen", tight, mappable=False)


def test_what_does_not_fit_is_streamed_if_it_can_be() -> None:
    small = Room(1 << 20, asked_for=True)
    assert plan_for(square(1024), "auto", small, mappable=True).streamed
    with pytest.raises(UsageError, match="give the inputs as files"):
        plan_for(square(1024), "auto", small, mappable=False)
    with pytest.raises(UsageError, match="memory only"):
        plan_for(square(1024), "strassen", small, mappable=True)


def test_the_room_is_what_was_asked_for_or_most_of_what_there_is() -> None:
    assert room_for(1 << 21) == (1 << 21, True)
    assert room_for(None).bytes > 1 << 20
    with pytest.raises(UsageError, match="too few"):
        room_for(100)
