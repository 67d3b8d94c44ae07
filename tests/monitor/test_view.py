"""The view: which threads are shown, and in which order."""

import re

import pytest

from concli.monitor import SORTS, ThreadRate, rates_between, select
from tests.monitor.figures import sample, thread

THREADS = {
    "cpu": (thread(3, name="worker-10", cpu=0.9), "worker-10"),
    "wait": (thread(4, name="worker-2", run_wait_s=0.5), "worker-2"),
    "switches": (thread(5, name="writer", voluntary=1, involuntary=9), "writer"),
    "ops": (thread(6, name="reader", operations=5), "reader"),
    "tid": (thread(2, name="zero"), "zero"),
    "name": (thread(7, name="alpha"), "alpha"),
}


def rates() -> tuple[ThreadRate, ...]:
    now = sample(1, *(row for row, _ in THREADS.values()))
    return rates_between(sample(0), now).threads


@pytest.mark.parametrize("sort", SORTS)
def test_each_order_has_its_own_first(sort: str) -> None:
    shown, left = select(rates(), sort=sort)
    assert (shown[0].name, left) == (THREADS[sort][1], 0)


def test_numbers_in_names_are_in_the_order_of_numbers() -> None:
    names = [each.name for each in select(rates(), sort="name")[0]]
    assert names == ["alpha", "reader", "worker-2", "worker-10", "writer", "zero"]


def test_only_those_that_match_are_shown_and_the_rest_of_them_counted() -> None:
    shown, left = select(rates(), top=1, matching=re.compile(r"^w"))
    assert ([each.name for each in shown], left) == (["worker-10"], 2)


def test_equals_stay_in_the_order_of_their_ids() -> None:
    same = [rates_between(None, sample(0, thread(tid))).threads[0] for tid in (3, 1, 2)]
    assert [each.tid for each in select(same)[0]] == [1, 2, 3]
