"""A worker does what it should and measures that."""

import itertools
from typing import Any

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
