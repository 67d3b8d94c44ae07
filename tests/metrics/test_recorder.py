"""The recorder: one shard a thread, merged when read."""

import threading

import pytest

from concli.metrics.histogram import Histogram
from concli.metrics.recorder import Recorder, Shard, Totals
from concli.patterns import ThreadGroup

THREADS, ROUNDS = 4, 500
BATCHES = 2500  # records: more than two batches full


def sums(shard: Totals) -> dict[str, float]:
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
    assert 0.25 < quantile <= 0.25 * 1.0625


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


def test_what_a_thread_records_by_its_shard_is_in_the_totals_exactly_whatever_the_batches() -> None:
    recorder = Recorder()
    shard = recorder.shard()
    for done in range(1, BATCHES // 2):
        shard.add(0.25)
        shard.record(0.5, items_in=2, errors=1)
        totals = recorder.totals()
        assert (totals.operations, totals.busy_s) == (2 * done, 0.75 * done)
        assert (totals.items_in, totals.errors, totals.items_out) == (2 * done, done, 0)
    half, whole = totals.durations.quantile(0.5), totals.durations.quantile(1)
    assert half is not None
    assert whole is not None
    assert 0.25 <= half < 0.5 <= whole


def test_each_thread_has_one_shard_of_its_own() -> None:
    recorder = Recorder()
    shards: list[Shard] = []
    with ThreadGroup() as group:
        for _ in range(THREADS):
            group.spawn(lambda: shards.append(recorder.shard()))
    assert recorder.shard() is recorder.shard()
    assert len({id(shard) for shard in [*shards, recorder.shard()]}) == THREADS + 1


@pytest.mark.parametrize("of_handler", [1, 1100])
def test_what_a_signal_handler_records_while_a_batch_is_summed_is_kept(
    monkeypatch: pytest.MonkeyPatch, of_handler: int
) -> None:
    shard, real, calls = Shard(), Histogram.add_all, iter(range(2))

    def interrupted(histogram: Histogram, seconds: list[float]) -> None:
        real(histogram, seconds)
        if next(calls, None) == 0:
            for _ in range(of_handler):
                shard.add(0.25)

    monkeypatch.setattr(Histogram, "add_all", interrupted)
    for _ in range(BATCHES):
        shard.add(0.25)
    assert next(calls, None) is None
    monkeypatch.undo()
    totals = shard.totals()
    assert (totals.operations, totals.busy_s) == (BATCHES + of_handler, 0.25 * (BATCHES + of_handler))


def test_a_batch_whose_summing_was_interrupted_is_summed_with_the_next_record(monkeypatch: pytest.MonkeyPatch) -> None:
    shard = Shard()

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Histogram, "add_all", interrupted)
        with pytest.raises(KeyboardInterrupt):
            any(shard.add(0.25) for _ in range(BATCHES))  # type: ignore[func-returns-value]
    before = shard.totals().operations
    assert 0 < before < BATCHES
    shard.add(0.25)
    assert len(shard._batch) == 0
    assert shard.totals().operations == before + 1
