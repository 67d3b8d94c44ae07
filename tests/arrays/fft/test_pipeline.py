"""The threads; what they make is tested with the job."""

import contextlib
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from concli.arrays.fft import pipeline as module
from concli.arrays.fft._source import ChunkError, ReadError
from concli.arrays.fft.chance import Chance
from concli.arrays.fft.collect import Collector, Slot
from concli.arrays.fft.operations import operations
from concli.arrays.fft.pipeline import Pipeline
from concli.arrays.fft.plan import make_plan
from concli.arrays.fft.transform import Transformer, make_transformer
from concli.engines.threads import Threads
from concli.metrics import Run
from concli.patterns import _sync


class _Broken(Chance):
    def load(self, number: int, spare: np.ndarray) -> object:  # type: ignore[override]
        if number == 5:
            raise RuntimeError("nobody thought of this")
        return super().load(number, spare)


class _Unsteady(Chance):
    """Chunk 3 can't be read the first ``failures`` times; each chunk says how often it was tried."""

    def __init__(self, count: int, failures: int, error: type[Exception] = ReadError) -> None:
        super().__init__(count, (4, 4), np.dtype(float), 0)
        self.failures, self.error = failures, error
        self.tries = [0] * count
        self.tried = _sync.Event()  # 3 was

    def load(self, number: int, spare: np.ndarray) -> np.ndarray:
        self.tries[number] += 1
        if number == 3 and self.tries[3] <= self.failures:
            self.tried.set()
            raise self.error("not now")
        return super().load(number, spare)


@contextlib.contextmanager
def pipeline(source: Chance, threads: int, room: int, retries: int = 0) -> Iterator[tuple[Pipeline, Collector]]:
    plan = make_plan(operations(["fft2"]), source.shape, source.dtype)
    collector = Collector(None, source.name, lambda _: None, done={}, is_spectrum=True, wants_picture=False)
    slots = [Slot(np.empty(source.spare_bytes, np.uint8), np.empty(plan.shape, plan.dtype)) for _ in range(room)]
    with Threads(threads).open(make_transformer, plan, "backward", False) as place:
        yield Pipeline(source, place, threads, collector, slots, syncs=False, retries=retries), collector


@pytest.mark.parametrize(("threads", "room"), [(1, 1), (1, 3), (4, 1), (4, 6)])
def test_any_number_of_slots_and_threads_does_every_chunk_once(threads: int, room: int) -> None:
    run = Run("pipeline fft", {})
    with pipeline(Chance(30, (4, 4), np.dtype(float), 0), threads, room) as (whole, collector):
        whole.run(range(30), run)
    assert collector.done == 30
    assert [stage.items_in for stage in run.snapshot().stages] == [0, 30, 30]
    assert all(stage.queue.peak <= room for stage in run.snapshot().stages if stage.queue)


def test_what_nobody_thought_of_ends_all_threads_and_is_raised() -> None:
    broken = _Broken(30, (4, 4), np.dtype(float), 0)
    with pipeline(broken, 2, 2) as (whole, collector), pytest.raises(ExceptionGroup) as caught:
        whole.run(range(30), Run("pipeline fft", {}))
    assert [str(error) for error in caught.value.exceptions] == ["nobody thought of this"]
    assert collector.done <= 5


@pytest.mark.parametrize(("failures", "error", "tries"), [(2, ReadError, 3), (9, ReadError, 4), (9, ChunkError, 1)])
def test_what_may_pass_is_tried_again_and_what_is_damaged_is_not(
    monkeypatch: pytest.MonkeyPatch, failures: int, error: type[Exception], tries: int
) -> None:
    monkeypatch.setattr(module, "_PAUSE_S", 0)
    source = _Unsteady(9, failures, error)
    with pipeline(source, 2, 4, retries=3) as (whole, collector):
        whole.run(range(9), Run("pipeline fft", {}))
    assert source.tries == [1, 1, 1, tries, 1, 1, 1, 1, 1]
    assert [failure.reason for failure in collector.failures] == ([] if tries == 3 else ["not now"])


def test_a_pause_ends_when_another_thread_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAUSE_S", 1e5)
    monkeypatch.setattr(module, "_LONGEST_PAUSE_S", 1e5)
    source = _Unsteady(9, 9)

    def broken(*_: object) -> bool:
        source.tried.wait()
        raise RuntimeError("nobody thought of this")

    monkeypatch.setattr(Collector, "collect", broken)
    with pipeline(source, 1, 4, retries=3) as (whole, _), pytest.raises(ExceptionGroup) as caught:
        whole.run(range(9), Run("pipeline fft", {}))
    assert [str(error) for error in caught.value.exceptions] == ["nobody thought of this"]
    assert source.tries[3] == 1


def test_a_transformer_that_raises_ends_all_threads_and_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> str:
        raise RuntimeError("nobody thought of this")

    monkeypatch.setattr(Transformer, "transform", broken)
    source = Chance(30, (4, 4), np.dtype(float), 0)
    with pipeline(source, 3, 5, retries=3) as (whole, collector), pytest.raises(ExceptionGroup) as caught:
        whole.run(range(30), Run("pipeline fft", {}))
    assert {str(error) for error in caught.value.exceptions} == {"nobody thought of this"}
    assert collector.done == 0


@pytest.mark.stress
@pytest.mark.parametrize(("threads", "room"), [(1, 1), (2, 3), (8, 9), (16, 4)])
def test_many_small_chunks_some_of_which_fail_are_all_accounted_for(
    monkeypatch: pytest.MonkeyPatch, threads: int, room: int
) -> None:
    monkeypatch.setattr(module, "_PAUSE_S", 0)
    count, checksums = 3000, set()
    for _ in range(5):
        source = _Unsteady(count, 2)
        right = source.load

        def load(number: int, spare: np.ndarray, right: Callable[..., np.ndarray] = right) -> np.ndarray:
            if number % 7 == 5:
                raise ChunkError("damaged")
            return right(number, spare)

        source.load = load  # type: ignore[method-assign]
        with pipeline(source, threads, room, retries=2) as (whole, collector):
            whole.run(range(count), Run("pipeline fft", {}))
        assert sorted(failure.chunk for failure in collector.failures) == list(range(5, count, 7))
        assert collector.done + len(collector.failures) == count
        checksums.add(collector.checksum())
    assert len(checksums) == 1
