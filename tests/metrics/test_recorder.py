"""The recorder: one shard a thread, merged when read."""

import threading

from concli.metrics.recorder import Recorder, Shard
from concli.patterns import ThreadGroup

THREADS, ROUNDS = 4, 500


def sums(shard: Shard) -> dict[str, float]:
    return {name: getattr(shard, name) for name in expected(0)}


def work(recorder: Recorder) -> None:
    for _ in range(ROUNDS):
        recorder.record(0.25, items_in=3, items_out=2, bytes_in=50, bytes_out=40, errors=1)


def expected(rounds: int) -> dict[str, float]:
    one = {"items_in": 3, "items_out": 2, "bytes_in": 50, "bytes_out": 40, "errors": 1, "operations": 1, "busy_s": 0.25}
    return {name: value * rounds for name, value in one.items()}


def test_the_shards_of_all_threads_sum_exactly_those_that_have_ended_included() -> None:
    recorder = Recorder()
    together = threading.Barrier(THREADS)

    def work_together() -> None:
        together.wait()
        work(recorder)

    with ThreadGroup() as group:
        for _ in range(THREADS):
            group.spawn(work_together)
    work(recorder)
    total = recorder.totals()
    assert sums(total) == expected((THREADS + 1) * ROUNDS)
    quantile = total.durations.quantile(1)
    assert quantile is not None
    assert 0.25 <= quantile <= 0.25 * 1.125


def test_totals_read_while_threads_record_only_grow_up_to_the_exact_sum() -> None:
    recorder, ended = Recorder(), threading.Event()

    def read() -> None:
        before = 0
        while not ended.is_set():
            operations = recorder.totals().operations
            assert before <= operations <= THREADS * ROUNDS
            before = operations

    with ThreadGroup() as readers:
        readers.spawn(read)
        try:
            with ThreadGroup() as workers:
                for _ in range(THREADS):
                    workers.spawn(work, recorder)
        finally:
            ended.set()
    assert sums(recorder.totals()) == expected(THREADS * ROUNDS)


def test_totals_are_a_snapshot() -> None:
    recorder = Recorder()
    before = recorder.totals()
    work(recorder)
    assert sums(before) == expected(0)
    assert before.durations.quantile(1) is None


def test_recorders_do_not_share_what_they_count() -> None:
    one, other = Recorder(), Recorder()
    work(one)
    assert sums(other.totals()) == expected(0)
