"""A worker does what it should and measures that."""

import itertools
import time
from typing import Any

import pytest

from concli.lab.work import parse_work
from concli.lab.worker import InjectedError, Role, Worker
from concli.metrics import Trace
from concli.patterns import _sync


def worker(work: str = "none", step: int = 1, **options: Any) -> Worker:
    gate = _sync.Event()
    gate.set()
    role = Role("someone", 1, lambda _: None, step=step, work=parse_work(work), fails=True)
    return Worker(role, 0, gate=gate, **options)


def test_a_quota_is_kept_exactly() -> None:
    one = worker(quota=1234)
    assert list(one.laps()) == list(range(1234))
    assert one.operations == 1234


def test_a_batch_is_one_operation_and_begins_with_its_first_item() -> None:
    one = worker(quota=10, step=4)
    assert list(one.laps()) == [0, 4, 8]
    assert one.operations == 3


def test_the_longest_operation_is_known_exactly_and_all_are_counted() -> None:
    one = worker(quota=3, work="sleep:1ms")
    one.run(one.work or (lambda: None))
    assert one.longest_s >= 0.001
    assert one.longest_s <= one.service_s
    assert 0.003 <= one.worked_s <= one.service_s
    assert one.durations().quantile(0) is not None


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(time, "perf_counter", made)
    return made


@pytest.mark.parametrize("place", [0, 1, 70_000, 99_999])
def test_short_operations_are_timed_by_the_stretch_and_a_long_one_among_them_is_seen(clock: Clock, place: int) -> None:
    one = worker(quota=100_000)
    for number in one.laps():
        clock.now += 0.005 if number == place else 1e-6
    durations = one.durations()
    assert one.operations == durations.count == 100_000
    assert one.timed < 5_000
    assert one.service_s == pytest.approx(clock.now)
    assert one.longest_s == pytest.approx(0.005, rel=0.1)
    assert durations.quantile(0.5) == durations.quantile(0.99999) == pytest.approx(1e-6, rel=0.0626)


def test_long_operations_are_timed_one_by_one(clock: Clock) -> None:
    one = worker(quota=500)
    for number in one.laps():
        clock.now += 0.001 * (number + 1)
    assert one.timed >= 498
    assert one.longest_s == 0.5
    assert one.durations().count == 500


def test_a_sample_of_short_operations_is_a_fair_one_though_they_fall_in_step(clock: Clock) -> None:
    one = worker(quota=1_000_000)
    for number in one.laps():
        clock.now += 100e-6 if number % 64 == 63 else 1e-6
    durations = one.durations()
    below = [q for q in range(900, 1000) if (durations.quantile(q / 1000) or 0) < 50e-6]
    assert len(below) / 1000 + 0.9 == pytest.approx(63 / 64, abs=0.008)


def test_the_operations_are_known_while_they_go_on(clock: Clock) -> None:
    one = worker()
    for number in one.laps():
        clock.now += 1e-6
        assert one.operations == number
        if number == 1000:
            break


def test_it_pauses_between_operations(clock: Clock) -> None:
    one = worker(quota=1000)
    pauses = []
    one.pause = lambda: pauses.append(one.operations)
    for _ in one.laps():
        clock.now += 1e-6
    assert pauses == sorted(set(pauses))
    assert pauses[-1] == 1000


def test_an_operation_that_raises_out_of_the_loop_is_not_counted() -> None:
    one = worker()
    try:
        for number in one.laps():
            if number == 5:
                raise KeyError
    except KeyError:
        pass
    assert one.operations == 5


def test_failures_are_thrown_in_and_counted_where_they_arrive() -> None:
    one = worker(quota=500, fail=0.2)
    assert one.work
    one.run(one.work)
    assert one.operations == 500
    assert 0 < one.failed == one.injected < 500


def test_every_operation_fails_if_all_are_to() -> None:
    one = worker(fail=1.0)
    assert one.work
    for _ in itertools.repeat(None, 5):
        try:
            one.work()
        except InjectedError:
            continue
        raise AssertionError


def test_what_comes_late_has_been_waiting_since_it_should_have_begun() -> None:
    one = worker(quota=5, work="sleep:2ms", interval_s=0.0001)
    one.run(one.work or (lambda: None))
    assert one.longest_s >= 0.0076  # the fifth: five times 2 ms, less four distances
    assert one.longest_s < one.service_s


def test_who_is_told_to_stop_stops_and_who_waits_for_its_time_too() -> None:
    one = worker(interval_s=3600.0)
    laps = one.laps()
    assert next(laps) == 0
    one.stop()
    assert list(laps) == []
    assert one.operations == 1


def test_traced_operations_are_spans_with_their_work_inside() -> None:
    trace = Trace()
    one = worker(quota=2, work="sleep:1ms", trace=trace)
    one.run(one.work or (lambda: None))
    text = trace.to_json()
    assert text.count('"name": "operation"') == 2
    assert text.count('"name": "work"') == 2


def test_the_same_seed_makes_the_same_worker() -> None:
    assert worker(seed=3).random.random() == worker(seed=3).random.random() != worker(seed=4).random.random()
