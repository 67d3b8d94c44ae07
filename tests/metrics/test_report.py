"""The run report as a JSON document, ``concli.report/1``."""

import json
from collections import Counter
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concli.metrics import Check, Report, StageUsage, ThreadUsage, Verdict
from concli.metrics.host import Host
from concli.metrics.report import ProcessUsage, QueueUsage

texts = st.text(max_size=8)
counts = st.integers(0, 2**53)
seconds = st.floats(0, 1e6).map(lambda value: round(value, 6))
values = st.recursive(
    st.none() | st.booleans() | counts | seconds | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)


def some(of: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(of, max_size=2).map(tuple)


queues = st.builds(QueueUsage, counts, counts, seconds, counts, texts)
stages = st.builds(
    StageUsage,
    *(texts, st.integers(1, 64), *[counts] * 5, *[seconds] * 3, st.none() | seconds, st.none() | seconds),
    queue=st.none() | queues,
)
threads = st.builds(
    ThreadUsage,
    *(texts, counts, seconds, st.none() | seconds, counts, counts, st.booleans()),
    *(st.none() | counts, st.none() | counts, st.none() | seconds),
)
reports = st.builds(
    Report,
    command=texts,
    version=texts,
    started=texts,
    elapsed_s=seconds,
    host=st.builds(Host, texts, st.booleans(), st.integers(1, 64), texts),
    config=st.dictionaries(texts, values, max_size=3),
    totals=st.dictionaries(texts, counts, max_size=3),
    stages=some(stages),
    threads=some(threads),
    process=st.builds(ProcessUsage, seconds, counts),
    bottleneck=st.none() | st.builds(Verdict, texts, texts),
    checks=some(st.builds(Check, texts, st.booleans(), texts)),
    result=st.dictionaries(texts, values, max_size=3),
    engine=st.none() | st.dictionaries(texts, values, max_size=3),
)

STAGE = StageUsage("parse", 2, 9, 8, 90, 80, 1, 1.5, 0.5, 0.25, 1.0, None, QueueUsage(64, 32, 2.5, 8, "bytes"))
REPORT = Report(
    command="logs process",
    version="1.0",
    started="2026-01-01T00:00:00.000Z",
    elapsed_s=1.0,
    host=Host("3.13.0", False, 2, "linux-x86_64"),
    config={"threads": 2},
    totals={"read": 9},
    stages=(STAGE,),
    threads=(ThreadUsage("parse 1", 7, 1.5, None, 9, 1),),
    process=ProcessUsage(1.5, 1 << 20),
    bottleneck=Verdict("parse", "it is busy"),
    checks=(Check("read = written", True, "9 = 9"),),
    result={"levels": {"INFO": 9}},
)

TOP = (
    "schema command version started elapsed_s host config totals stages threads process bottleneck checks result engine"
)


def parsed(report: Report) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(report.to_json())
    return document


@settings(deadline=None, max_examples=50)
@given(reports)
def test_a_report_comes_back_whole_from_its_document(report: Report) -> None:
    document = parsed(report)
    assert document.pop("schema") == "concli.report/1"
    for stage in document["stages"]:
        stage["queue"] = stage["queue"] and QueueUsage(**stage["queue"])
    again = {
        "host": Host(**document["host"]),
        "stages": tuple(StageUsage(**stage) for stage in document["stages"]),
        "threads": tuple(ThreadUsage(**thread) for thread in document["threads"]),
        "process": ProcessUsage(**document["process"]),
        "bottleneck": document["bottleneck"] and Verdict(**document["bottleneck"]),
        "checks": tuple(Check(**check) for check in document["checks"]),
    }
    assert Report(**{**document, **again}) == report


@pytest.mark.parametrize(
    ("path", "keys"),
    [
        ((), TOP),
        (("host",), "python gil cpus platform"),
        (
            ("stages", 0),
            "name workers items_in items_out bytes_in bytes_out errors busy_s starved_s blocked_s p50_ms p99_ms queue",
        ),
        (("stages", 0, "queue"), "capacity peak mean size unit"),
        (
            ("threads", 0),
            "name native_id cpu_s run_wait_s operations errors alive voluntary_switches involuntary_switches active_s",
        ),
        (("process",), "cpu_s peak_rss_bytes"),
        (("bottleneck",), "stage why"),
        (("checks", 0), "name passed detail"),
    ],
)
def test_the_fields_and_their_order_are_those_of_the_schema(path: tuple[str | int, ...], keys: str) -> None:
    part: Any = parsed(REPORT)
    for step in path:
        part = part[step]
    assert list(part) == keys.split()


def test_floats_are_cut_to_microseconds_at_every_depth() -> None:
    report = REPORT._replace(elapsed_s=0.12345678, result={"sizes": [{"mean": 1 / 3}]})
    document = parsed(report)
    assert document["elapsed_s"] == 0.123457
    assert document["result"] == {"sizes": [{"mean": 0.333333}]}


def test_any_kind_of_mapping_becomes_an_object() -> None:
    report = REPORT._replace(config=MappingProxyType({"a": 1}), result={"levels": Counter("aab")})
    document = parsed(report)
    assert document["config"] == {"a": 1}
    assert document["result"] == {"levels": {"a": 2, "b": 1}}


def test_a_path_that_is_not_utf_8_can_still_be_written() -> None:
    report = REPORT._replace(config={"inputs": [b"\xff.log".decode("utf-8", "surrogateescape")]})
    assert b"\\udcff.log" in report.to_json().encode()


def test_a_report_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        REPORT.elapsed_s = 2.0  # type: ignore[misc]


def test_what_is_tiny_keeps_its_digits_and_what_is_large_its_microseconds() -> None:
    kept = json.loads(REPORT._replace(result={"of": [1.1e-16, 2 / 3, 1234.12345678, -3e-9, 0.0]}).to_json())
    assert kept["result"]["of"] == [1.1e-16, 0.666667, 1234.123457, -3e-9, 0.0]
