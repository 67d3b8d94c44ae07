"""The lab of thread-local storage passes its checks, and fails them where it should."""

import threading
from collections.abc import Iterable
from itertools import chain
from typing import Any

import pytest

from concli.lab import Load, Workload
from concli.lab.thread_local import Shape, ThreadLocalSubject, thread_local
from concli.metrics import Check


def checked(subject: Any, **workload: Any) -> dict[str, Check]:
    load = Load(subject, Workload(**workload))
    load.run()
    assert (load.failures, load.abandoned) == ((), ())
    return {check.name: check for check in subject.checks(load)}


def failed(checks: Iterable[Check]) -> set[str]:
    return {check.name for check in checks if not check.passed}


SHAPES = [Shape(), Shape(workers=3, track=True), Shape(workers=2, life=7, track=True), Shape(workers=40)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize(
    "workload", [{"ops": 1001}, {"duration_s": 0.05}, {"duration_s": 0.05, "rate": 2000}, {"ops": 500, "fail": 0.1}]
)
def test_every_contender_passes_its_checks(shape: Shape, place: int, workload: dict[str, Any]) -> None:
    experiment = thread_local(shape)
    contender = list(chain([experiment.ours], experiment.peers))[place]
    assert failed(checked(contender.make(), **workload).values()) == set()


@pytest.mark.parametrize(("ops", "threads"), [(100, 10), (101, 11), (9, 1)])
def test_a_thread_ends_after_its_operations_and_another_comes(ops: int, threads: int) -> None:
    subject = ThreadLocalSubject(Shape(life=10))
    load = Load(subject, Workload(ops=ops))
    load.run()
    assert subject.totals(load) == {"operations": ops, "counted": ops, "threads": threads}


def test_values_of_many_ended_threads_take_little_room() -> None:
    subject = ThreadLocalSubject(Shape(life=1, track=True))
    assert failed(checked(subject, ops=200).values()) == set()
    assert len(subject.values()) <= 40


@pytest.mark.parametrize("life", [0, 7])
def test_failures_are_tracked_and_seen(life: int) -> None:
    subject = ThreadLocalSubject(Shape(workers=2, life=life, track=True))
    load = Load(subject, Workload(ops=500, fail=0.2))
    load.run()
    failures = sum(worker.failed for worker in load.workers)
    assert failures == sum(worker.injected for worker in load.workers) > 0
    tracked: Any = subject.figures()["tracked"]
    assert tracked["operation"]["failures"] == failures


class Loses(ThreadLocalSubject):
    """Keeps no value of a thread's first operation."""

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        add, own = self.add, threading.local()

        def lose() -> None:
            if hasattr(own, "has_begun"):
                add()
            own.has_begun = True

        self.add = lose


class Mixes(ThreadLocalSubject):
    """Takes from one thread what it gives to another."""

    def values(self) -> list[int]:
        first, *others = super().values()
        return [first - 1, others[0] + 1, *others[1:]]


class ForgetsToTrack(ThreadLocalSubject):
    def live(self, worker: Any, laps: Iterable[int]) -> None:
        for number in laps:
            if number:
                super().live(worker, [number])
            else:
                self.add()


@pytest.mark.parametrize(
    ("broken", "fails"),
    [
        (Loses, {"the values add up, those of ended threads included", "each thread has its own"}),
        (Mixes, {"each thread has its own"}),
        (ForgetsToTrack, {"what is tracked adds up by thread"}),
    ],
)
def test_what_goes_wrong_fails_the_check_for_it(broken: type[ThreadLocalSubject], fails: set[str]) -> None:
    assert failed(checked(broken(Shape(workers=2, track=True)), ops=200).values()) == fails


def test_a_lost_value_of_an_ended_thread_fails_the_check() -> None:
    assert failed(checked(Loses(Shape(life=10)), ops=200).values()) == {
        "the values add up, those of ended threads included"
    }
