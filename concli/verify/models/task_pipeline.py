"""What a run of a task pipeline is: a record for each item that was read, whatever becomes of it, and an end."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from random import Random
from typing import Any

from concli.patterns import _sync
from concli.patterns.task import Stage, Task, TaskStatus
from concli.patterns.task_pipeline import TaskPipeline
from concli.verify.models._futures import OddError
from concli.verify.scenario import Op, Spec

__all__ = ["TASK_PIPELINE", "InputError", "Runs"]


_RUN = 7000  # added to the items of a run, of each again, to tell them apart


class InputError(Exception):
    """What the input of a run in a scenario fails with."""


class Runs:
    """A pipeline of two stages, and what is expected of its runs.

    Items that can be divided by 5 fail in the first stage, by 7 in the second; at -1 the input itself fails. With
    ``retries`` an even item fails in the first stage, the first time. With ``timeout`` any call there may be late.
    """

    def __init__(
        self,
        make: Callable[..., TaskPipeline] = TaskPipeline,
        *,
        workers: int = 1,
        retries: int = 0,
        timeout: float | None = None,
        **config: Any,
    ) -> None:
        self._retries = retries
        self._timeout = timeout
        self._is_ordered = config.get("ordered", True)
        self._stops = config.get("on_error") == "stop"
        self._runs = 0  # begun
        self._failed_once: set[int] = set()
        first = Stage(self._first, "first", workers, queue_size=1, retries=retries, timeout=timeout)
        self.pipeline = make([first, Stage(self._second, "second", queue_size=1)], **config)

    def run(self, *items: int) -> None:
        """Run the pipeline to its end, and check what comes out."""
        read: list[int] = []
        tasks: list[Task[int]] = []
        error: Exception | None = None
        run = self._begin()
        try:
            tasks.extend(self.pipeline.run(self._read(run, items, read)))
        except (OddError, InputError, TimeoutError) as failure:
            error = failure
        for task in tasks:
            self._check_task(task)
        ids = [task.id for task in tasks]
        assert ids == (range_ := list(range(len(ids)))) or (not self._is_ordered and sorted(ids) == range_), ids  # noqa: S101 - that is what it is for
        is_expected = self._check_end(tasks, read, items, error)
        assert is_expected, f"{read} of {items}: {[task.status.value for task in tasks]}, then {error!r}"  # noqa: S101 - as above
        if run == self._runs == 1:
            figures = self.pipeline.statistics()
            assert figures.items_in == figures.done + figures.failed + figures.cancelled == len(tasks), figures  # noqa: S101 - as above

    def leave(self, *items: int) -> None:
        """Take the first task, and close the run."""
        with closing(self.pipeline.run(self._read(self._begin(), items, []))) as tasks:
            for task in tasks:
                self._check_task(task)
                break

    def statistics(self) -> None:
        """Look at the figures in the midst of it."""
        figures = self.pipeline.statistics()
        assert figures.items_in >= figures.done + figures.failed + figures.cancelled >= 0, figures  # noqa: S101 - as above

    def _check_end(self, tasks: Sequence[Task[int]], read: list[int], items: Sequence[int], error: object) -> bool:
        """Tell whether a run that ended with ``error`` has read, and given, what it should."""
        failures = [task.error for task in tasks if task.status is TaskStatus.FAILED]
        has_all = len(tasks) == len(read) - (-1 in read)
        if self._stops and failures:
            # It ends early. What the input gave when the end had come is dropped; what failed first is raised.
            is_cause = error in failures or (isinstance(error, InputError) and -1 in read)
            return is_cause and (has_all or len(tasks) == len(read) - 1)
        was_cancelled = any(task.status is TaskStatus.CANCELLED for task in tasks)
        is_whole = has_all and read == list(items) and not was_cancelled
        return is_whole and (isinstance(error, InputError) if -1 in items else error is None)

    def _check_task(self, task: Task[int]) -> None:
        value = task.data
        match task.status:
            case TaskStatus.DONE:
                is_right = task.result == value + 1 and value % 5 and value % 7 and task.error is None
            case TaskStatus.FAILED:
                is_odd = isinstance(task.error, OddError) and (value % 5 == 0 or value % 7 == 0)
                has_no_time_to_try = self._stops and value % 2 == 0 and self._retries
                is_late = isinstance(task.error, TimeoutError) and self._timeout
                is_right = is_odd or is_late or has_no_time_to_try
            case TaskStatus.CANCELLED:
                is_right = self._stops and task.error is None
            case _:
                is_right = False
        assert is_right, task  # noqa: S101 - as above

    def _begin(self) -> int:
        self._runs += 1
        return self._runs

    def _read(self, run: int, items: Sequence[int], read: list[int]) -> Iterator[int]:
        for item in items:
            read.append(item)
            if item < 0:
                raise InputError
            yield item + _RUN * run

    def _first(self, value: int) -> int:
        _sync.checkpoint()
        if self._retries and value % 2 == 0 and value not in self._failed_once:
            self._failed_once.add(value)
            raise OddError(value)
        if value % 5 == 0:
            raise OddError(value)
        return value

    def _second(self, value: int) -> int:
        _sync.checkpoint()
        if value % 7 == 0:
            raise OddError(value)
        return value + 1


def _calls(random: Random, thread: int, _count: int, _serial: Callable[[], int]) -> list[Op]:
    """One thread runs the pipeline, another perhaps too; each run has threads of its own."""
    items = random.choices([1, 2, 3, 4, 5, 7], k=random.randint(1, 3))
    if random.random() < 0.2:
        items.append(-1)
    run = Op(random.choice(["run", "run", "run", "leave"]), tuple(items))
    look = Op("statistics")
    return [[run], [look, look], [run._replace(args=run.args[:1])] if random.random() < 0.2 else []][thread % 3]


TASK_PIPELINE = Spec(
    "TaskPipeline",
    Runs,
    program=_calls,
    configs=[
        {"workers": 2},
        {"workers": 2, "on_error": "stop"},
        {"ordered": False, "window": 1},
        {"window": 2, "on_error": "stop"},
        {"retries": 1, "on_error": "stop"},
        {"retries": 1},
        {"timeout": 1.0},
    ],
    raises=(),
    interrupts=1,
)
