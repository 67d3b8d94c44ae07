"""A run of a lab reports what the command shows, and what is missing."""

import json

from concli.lab import Contender, Experiment, Workload, run_lab
from concli.lab.bounded_buffer import BufferSubject, Shape, bounded_buffer
from concli.lab.job import measuring_s
from concli.metrics import Run, Trace


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


def test_a_trace_has_the_operations_and_the_depth() -> None:
    run = Run("lab", {}, Trace())
    run_lab(bounded_buffer(Shape()), Workload(ops=50), run)
    assert run.trace
    names = {event["name"] for event in json.loads(run.trace.to_json())["traceEvents"]}
    assert {"put", "get"} <= names


def test_measuring_costs_something_and_not_much() -> None:
    assert 0 < measuring_s() < 20e-6
