"""The time of a generated log."""

import datetime as dt
from itertools import pairwise
from random import Random

from concli.logs.generate.clock import MICROS, Clock, EvenClock

START = dt.datetime(2026, 12, 31, 23, 59, 58, 500_000, tzinfo=dt.UTC)


def moments(clock: Clock, count: int) -> list[int]:
    found = []
    for _ in range(count):
        clock.advance()
        found.append(clock.second * MICROS + clock.micro)
    return found


def test_time_rises_in_bursts_and_gaps_and_keeps_its_pace_on_the_whole() -> None:
    clock = Clock(Random(1), START, 1.0)
    steps = [after - before for before, after in pairwise(moments(clock, 40_000))]
    assert min(steps) >= 0
    assert max(steps) > 30 * MICROS  # a silence
    assert 0.2 * MICROS < sum(steps) / len(steps) < 1.2 * MICROS


def test_there_is_trouble_for_a_while_and_then_there_is_none() -> None:
    clock = Clock(Random(1), START, 1.0)
    troubles = []
    for _ in range(20_000):
        clock.advance()
        troubles.append(clock.is_trouble)
    changes = sum(before != after for before, after in pairwise(troubles))
    assert 0.05 < sum(troubles) / len(troubles) < 0.7
    assert 2 < changes < 100


def test_the_parts_are_those_of_the_moment() -> None:
    clock = EvenClock(Random(1), START, 1.0)
    assert (clock.date, clock.time, clock.millis) == ("2026-12-31", "23:59:58", "500")
    moments(clock, 2)
    assert (clock.date, clock.time, clock.micro, clock.day) == ("2027-01-01", "00:00:00", 500_000, dt.date(2027, 1, 1))
