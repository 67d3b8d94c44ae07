"""The lab of the thread pool passes its checks, and fails them where it should."""

from typing import Any

import pytest

from concli.errors import UsageError
from concli.lab import Load, Workload, parse_work, run_lab
from concli.lab.figures import figures_of
from concli.lab.thread_pool import PoolShape, PoolSubject, thread_pool
from concli.metrics import Check, Run
from concli.patterns import _sync


def checked(subject: Any, **workload: Any) -> dict[str, Check]:
    load = Load(subject, Workload(**workload))
    load.run()
    assert load.failures == ()
    assert load.abandoned == ()
    return {check.name: check for check in subject.checks(load)}


SHAPES = [
    PoolShape(1),
    PoolShape(3, 2, 5, 2),
    PoolShape(2, 3, 1, 1),
    PoolShape(2, 3, 4, 0, parse_work("sleep:1ms")),
    PoolShape(1, window=10),
    PoolShape(2, 3, 1, 2, parse_work("sleep:1ms"), window=7),
]
WORKLOADS = [{"ops": 501}, {"duration_s": 0.05}, {"duration_s": 0.05, "rate": 2000}, {"ops": 200, "fail": 0.2}]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("place", range(2))
@pytest.mark.parametrize("workload", WORKLOADS)
def test_every_contender_passes_its_checks(shape: PoolShape, place: int, workload: dict[str, Any]) -> None:
    experiment = thread_pool(shape)
    subject = [experiment.ours, *experiment.peers][place].make()
    assert [check for check in checked(subject, **workload).values() if not check.passed] == []


@pytest.mark.parametrize("workload", WORKLOADS)
def test_the_whole_run_passes_and_shows_the_threads_of_the_pool(workload: dict[str, Any]) -> None:
    run = Run("thread-pool", {})
    run_lab(thread_pool(PoolShape(2, 2, 3)), Workload(**workload), run)
    report = run.snapshot()
    assert [check for check in report.checks if not check.passed] == []
    assert [thread.name for thread in report.threads] == ["submitter-1", "submitter-2", "worker-1", "worker-2"]
    assert report.stages[1].queue is not None


def test_an_exception_reaches_its_caller() -> None:
    subject = PoolSubject(PoolShape(2, 2, 3))
    load = Load(subject, Workload(ops=300, fail=0.2))
    load.run()
    assert sum(worker.failed for worker in load.of("submitter")) == subject._statistics().failed > 0
    assert sum(worker.injected for worker in load.of("worker")) == subject._statistics().failed


def test_what_waits_at_the_end_is_cancelled_and_counted() -> None:
    subject = PoolSubject(PoolShape(1, 2, 50, 0, parse_work("sleep:5ms")))
    load = Load(subject, Workload(duration_s=0.05))
    load.run()
    totals = subject.totals(load)
    assert totals["cancelled"] > 0
    assert totals["called"] == totals["returned"] + totals["cancelled"]
    assert [check for check in subject.checks(load) if not check.passed] == []


def test_a_window_is_as_many_calls_under_way_and_never_more() -> None:
    seen, counted = [], _sync.Lock()

    class Counts(PoolSubject):
        def _task(self, item: int) -> int:
            with counted:
                seen.append(max(len(flight) for flight in self._flights))
            return super()._task(item)

    subject = Counts(PoolShape(1, 2, work=parse_work("sleep:100us"), window=5))
    load = Load(subject, Workload(ops=101))
    load.run()
    assert load.items("submitter") == 101
    assert max(seen) == 5
    assert [check for check in subject.checks(load) if not check.passed] == []


@pytest.mark.parametrize("place", range(2))
@pytest.mark.parametrize("rate", [None, 2000])
def test_with_a_window_a_latency_is_that_of_its_call_and_not_of_the_operation(place: int, rate: float | None) -> None:
    experiment = thread_pool(PoolShape(1, window=10, work=parse_work("sleep:2ms")))
    subject: Any = [experiment.ours, *experiment.peers][place].make()
    load = Load(subject, Workload(ops=100, rate=rate))
    load.run()
    figures = figures_of(load, subject.roles[0])
    # One comes back every 2 ms, and each waits for the nine before it; at a rate it waits to be submitted too.
    assert figures.p90_ms is not None
    assert figures.max_ms is not None
    assert figures.p90_ms >= 18
    assert figures.max_ms >= figures.p90_ms
    assert (figures.p90_ms > 60) is bool(rate)
    durations, longest_s = subject.latencies("submitter")
    assert durations.count == 100
    assert longest_s * 1e3 == figures.max_ms


def test_what_is_under_way_in_a_window_at_the_end_is_cancelled_and_not_counted_as_done() -> None:
    subject = PoolSubject(PoolShape(1, 2, work=parse_work("sleep:5ms"), window=50))
    load = Load(subject, Workload(duration_s=0.05))
    load.run()
    totals = subject.totals(load)
    assert totals["cancelled"] > 0
    assert load.items("submitter") == totals["returned"] > 0
    latencies = subject.latencies("submitter")
    assert latencies is not None
    assert latencies[0].count == totals["returned"]
    assert [check for check in subject.checks(load) if not check.passed] == []


class Doubles(PoolSubject):
    def _task(self, item: int) -> int:
        return super()._task(item if item != 50 else super()._task(item))


class Loses(PoolSubject):
    def _task(self, item: int) -> int:
        return super()._task(item) if item != 50 else item


class Replaces(PoolSubject):
    def _task(self, item: int) -> int:
        super()._task(item if item != 50 else 51)
        return item


class Mixes(PoolSubject):
    def _task(self, item: int) -> int:
        return super()._task(item) ^ (item == 50)


@pytest.mark.parametrize(
    ("broken", "fails"),
    [
        (Doubles, "every task runs once"),
        (Loses, "every task runs once"),
        (Replaces, "every task runs once"),
        (Mixes, "every call gets its own result"),
    ],
)
@pytest.mark.parametrize("window", [1, 8])
def test_what_goes_wrong_fails_the_check_for_it(broken: type[PoolSubject], fails: str, window: int) -> None:
    checks = checked(broken(PoolShape(2, window=window)), ops=100)
    assert [name for name, check in checks.items() if not check.passed] == [fails]


def test_statistics_that_do_not_add_up_fail_their_check() -> None:
    subject = PoolSubject(PoolShape(2))
    checked(subject, ops=100)
    subject.submitted[0].cancelled += 1
    load = Load(subject, Workload(ops=1))
    assert [check.name for check in subject.checks(load) if not check.passed] == ["the statistics add up"]


def test_too_many_threads_are_wrong_usage(monkeypatch: pytest.MonkeyPatch) -> None:
    start = _sync.Thread.start

    def fail(thread: Any) -> None:
        if thread.name == "worker_2":
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(_sync.Thread, "start", fail)
    for contender in [thread_pool(PoolShape(4)).ours, *thread_pool(PoolShape(4)).peers]:
        load = Load(contender.make(), Workload(ops=10))
        with pytest.raises(UsageError, match="can't start 5 threads"):
            load.run()
