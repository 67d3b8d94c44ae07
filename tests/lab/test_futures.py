"""The lab of futures passes its checks, and fails them where it should."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

import pytest

from concli.lab import Load, Workload, parse_work, run_lab
from concli.lab.futures import FuturesShape, FuturesSubject, futures
from concli.metrics import Check, Run


def checked(subject: Any, **workload: Any) -> dict[str, Check]:
    load = Load(subject, Workload(**workload))
    load.run()
    assert load.failures == ()
    assert load.abandoned == ()
    return {check.name: check for check in subject.checks(load)}


SHAPES = [
    FuturesShape(chain=0),
    FuturesShape(2, 3, chain=3),
    FuturesShape(3, 2, gather=4),
    FuturesShape(2, 2, race=3, chain=2),
    FuturesShape(2, 3, gather=2, work=parse_work("sleep:1ms")),
]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("place", range(2))
@pytest.mark.parametrize("workload", [{"ops": 301}, {"duration_s": 0.05}, {"duration_s": 0.05, "rate": 2000}])
def test_every_contender_passes_its_checks(shape: FuturesShape, place: int, workload: dict[str, Any]) -> None:
    experiment = futures(shape)
    subject = [experiment.ours, *experiment.peers][place].make()
    assert [check for check in checked(subject, **workload).values() if not check.passed] == []


@pytest.mark.parametrize("shape", [FuturesShape(), FuturesShape(2, 2, gather=5), FuturesShape(chain=0, gather=3)])
@pytest.mark.parametrize("place", range(2))
def test_every_exception_arrives_also_through_chains_and_several_at_once(shape: FuturesShape, place: int) -> None:
    experiment = futures(shape)
    subject: Any = [experiment.ours, *experiment.peers][place].make()
    load = Load(subject, Workload(ops=200, fail=0.3))
    load.run()
    assert load.failures == ()
    assert all(check.passed for check in subject.checks(load))
    failed, injected = (sum(getattr(worker, name) for worker in load.workers) for name in ("failed", "injected"))
    assert failed == injected > 0


def test_who_waits_when_the_time_is_up_is_told() -> None:
    subject = FuturesSubject(FuturesShape(1, 4, gather=3, work=parse_work("sleep:20ms")))
    assert all(check.passed for check in checked(subject, duration_s=0.05).values())
    load = Load(subject, Workload(ops=1))
    totals = subject.totals(load)
    assert totals["promised"] == totals["resolved"] + totals["unresolved"]
    assert totals["unresolved"] > 0


def test_the_whole_run_passes() -> None:
    run = Run("futures", {})
    run_lab(futures(FuturesShape(2, 2)), Workload(ops=200, fail=0.1), run)
    report = run.snapshot()
    assert [check for check in report.checks if not check.passed] == []
    assert report.totals == {"promised": 200, "resolved": 200, "unresolved": 0}


class Resolved(FuturesSubject):
    """A promise of the hundred is resolved before its resolver comes to it."""

    def make(self) -> "Future[int]":
        future = super().make()
        if self.made[0].count == 50:
            future.set_result(50)
        return future


class Doubles(FuturesSubject):
    """A callback is called twice."""

    def _call(self, item: int, future: "Future[int]") -> None:
        super()._call(item, future)
        if item == 50:
            super()._call(item, future)


class Loses(FuturesSubject):
    """A callback is not called."""

    def _call(self, item: int, future: "Future[int]") -> None:
        if item != 50:
            super()._call(item, future)


class SkipsAStep(FuturesSubject):
    def chain(self, future: "Future[int]") -> "Future[int]":
        return future if self.made[0].count == 50 else super().chain(future)


class Mixes(FuturesSubject):
    def combine(self, ends: "Sequence[Future[int]]") -> Callable[[], Sequence[int]]:
        values = super().combine(ends)
        return lambda: values()[::-1]


@pytest.mark.parametrize(
    ("broken", "shape", "fails"),
    [
        (Resolved, FuturesShape(), "every future resolves once"),
        (Doubles, FuturesShape(), "every callback is called once"),
        (Loses, FuturesShape(), "every callback is called once"),
        (SkipsAStep, FuturesShape(), "every waiter gets its own value"),
        (Mixes, FuturesShape(gather=2), "every waiter gets its own value"),
    ],
)
def test_what_goes_wrong_fails_the_check_for_it(broken: type[FuturesSubject], shape: FuturesShape, fails: str) -> None:
    checks = checked(broken(shape), ops=100)
    assert [name for name, check in checks.items() if not check.passed] == [fails]
