"""The threads; what they make is tested with the job."""

import numpy as np
import pytest

from concli.arrays.fft.backends import backend
from concli.arrays.fft.collect import Collector, Slot
from concli.arrays.fft.operations import operations
from concli.arrays.fft.pipeline import Pipeline
from concli.arrays.fft.plan import make_plan
from concli.arrays.fft.source import Chance
from concli.arrays.fft.transform import Transformer
from concli.metrics import Run


class _Broken(Chance):
    def load(self, number: int, spare: np.ndarray) -> object:  # type: ignore[override]
        if number == 5:
            raise RuntimeError("nobody thought of this")
        return super().load(number, spare)


def pipeline(source: Chance, threads: int, room: int) -> tuple[Pipeline, Collector]:
    plan = make_plan(operations(["fft2"]), source.shape, source.dtype)
    collector = Collector(None, source.name, lambda _: None, done={}, is_spectrum=True, wants_picture=False)
    slots = [Slot(np.empty(source.spare_bytes, np.uint8), np.empty(plan.shape, plan.dtype)) for _ in range(room)]
    workers = [Transformer(plan, backend("numpy", "backward")) for _ in range(threads)]
    return Pipeline(source, workers, collector, slots, syncs=False), collector


@pytest.mark.parametrize(("threads", "room"), [(1, 1), (1, 3), (4, 1), (4, 6)])
def test_any_number_of_slots_and_threads_does_every_chunk_once(threads: int, room: int) -> None:
    whole, collector = pipeline(Chance(30, (4, 4), np.dtype(float), 0), threads, room)
    run = Run("pipeline fft", {})
    whole.run(range(30), run)
    assert collector.done == 30
    assert [stage.items_in for stage in run.snapshot().stages] == [0, 30, 30]
    assert all(stage.queue.peak <= room for stage in run.snapshot().stages if stage.queue)


def test_what_nobody_thought_of_ends_all_threads_and_is_raised() -> None:
    whole, collector = pipeline(_Broken(30, (4, 4), np.dtype(float), 0), 2, 2)
    with pytest.raises(ExceptionGroup) as caught:
        whole.run(range(30), Run("pipeline fft", {}))
    assert [str(error) for error in caught.value.exceptions] == ["nobody thought of this"]
    assert collector.done <= 5
