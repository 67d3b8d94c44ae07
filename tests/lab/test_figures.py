"""Figures of a role."""

import pytest

from concli.lab import Load, Workload
from concli.lab.bounded_buffer import BufferSubject, Shape
from concli.lab.figures import figures_of, jain, usage_of
from concli.lab.work import parse_work
from concli.patterns import _sync


def test_jain_is_one_for_equals_and_a_share_for_a_monopoly() -> None:
    assert jain([3.0, 3.0, 3.0]) == pytest.approx(1)
    assert jain([9.0, 0.0, 0.0]) == pytest.approx(1 / 3)
    assert jain([]) == 1


def test_work_that_goes_on_is_work(monkeypatch: pytest.MonkeyPatch) -> None:
    release = _sync.Event()
    monkeypatch.setattr("time.sleep", lambda _: release.wait())
    subject = BufferSubject(Shape(work=parse_work("sleep:1h")))
    load = Load(subject, Workload(duration_s=0.05))
    try:
        load.run()
        consumer = figures_of(load, subject.roles[1])
    finally:
        release.set()
    assert consumer.operations == 0
    assert 0 < consumer.worked_s <= load.elapsed_s
    assert consumer.utilisation > 0


def test_figures_and_the_stage_of_the_report_say_the_same() -> None:
    subject = BufferSubject(Shape(producers=2))
    load = Load(subject, Workload(ops=1000))
    load.run()
    producer, consumer = (figures_of(load, role) for role in subject.roles)
    assert producer.items == consumer.items == 1000
    assert producer.slowest is not None
    assert producer.slowest.share <= 1
    assert None not in (producer.p50_ms, producer.max_ms)
    quantiles = (producer.p50_ms, producer.p90_ms, producer.p99_ms, producer.p999_ms, producer.max_ms)
    assert list(quantiles) == sorted(quantiles, key=lambda value: value or 0)
    stage = usage_of(load, subject.roles[1])
    assert (stage.items_in, stage.workers, stage.p99_ms) == (1000, 1, consumer.p99_ms)
    assert stage.queue is not None
