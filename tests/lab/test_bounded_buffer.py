"""The lab of the bounded buffer passes its checks, and fails them where it should."""

from itertools import chain
from typing import Any

import pytest

from concli.lab import Load, Workload, parse_work
from concli.lab.bounded_buffer import BufferSubject, Shape, bounded_buffer
from concli.metrics import Check


def checked(subject: Any, **workload: Any) -> dict[str, Check]:
    load = Load(subject, Workload(**workload))
    load.run()
    assert load.failures == ()
    return {check.name: check for check in subject.checks(load)}


SHAPES = [Shape(), Shape(producers=3, consumers=2, buffer=2), Shape(producers=2, consumers=2, batch=7)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("workload", [{"ops": 2001}, {"duration_s": 0.05}, {"duration_s": 0.05, "rate": 2000}])
def test_every_contender_passes_its_checks(shape: Shape, place: int, workload: dict[str, Any]) -> None:
    experiment = bounded_buffer(shape)
    contender = list(chain([experiment.ours], experiment.peers))[place]
    if contender.name == "culsans":
        pytest.importorskip("culsans")
    assert [check for check in checked(contender.make(), **workload).values() if not check.passed] == []


class Loses(BufferSubject):
    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        put = self.put
        self.put = lambda item: put(item) if item != 50 else None


class Doubles(BufferSubject):
    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        put = self.put
        self.put = lambda item: [put(item) for _ in range(1 + (item == 50))]


class Swaps(BufferSubject):
    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        put = self.put
        self.put = lambda item: put({50: 51, 51: 50}.get(item, item))


@pytest.mark.parametrize(
    ("broken", "fails"),
    [
        (Loses, {"every item once", "the statistics add up"}),
        (Doubles, {"every item once", "in order per producer", "the statistics add up"}),
        (Swaps, {"in order per producer"}),
    ],
)
def test_what_goes_wrong_fails_the_check_for_it(broken: type[BufferSubject], fails: set[str]) -> None:
    checks = checked(broken(Shape()), ops=100)
    assert {name for name, check in checks.items() if not check.passed} == fails


def test_failures_asked_for_lose_no_item() -> None:
    subject = BufferSubject(Shape(work=parse_work("none"), consumers=2))
    load = Load(subject, Workload(ops=1000, fail=0.1))
    load.run()
    assert sum(worker.failed for worker in load.workers) == sum(worker.injected for worker in load.workers) > 0
    assert all(check.passed for check in subject.checks(load))
