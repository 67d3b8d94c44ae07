"""Where a task pipeline goes without a lock, line by line under a scheduler."""

import sys
from typing import TypeVar

import pytest

from concli.patterns import Task, _pipeline_queue, _pipeline_run
from concli.patterns._pipeline_queue import StageQueue
from concli.verify import Spec, explore, scenario
from concli.verify.catalogue import STRATEGY
from concli.verify.models.task_pipeline import TASK_PIPELINE

T = TypeVar("T")


@pytest.fixture(autouse=True)
def _as_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """How small a failure can be made is not the question here."""
    monkeypatch.setattr(sys.modules["concli.verify.explore"], "minimize", lambda _, scenario, run: (scenario, run))


class TakesWithoutALook(StageQueue[T]):
    """Who puts a task doesn't look whether anybody waits for it."""

    def put(self, task: Task[T]) -> None:
        if len(self._items) >= self._limit:
            self._wait_for_room()
        self._items.append(task)
        if not self._limit:
            self._take_back(task)


class PutsAfterTheEnd(StageQueue[T]):
    """Who puts a task doesn't look whether the end has come meanwhile."""

    def put(self, task: Task[T]) -> None:
        if len(self._items) >= self._limit:
            self._wait_for_room()
        self._items.append(task)
        if self._hungry:
            with self._mutex:
                self._getters.wake()


def watched(queue: type[StageQueue[object]] = StageQueue) -> Spec:
    """Return the model with a look between any two lines that others may come between."""
    run = _pipeline_run.PipelineRun
    functions = (queue.put, queue.take, queue.wait, queue.put_later, queue.shutdown)
    return TASK_PIPELINE._replace(watched=(*functions, _pipeline_queue.Taker.take, run._next, run._wait_for_room))


CONFIGS = [{"workers": 2}, {"window": 2, "on_error": "stop"}, {"ordered": False, "window": 1}, {"retries": 1}]


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_nobody_waits_for_what_has_come_and_nothing_is_lost_at_the_end(config: dict[str, object]) -> None:
    one = scenario(watched(), [[("run", 2, 5, 1, 4)]], config=config, granularity="line")
    found = explore(one, strategy=STRATEGY, schedules=100)
    assert found.passed, found.show()


@pytest.mark.parametrize("kind", [TakesWithoutALook, PutsAfterTheEnd])
def test_a_mistake_there_is_found(kind: type[StageQueue[object]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("concli.patterns._pipeline_line.StageQueue", kind)
    one = scenario(watched(kind), [[("run", 5, 1, 2)]], config={"window": 2, "on_error": "stop"}, granularity="line")
    assert not explore(one, strategy=STRATEGY, schedules=2000).passed
