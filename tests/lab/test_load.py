"""A load is exact in numbers, ends on time, and says what it had to leave behind."""

from typing import Any

import pytest

from concli.errors import UsageError
from concli.lab import Load, Role, Subject, Worker, Workload
from concli.patterns import ShutDown, _sync


class Waits(Subject):
    """Every operation waits until the subject is stopped; if it is told to be stuck, for longer."""

    def __init__(self, release: _sync.Event | None = None) -> None:
        self.roles = [Role("waiter", 2, self.wait)]
        self.stopped = _sync.Event()
        self.release = release

    def wait(self, worker: Worker) -> None:
        for _ in worker.laps():
            (self.release or self.stopped).wait()
            raise ShutDown

    def stop(self) -> None:
        self.stopped.set()


class Does(Subject):
    def __init__(self, body: Any, *roles: tuple[str, int]) -> None:
        self.roles = [Role(name, threads, body) for name, threads in roles]


def nothing(worker: Worker) -> None:
    worker.run(lambda: None)


@pytest.mark.parametrize("ops", [1, 7, 1000])
def test_the_total_is_exact_however_many_threads_share_it(ops: int) -> None:
    load = Load(Does(nothing, ("a", 2), ("b", 3)), Workload(ops=ops))
    load.run()
    assert load.items("a") + load.items("b") == load.done() == ops
    assert not load.cut_short


def test_a_run_ends_on_time_although_all_are_waiting() -> None:
    load = Load(Waits(), Workload(duration_s=0.05))
    load.run()
    assert load.cut_short
    assert load.elapsed_s == pytest.approx(0.05)  # the end is a sum on a clock of its own, so it rounds
    assert not load.abandoned
    assert not load.failures


def test_who_is_stuck_is_left_behind_by_name() -> None:
    release = _sync.Event()
    load = Load(Waits(release), Workload(duration_s=0.02))
    try:
        load.run()
        assert load.abandoned == ("waiter-1", "waiter-2")
    finally:
        release.set()


def test_what_fails_unasked_ends_the_run_and_is_kept() -> None:
    def fail(worker: Worker) -> None:
        worker.run(lambda: 1 // 0)

    load = Load(Does(fail, ("a", 1), ("b", 1)), Workload(ops=10))
    load.run()
    assert load.failures
    assert all(isinstance(error, ZeroDivisionError) for error in load.failures)


def test_an_end_that_nobody_asked_for_is_a_failure() -> None:
    def end(worker: Worker) -> None:
        del worker
        raise ShutDown

    load = Load(Does(end, ("a", 1)), Workload(ops=10))
    load.run()
    assert [type(error) for error in load.failures] == [ShutDown]


def test_an_interrupt_ends_all_threads_and_keeps_what_was_measured() -> None:
    subject = Waits()

    def interrupt() -> int | None:
        raise KeyboardInterrupt

    subject.depth = interrupt  # type: ignore[method-assign]
    load = Load(subject, Workload(ops=10))
    with pytest.raises(KeyboardInterrupt):
        load.run()
    assert load.has_ended
    assert load.cut_short


def test_threads_that_cannot_be_started_are_wrong_usage(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(_sync.Thread, "start", refuse)
    with pytest.raises(UsageError, match="can't start 3 threads"):
        Load(Does(nothing, ("a", 3)), Workload(ops=10)).run()
