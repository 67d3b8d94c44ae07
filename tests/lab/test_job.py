"""A run of a lab reports what the command shows, and what is missing."""

import json

import pytest

from concli.lab import Contender, Experiment, Workload, run_lab
from concli.lab.bounded_buffer import BufferSubject, Shape, bounded_buffer
from concli.lab.job import measuring_s
from concli.lab.worker import Worker
from concli.metrics import Run, Trace
from concli.patterns import _sync


def test_the_report_holds_figures_checks_and_a_verdict() -> None:
    run = Run("lab", {})
    run_lab(bounded_buffer(Shape()), Workload(ops=500, warmup_s=0.01), run)
    report = json.loads(run.snapshot().to_json())
    assert report["totals"] == {"produced": 500, "consumed": 500, "left": 0}
    assert [role["operations"] for role in report["result"]["roles"]] == [500, 500]
    assert sum(thread["operations"] for thread in report["threads"]) == 1000  # the warm-up does not count
    assert report["checks"]
    assert all(check["passed"] for check in report["checks"])
    assert report["result"]["verdict"] == report["bottleneck"]["why"]
    assert [stage["name"] for stage in report["stages"]] == ["producer", "consumer"]


def test_a_check_that_fails_is_in_the_report() -> None:
    class Loses(BufferSubject):
        def produce(self, worker: object) -> None:
            put = self.put
            self.put = lambda item: put(item) if item else None
            super().produce(worker)  # type: ignore[arg-type]

    run = Run("lab", {})
    run_lab(Experiment(Contender("loses", lambda: Loses(Shape()))), Workload(ops=50), run)
    assert {check.name for check in run.snapshot().checks if not check.passed} >= {"every item once"}


class Interrupts(BufferSubject):
    """Is interrupted once something is in the midst of its way; what it is told to lose is lost."""

    def __init__(self, *, loses: bool = False) -> None:
        super().__init__(Shape())
        put = self.put
        self.put = lambda item: put(item) if item or not loses else None

    def depth(self) -> int:
        raise KeyboardInterrupt


@pytest.mark.parametrize("end", [{"ops": 10**9}, {"duration_s": 3600.0}])
@pytest.mark.parametrize("loses", [False, True])
def test_what_was_done_until_an_interrupt_is_checked(end: dict[str, float], *, loses: bool) -> None:
    run = Run("lab", {})
    with pytest.raises(KeyboardInterrupt):
        run_lab(Experiment(Contender("ours", lambda: Interrupts(loses=loses))), Workload(**end), run)  # type: ignore[arg-type]
    report = run.snapshot()
    assert report.result["cut_short"]
    assert report.totals["consumed"] > 0
    names = {check.name for check in report.checks}
    assert {"every item once", "the statistics add up"} <= names
    assert "as many as asked for" not in names
    assert ("every item once" in {check.name for check in report.checks if not check.passed}) is loses


def test_what_was_compared_until_an_interrupt_is_checked_too() -> None:
    made = 0

    def interrupts() -> BufferSubject:
        nonlocal made
        made += 1
        if made == 5:
            raise KeyboardInterrupt
        return BufferSubject(Shape())

    run = Run("lab", {})
    experiment = Experiment(Contender("ours", lambda: BufferSubject(Shape())), [Contender("peer", interrupts)])
    with pytest.raises(KeyboardInterrupt):
        run_lab(experiment, Workload(ops=100, compare=True), run)
    report = run.snapshot()
    assert [check.detail for check in report.checks if "alternatives" in check.name] == ["3 rounds"]
    assert report.result["comparison"]


def test_who_is_stuck_when_an_interrupt_comes_is_left_behind() -> None:
    release = _sync.Event()

    class Stuck(Interrupts):
        def consume(self, worker: Worker) -> None:
            for _ in worker.laps():
                self.get()
                release.wait()

    run = Run("lab", {})
    try:
        with pytest.raises(KeyboardInterrupt):
            run_lab(Experiment(Contender("stuck", Stuck)), Workload(ops=1000), run)
        report = run.snapshot()
        assert report.result["abandoned"] == ["consumer-1"]
        assert all(check.passed for check in report.checks)
    finally:
        release.set()


def test_a_trace_has_the_operations_and_the_depth() -> None:
    run = Run("lab", {}, Trace())
    run_lab(bounded_buffer(Shape()), Workload(ops=50), run)
    assert run.trace
    names = {event["name"] for event in json.loads(run.trace.to_json())["traceEvents"]}
    assert {"put", "get"} <= names


def test_measuring_costs_something_and_not_much() -> None:
    assert 0 < measuring_s() < 20e-6
