import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concli.engines.choose import Work, choose


@pytest.mark.parametrize(
    ("work", "gil", "cpus", "name", "why"),
    [
        (Work(holds_gil=True, seconds=10), False, 4, "threads", "has no GIL"),
        (Work(holds_gil=False, seconds=10), True, 4, "threads", "leaves the GIL"),
        (Work(holds_gil=True, seconds=10), True, 1, "threads", "one at a time"),
        (Work(holds_gil=True, seconds=10), True, 4, "processes", "4 processes save about 7 of 10 s"),
        (Work(holds_gil=True, bytes=500_000_000), True, 2, "processes", "2 processes save"),
        (Work(holds_gil=True, bytes=1_000_000), True, 2, "threads", "too little"),
        (Work(holds_gil=True), True, 2, "processes", "not known"),
    ],
)
def test_the_choice_and_its_reason(work: Work, gil: bool, cpus: int, name: str, why: str) -> None:
    choice = choose(work, workers=8, gil=gil, cpus=cpus)
    assert choice.name == name
    assert why in choice.reason


def test_what_is_not_said_is_as_it_is_here() -> None:
    has_gil = getattr(sys, "_is_gil_enabled", lambda: True)()
    choice = choose(Work(holds_gil=True, seconds=100), workers=8)
    assert has_gil or choice.name == "threads"


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.integers(1, 64))
def test_more_work_never_goes_back_to_threads(less: float, more: float, cpus: int) -> None:
    less, more = sorted((less, more))
    names = [choose(Work(True, seconds), workers=64, gil=True, cpus=cpus).name for seconds in (less, more)]
    assert names != ["processes", "threads"]
