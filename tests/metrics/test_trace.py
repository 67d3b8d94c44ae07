"""The trace of a run in Chrome's trace event format."""

import json
import os
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from concli.metrics import Trace
from concli.metrics import trace as module
from concli.patterns import ThreadGroup


def events(trace: Trace, kind: str) -> list[dict[str, Any]]:
    return [event for event in json.loads(trace.to_json())["traceEvents"] if event["ph"] == kind]


def dropped(trace: Trace) -> int:
    number: int = json.loads(trace.to_json())["otherData"]["events_dropped"]
    return number


def test_a_span_ends_when_it_is_recorded_and_is_told_in_microseconds_since_the_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(module, "time", SimpleNamespace(perf_counter=lambda: clock.now))
    trace = Trace()
    clock.now += 2.5
    trace.span("parse", 0.5)
    trace.count("before parse", {"items": 7})
    here = {"pid": os.getpid(), "tid": threading.get_native_id()}
    assert events(trace, "X") == [{"ph": "X", "name": "parse", **here, "ts": 2_000_000, "dur": 500_000}]
    assert events(trace, "C") == [
        {"ph": "C", "name": "before parse", **here, "ts": 2_500_000, "args": {"items": 7}},
    ]


def test_each_thread_has_a_lane_with_its_name_and_what_it_did() -> None:
    trace = Trace()
    together = threading.Barrier(3)

    def work(name: str) -> None:
        together.wait()  # so that no thread gets the number of one that has ended
        trace.span(name, 0.001)
        trace.span(name, 0.001)

    with ThreadGroup() as group:
        for name in ("read", "parse", "write"):
            group.spawn(work, name, name=name)
    lanes = {event["tid"]: event["args"]["name"] for event in events(trace, "M")}
    assert sorted(lanes.values()) == ["parse", "read", "write"]
    assert sorted((lanes[span["tid"]], span["name"]) for span in events(trace, "X")) == [
        ("parse", "parse"),
        ("parse", "parse"),
        ("read", "read"),
        ("read", "read"),
        ("write", "write"),
        ("write", "write"),
    ]


def test_a_thread_records_so_many_events_of_a_kind_and_counts_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_EVENTS_PER_THREAD", 3)
    trace = Trace()

    def work() -> None:
        for number in range(5):
            trace.span(f"span {number}", 0.001)
            trace.count("depth", {"items": number})

    with ThreadGroup() as group:
        group.spawn(work)
        group.spawn(work)
    assert [span["name"] for span in events(trace, "X")] == ["span 0", "span 1", "span 2"] * 2
    assert len(events(trace, "C")) == 6
    assert dropped(trace) == 8


def test_an_empty_trace_is_a_document_too() -> None:
    assert json.loads(Trace().to_json()) == {"traceEvents": [], "otherData": {"events_dropped": 0}}


def test_a_trace_can_be_read_while_threads_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_EVENTS_PER_THREAD", 500)
    trace, began, ended = Trace(), threading.Event(), threading.Event()

    def work() -> None:
        while not ended.is_set():
            trace.span("work", 0.0)
            trace.count("depth", {"items": 1})
            began.set()

    with ThreadGroup() as group:
        group.spawn(work)
        try:
            assert began.wait(20)
            first, second = events(trace, "X"), events(trace, "X")
            assert second[: len(first)] == first != []
        finally:
            ended.set()
