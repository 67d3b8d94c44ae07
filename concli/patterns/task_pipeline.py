"""Task pipeline: tasks through a chain of stages, each with workers of its own, and a record of each.

Choose it where items take several steps that differ in cost or in what they wait for, and where
each item's fate matters: what came of it, after how many attempts, in what time. For one step
without records a thread pool's ``map`` is simpler; for one step and two ends, ``ProducerConsumer``.

Source: "Pipes and Filters" in Buschmann et al., Pattern-Oriented Software Architecture, volume 1;
retries with exponential backoff as in Nygard, Release It!

Who waits for whom::

    input --> [queue] --> stage 1 --> [queue] --> stage 2 --> whoever iterates
    each, while the queue behind it is full --> the next
    each, while the queue before it is empty --> the one before
    input, while the window is full --> whoever iterates

Classic mistake: to pair results with the input by their order. Workers overtake each other; go by
``task.id``, or keep ``ordered``::

    worker 1                      worker 2                      output
    takes task 0
                                  takes task 1
                                  is through
                                                                result of task 1
    is through
                                                                result of task 0

Classic mistake: the first worker to find its input at an end closes the next queue. The last has to::

    worker 1                          worker 2
    takes the last task
                                      at the end, closes the next queue
    put() fails: a result is lost

>>> pipeline = TaskPipeline([int, Stage(lambda n: 12 // n, name="divide", workers=2)])
>>> for task in pipeline.run(["4", "x", "0"]):
...     print(task.id, task.status.value, task.result, repr(task.error))
0 done 3 None
1 failed None ValueError("invalid literal for int() with base 10: 'x'")
2 failed None ZeroDivisionError('integer division or modulo by zero')
"""

import contextvars
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from random import SystemRandom
from typing import Any, Literal, TypeVar

from concli.patterns._pipeline_plan import Plan
from concli.patterns._pipeline_run import PipelineRun
from concli.patterns.task import PipelineStatistics, Stage, StageStatistics, Task, TaskStatus, TooManyFailuresError

T = TypeVar("T")

__all__ = [
    "PipelineStatistics",
    "Stage",
    "StageStatistics",
    "Task",
    "TaskPipeline",
    "TaskStatus",
    "TooManyFailuresError",
]


class TaskPipeline:
    """A chain of stages; a callable stands for a ``Stage`` of one worker.

    With ``ordered`` tasks come out in the order of the input, else as they finish. ``window`` is how
    many items may be inside at a time, from the input to whoever iterates (by default enough for
    all workers and queues): that bounds memory however long the input is.

    ``on_error="keep"`` lets the others go on when a task fails. ``"stop"`` reads no further, cancels
    the tasks that no stage is working on, lets all that were read come out, and then raises the
    error of the task that failed first. (An item that is not let in before that is dropped.) A share,
    ``0.1`` say, does so with ``TooManyFailuresError`` as soon as more than that of the tasks that have
    ended, at least 20, have failed; of fewer, when all have ended. Those that were cancelled don't count.

    ``limit_rate`` is how many items a second are let in at most; what was missed in the last tenth of a
    second is made up for. ``seed`` makes the waits before retries the same in each run (see ``Stage.jitter``).

    ``observe(name, seconds, raised)`` is called by the workers, many at a time, with the name of their
    stage, the seconds that each of some calls took, as a list, and how many of these calls raised: after 256
    calls or a twentieth of a second spent in them, before a worker waits, and when it ends. So it has had all
    of a run when the iteration is over (of one that was left early, perhaps not). What it raises ends the run.
    ``around`` is as for ``ThreadGroup``.

    Two stages of one name get numbers. A pipeline may run any number of times, also at once.
    Raises ``ValueError`` without stages, and for numbers that make no sense.
    """

    def __init__(
        self,
        stages: Sequence[Stage | Callable[[Any], Any]],
        *,
        ordered: bool = True,
        on_error: Literal["keep", "stop"] | float = "keep",
        window: int | None = None,
        limit_rate: float | None = None,
        grace: float = 2.0,
        seed: int | None = None,
        observe: Callable[[str, list[float], int], object] | None = None,
        around: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        if not stages or (window is not None and window < 1):
            raise ValueError("a pipeline needs a stage, and a window of at least 1")
        if not (on_error in {"keep", "stop"} or (isinstance(on_error, float | int) and 0 <= on_error <= 1)):
            raise ValueError("on_error is 'keep', 'stop' or the share that may fail, from 0 to 1")
        if limit_rate is not None and not 0 < limit_rate < float("inf"):
            raise ValueError("limit_rate must be positive, or None for no limit")
        self.stages: tuple[Stage, ...] = ()
        names: Counter[str] = Counter()
        for one in stages:
            stage = one if isinstance(one, Stage) else Stage(one)
            names[stage.name] += 1
            count = names[stage.name]
            self.stages += (stage if count == 1 else replace(stage, name=f"{stage.name}-{count}"),)
        window = window or 1 + sum(stage.workers + stage.queue_size for stage in self.stages)
        seed = SystemRandom().getrandbits(64) if seed is None else seed
        self._plan = Plan(self.stages, window, ordered, on_error, limit_rate, grace, seed, observe, around)
        self._latest: PipelineRun[Any] = PipelineRun(self._plan)

    def run(self, items: Iterable[T]) -> Generator[Task[T], None, None]:
        """Return an iterator of tasks, one for each of ``items``, as they come out.

        Nothing starts before the first is asked for. The items are read by a thread, no further
        ahead than ``window``; an error in reading them is raised when what was read has come out.
        The stages see the context variables of the caller of ``run``.

        Who leaves the iteration early (``break``, ``close()``, an interrupt) stops all threads; a
        call or a read that is going on then is waited for ``grace`` seconds and left behind.
        What a stage or the input raises that is no ``Exception`` ends the run at once and is raised.
        """
        run = self._latest = PipelineRun(self._plan)
        return run.results(items, contextvars.copy_context())

    def statistics(self) -> PipelineStatistics:
        """Return a frozen snapshot of the run begun last; that may be going on or over."""
        return self._latest.statistics()
