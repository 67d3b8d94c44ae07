"""A run and its stages: what is registered on it, and what a snapshot says."""

import json
import threading
from collections import Counter
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

import concli
from concli.metrics import Check, Report, Run, Stage, Trace
from concli.metrics import run as module
from concli.metrics.report import QueueUsage
from concli.patterns import BoundedBuffer, Empty, Full, ThreadGroup

TICK = 0.001


@pytest.fixture
def run() -> Run:
    return Run("logs process", {"threads": 2})


def starve(buffer: BoundedBuffer[str]) -> None:
    with pytest.raises(Empty):
        buffer.get(timeout=TICK)


def block(buffer: BoundedBuffer[str]) -> None:
    buffer.put("x" * buffer.maxsize)
    with pytest.raises(Full):
        buffer.put("x", timeout=TICK)


def test_a_run_can_be_looked_at_before_anything_is_registered(run: Run) -> None:
    report = run.snapshot()
    assert (report.command, report.version, report.config) == ("logs process", concli.__version__, {"threads": 2})
    assert (report.stages, report.threads, report.checks, report.bottleneck) == ((), (), (), None)
    assert (report.totals, report.result) == ({}, {})


def test_a_run_says_when_it_started_in_utc() -> None:
    before = datetime.now(UTC)
    started = Run("", {}).snapshot().started
    assert started.endswith("Z")
    # The start is told in milliseconds, cut.
    assert before.replace(microsecond=before.microsecond // 1000 * 1000) <= datetime.fromisoformat(started)
    assert datetime.fromisoformat(started) <= datetime.now(UTC)


def test_the_clock_of_a_run_stops_at_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SimpleNamespace(now=50.0)
    monkeypatch.setattr(module, "time", SimpleNamespace(perf_counter=lambda: clock.now))
    run = Run("", {})
    clock.now = 51.5
    assert run.snapshot().elapsed_s == 1.5
    clock.now = 52.0
    run.end()
    clock.now = 99.0
    assert run.snapshot().elapsed_s == 2.0


def test_stages_are_shown_in_the_order_in_which_they_were_registered(run: Run) -> None:
    names = ["read", "parse", "write", "audit"]
    for workers, name in enumerate(names, 1):
        run.stage(name, workers=workers)
    assert [(stage.name, stage.workers) for stage in run.snapshot().stages] == list(
        zip(names, range(1, 5), strict=True)
    )


def test_a_stage_shows_what_its_workers_recorded(run: Run) -> None:
    stage = run.stage("parse")
    for _ in range(4):
        stage.record(0.25, items_in=5, items_out=4, bytes_in=50, bytes_out=40, errors=1)
    usage = stage.usage()
    assert (usage.items_in, usage.items_out, usage.bytes_in, usage.bytes_out) == (20, 16, 200, 160)
    assert (usage.errors, usage.busy_s) == (4, 1.0)
    assert usage.p50_ms is not None
    assert 250 <= usage.p50_ms <= 250 * 1.125
    assert usage.p99_ms == usage.p50_ms


def test_a_stage_that_did_nothing_has_no_durations_and_no_queue(run: Run) -> None:
    usage = run.stage("idle").usage()
    assert (usage.p50_ms, usage.p99_ms, usage.queue) == (None, None, None)
    assert (usage.busy_s, usage.starved_s, usage.blocked_s) == (0, 0, 0)


def test_a_stage_is_starved_by_the_buffer_it_takes_from_and_blocked_by_the_one_it_puts_into(run: Run) -> None:
    before, after = BoundedBuffer[str](4, sizer=len), BoundedBuffer[str](8, sizer=len)
    stage = run.stage("parse", source=before, sink=after)
    starve(before)
    block(after)
    usage = stage.usage()
    assert usage.starved_s == before.statistics().get_wait_s >= TICK
    assert usage.blocked_s == after.statistics().put_wait_s >= TICK


def test_waits_on_the_far_sides_of_its_buffers_are_not_the_stage_s_own(run: Run) -> None:
    before, after = BoundedBuffer[str](4, sizer=len), BoundedBuffer[str](8, sizer=len)
    stage = run.stage("parse", source=before, sink=after)
    block(before)
    starve(after)
    assert (stage.usage().starved_s, stage.usage().blocked_s) == (0, 0)


def test_what_a_stage_waits_for_outside_is_added_to_what_it_waits_at_its_buffer(run: Run) -> None:
    source = BoundedBuffer[str]()
    stage = run.stage("read", source=source)
    stage.starved_s = lambda: 2.0
    starve(source)
    assert stage.usage().starved_s == 2.0 + source.statistics().get_wait_s > 2.0


def test_the_queue_of_a_stage_is_the_buffer_before_it_in_its_own_unit(run: Run) -> None:
    buffer = BoundedBuffer[str](10, sizer=len)
    stage = run.stage("parse", source=buffer, unit="bytes")
    buffer.put("abcd")
    buffer.put("ef")
    buffer.get()
    assert stage.usage().queue == QueueUsage(capacity=10, peak=6, mean=6.0, size=2, unit="bytes")


def test_a_run_can_be_looked_at_while_its_threads_work(run: Run) -> None:
    buffer = BoundedBuffer[int](4)
    stage = run.stage("count", workers=2, source=buffer)
    looked, reports = threading.Event(), list[Report]()

    def work() -> None:
        for _ in buffer:
            stage.record(0.5, items_in=1)

    def look() -> None:
        while not looked.is_set():
            reports.append(run.snapshot())

    with ThreadGroup() as lookers:
        lookers.spawn(look)
        try:
            with ThreadGroup(around=run.threads.watch) as workers:
                for name in ("one", "two"):
                    workers.spawn(work, name=name)
                buffer.put_many(range(300))
                buffer.shutdown()
        finally:
            looked.set()
    reports.append(run.snapshot())
    seen = [report.stages[0].items_in for report in reports]
    assert seen == sorted(seen)
    assert seen[-1] == 300
    assert reports[-1].stages[0].busy_s == 150
    assert [(thread.name, thread.alive) for thread in reports[-1].threads] == [("one", False), ("two", False)]


def test_checks_are_kept_in_order_whether_passed_or_failed(run: Run) -> None:
    run.check("nothing lost", True, "9 = 9")
    run.check("nothing twice", False, "9 < 10")
    assert run.snapshot().checks == (Check("nothing lost", True, "9 = 9"), Check("nothing twice", False, "9 < 10"))


def test_totals_and_result_are_asked_for_at_each_snapshot_and_kept_in_it(run: Run) -> None:
    counted = Counter(read=1)
    run.totals, run.result = lambda: counted, lambda: {"read twice": 2 * counted["read"]}
    first = run.snapshot()
    counted["read"] += 4
    second = run.snapshot()
    assert (first.totals, first.result) == ({"read": 1}, {"read twice": 2})
    assert (second.totals, second.result) == ({"read": 5}, {"read twice": 10})


def test_the_bottleneck_is_judged_by_the_run_s_own_clock_and_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    used = SimpleNamespace(wall_s=0.0, cpu_s=1000.0)  # what the process used before the run does not count
    monkeypatch.setattr(module, "time", SimpleNamespace(perf_counter=lambda: used.wall_s))
    monkeypatch.setattr(module, "process_cpu_s", lambda: used.cpu_s)
    run = Run("", {})
    for name in ("read", "parse", "write"):
        stage = run.stage(name)
    stage.record(9.0)
    used.wall_s, used.cpu_s = 10.0, 1000.5
    found = run.snapshot().bottleneck
    assert found is not None
    assert (found.stage, found.why) == (
        "write",
        "its 1 worker busy 90% of the time; writing the output is the limit, more threads would not help",
    )


def test_a_traced_stage_leaves_a_span_and_the_depth_of_its_queue() -> None:
    trace = Trace()
    buffer = BoundedBuffer[str](9, sizer=len)
    buffer.put("abc")
    traced = Run("", {}, trace)
    stages: list[Stage] = [traced.stage("read"), traced.stage("parse", source=buffer, unit="bytes")]
    for stage in stages:
        stage.record(0.5)
    events = json.loads(trace.to_json())["traceEvents"]
    assert [event["name"] for event in events if event["ph"] == "X"] == ["read", "parse"]
    assert [(event["name"], event["args"]) for event in events if event["ph"] == "C"] == [
        ("before parse", {"bytes": 3})
    ]
    assert stages[1].usage().busy_s == 0.5


def test_what_a_stage_records_counts_for_the_thread_that_did_it() -> None:
    run = Run("job", {})
    stage = run.stage("work")
    stage.record(0.1, errors=5)  # by a thread that nobody watches
    with run.threads.watch():
        stage.record(0.1, errors=2)
        stage.record(0.1)
    (usage,) = run.snapshot().threads
    assert (usage.operations, usage.errors) == (2, 2)
