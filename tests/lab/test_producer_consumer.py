"""The lab of producer-consumer, whose threads are the pattern's own."""

from typing import Any

import pytest

from concli.lab import Load, Workload
from concli.lab.producer_consumer import ProducerConsumerSubject, Shape, producer_consumer


@pytest.mark.parametrize("workload", [{"ops": 2001}, {"duration_s": 0.05}, {"ops": 500, "fail": 0.1}])
@pytest.mark.parametrize("shape", [Shape(), Shape(producers=3, consumers=2, buffer=1)])
def test_it_passes_its_checks(shape: Shape, workload: dict[str, Any]) -> None:
    subject = ProducerConsumerSubject(shape)
    load = Load(subject, Workload(**workload))
    load.run()
    assert load.failures == ()
    assert [check for check in subject.checks(load) if not check.passed] == []
    assert load.items("consumer") + len(subject.left) == subject.totals(load)["produced"]


def test_the_pattern_stands_beside_the_queues_of_others() -> None:
    experiment = producer_consumer(Shape())
    assert [peer.name for peer in experiment.peers] == ["queue.Queue", "queue.SimpleQueue", "culsans"]
