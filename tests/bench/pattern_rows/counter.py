"""ShardedCounter and the metrics recorder: an event by one thread, and two threads beside one."""

import threading
from collections.abc import Callable
from typing import Any

from concli.metrics.recorder import Recorder
from concli.patterns import Counter, ShardedCounter
from tests.bench.pattern_rows.aims import scales, under_ns
from tests.bench.pattern_rows.gate import check, together
from tests.bench.pattern_rows.row import Contender, Row, Run, Took, shown, standard

__all__ = ["rows"]

_DURATIONS = [0.000_001 * 1.3**number for number in range(60)]  # seconds, from a microsecond to some seconds

# A function that makes a counter and returns two: what one thread does, and what has been counted then.
Make = Callable[[], tuple[Callable[[list[float]], Any], Callable[[], int]]]


def rows() -> list[Row]:
    """Return the rows."""
    increment = Contender("concli ShardedCounter.increment", _run(_increment, 1))
    record = Contender("concli Recorder.record", _run(_record, 1))
    return [
        Row(
            "counting",
            "ShardedCounter",
            "increments by one thread",
            "event",
            [
                increment,
                shown("concli ShardedCounter.shard().increment", _run(_increment_shard, 1)),
                shown("concli Counter.increment", _run(_increment_exact, 1)),
                shown("an int behind a threading.Lock", _run(_increment_locked, 1)),
                shown("the loop alone", _run(_loop, 1)),
            ],
            [under_ns(150)],
            start=20000,
        ),
        Row(
            "counting",
            "Recorder",
            "operations with their seconds recorded by one thread",
            "event",
            [
                record,
                shown("concli Recorder.shard().add", _run(_record_shard, 1)),
                shown("with items_in, items_out and bytes_in", _run(_record_more, 1)),
                shown("the loop alone", _run(_loop, 1)),
            ],
            [under_ns(150)],
            start=20000,
        ),
        _two_threads("ShardedCounter.increment", _increment),
        _two_threads("ShardedCounter.shard().increment", _increment_shard),
        _two_threads("Recorder.record", _record),
        _two_threads("Recorder.shard().add", _record_shard),
    ]


def _two_threads(name: str, make: Make) -> Row:
    return Row(
        "counting",
        f"{name} by two threads",
        "events per second of both together beside those of one alone, the loop included",
        "event",
        [
            Contender("concli, two threads", _run(make, 2)),
            standard("concli, one thread", _run(make, 1)),
            shown("the loop alone, two threads", _run(_loop, 2)),
        ],
        [scales(1.8)],
        start=20000,
    )


def _run(make: Make, threads: int) -> Run:
    def run(operations: int) -> Took:
        work, counted = make()
        repeats = max(1, operations // threads // len(_DURATIONS))
        events = repeats * len(_DURATIONS) * threads
        # A list for each thread, made by itself: without the GIL, sharing one would be felt.
        ended = together([lambda: work([seconds + 0.0 for seconds in _DURATIONS] * repeats)] * threads)
        check(counted(), events)
        return Took(max(one.after_s for one in ended), events)

    return run


def _increment() -> tuple[Callable[[list[float]], Any], Callable[[], int]]:
    counter = ShardedCounter()

    def work(events: list[float]) -> None:
        increment = counter.increment
        for _ in events:
            increment()

    return work, lambda: counter.value


def _increment_shard() -> tuple[Callable[[list[float]], Any], Callable[[], int]]:
    counter = ShardedCounter()

    def work(events: list[float]) -> None:
        increment = counter.shard().increment
        for _ in events:
            increment()

    return work, lambda: counter.value


def _increment_exact() -> tuple[Callable[[list[float]], Any], Callable[[], int]]:
    counter = Counter()

    def work(events: list[float]) -> None:
        increment = counter.increment
        for _ in events:
            increment()

    return work, lambda: counter.value


def _increment_locked() -> tuple[Callable[[list[float]], Any], Callable[[], int]]:
    lock, count = threading.Lock(), 0

    def increment() -> None:
        nonlocal count
        with lock:
            count += 1

    def work(events: list[float]) -> None:
        for _ in events:
            increment()

    return work, lambda: count


def _record() -> tuple[Callable[[list[float]], Any], Callable[[], int]]:
    recorder = Recorder()

    def work(events: list[float]) -> None:
        record = recorder.record
        for seconds in events:
            record(seconds)

    return work, lambda: recorder.totals().operations


def _record_shard() -> tuple[Callable[[list[float]], Any], Callable[[], int]]:
    recorder = Recorder()

    def work(events: list[float]) -> None:
        add = recorder.shard().add
        for seconds in events:
            add(seconds)

    return work, lambda: recorder.totals().operations


def _record_more() -> tuple[Callable[[list[float]], Any], Callable[[], int]]:
    recorder = Recorder()

    def work(events: list[float]) -> None:
        record = recorder.record
        for seconds in events:
            record(seconds, items_in=1, items_out=1, bytes_in=100)

    return work, lambda: recorder.totals().items_in


def _loop() -> tuple[Callable[[list[float]], Any], Callable[[], int]]:
    done: list[int] = []

    def work(events: list[float]) -> None:
        for _ in events:
            pass
        done.append(len(events))

    return work, lambda: sum(done)
