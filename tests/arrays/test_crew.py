"""Phases follow each other, and a worker that fails keeps nobody waiting."""

import threading

import pytest

from concli.arrays.crew import Crew, Worker
from concli.metrics import Run


def test_a_phase_begins_when_the_one_before_is_done() -> None:
    done: list[int] = []
    seen: list[int] = []

    def program(worker: Worker) -> None:
        for turn in range(50):
            worker.phase("first", range(5), done.append)
            worker.phase("second", [turn], lambda _: seen.append(len(done)))

    Crew(3, Run("test", {})).run(program)
    assert seen == [5 * (turn + 1) for turn in range(50)]


def test_items_and_operations_are_counted_exactly() -> None:
    run = Run("test", {})
    crew = Crew(3, run)
    crew.run(lambda worker: worker.phase("work", range(100), lambda _: None, lambda item: item))
    assert crew.flops() == sum(range(100))
    assert sum(worker.items for worker in crew.workers) == 100
    [stage] = run.snapshot().stages
    assert (stage.name, stage.workers, stage.items_out) == ("work", 3, 100)
    assert crew.seconds("work") > 0
    assert crew.seconds("none") == 0
    assert crew.flops_per_s_now() == sum(range(100))


def test_each_is_done_by_every_worker_at_the_same_time_and_once_by_one() -> None:
    together = threading.Barrier(3)
    done: list[str] = []

    def program(worker: Worker) -> None:
        worker.each("together", lambda: done.append(f"each {together.wait(20) >= 0}"))
        worker.once(lambda: done.append("once"))
        assert len(done) == 4

    Crew(3, Run("test", {})).run(program)
    assert sorted(done) == ["each True"] * 3 + ["once"]


def test_one_that_fails_breaks_the_barrier_and_only_its_failure_is_raised() -> None:
    def work(item: int) -> None:
        if item == 3:
            raise ZeroDivisionError

    with pytest.raises(ExceptionGroup) as failed:
        Crew(3, Run("test", {})).run(lambda worker: worker.phase("work", range(9), work))
    assert [type(one) for one in failed.value.exceptions] == [ZeroDivisionError]
