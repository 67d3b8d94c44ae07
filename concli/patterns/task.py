"""What a task pipeline is made of, and what it tells: stages, tasks, statistics.

>>> stage = Stage(str.upper, workers=2, retries=3, jitter=0.5)
>>> stage.delay_s(after_attempt=3)
0.4
>>> stage.delay_s(after_attempt=3, chance=1.0)
0.2
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Generic, NamedTuple, TypeVar

from concli.patterns._buffer import BufferStatistics

T = TypeVar("T")

__all__ = ["PipelineStatistics", "Stage", "StageStatistics", "Task", "TaskStatus", "TooManyFailuresError"]


class TaskStatus(Enum):
    """Where a task stands; one that has come out of the pipeline is one of the last three."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"  # read from the input, but the pipeline was told to stop before its end


@dataclass(slots=True, eq=False)
class Task(Generic[T]):
    """The record of one item: what went in, and what came of it.

    ``result`` is what the last stage returned, if the status is DONE; ``error`` the very exception
    that a stage raised, with its traceback, if it is FAILED, and ``stage`` the name of that stage.
    ``attempts`` counts the calls made in all stages together; ``seconds`` has, by the stage's name,
    the time spent in calls of it, without the waits between them. ``tries`` counts those calls that
    failed in the stage it came to last.
    """

    id: int  # counted from 0, in the order of the input
    data: T
    status: TaskStatus = TaskStatus.WAITING
    result: Any = None
    error: Exception | None = None
    stage: str | None = None
    attempts: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    tries: int = 0


@dataclass(frozen=True)
class Stage:
    """One step of a pipeline: a callable, called with a task's data or the result of the stage before.

    ``workers`` threads call it; ``queue_size`` tasks may wait for them. A call that raises one of
    ``retry_on`` is made again, up to ``retries`` times, after ``backoff_s`` seconds, then twice that,
    and so on up to ``max_backoff_s``; the workers do other tasks meanwhile. ``jitter`` is the share by
    which such a wait may be shorter, at random: then those that failed together don't come back together.

    ``timeout`` is for each call, in seconds. A Python callable can't be killed: one that takes longer
    is abandoned. The attempt fails with ``TimeoutError`` and whatever comes of the call later is
    ignored, but until it returns it goes on in a thread of its own; give what it calls a timeout
    where you can. A stage with a timeout makes its calls in threads of their own, which costs some
    tens of microseconds a call.

    Raises ``ValueError`` for a number that makes no sense.
    """

    function: Callable[[Any], Any]
    name: str = ""  # that of the function, unless given
    workers: int = 1
    queue_size: int = 256
    retries: int = 0
    retry_on: type[Exception] | tuple[type[Exception], ...] = Exception
    backoff_s: float = 0.1
    max_backoff_s: float = 60.0
    jitter: float = 0.5
    timeout: float | None = None

    def __post_init__(self) -> None:
        if self.workers < 1 or self.queue_size < 1:
            raise ValueError("a stage needs at least one worker and room for one task in its queue")
        if self.retries < 0 or self.backoff_s < 0 or self.max_backoff_s < 0:
            raise ValueError("retries and backoff can't be negative")
        if not 0 <= self.jitter <= 1:
            raise ValueError("jitter is a share, from 0 to 1")
        if self.timeout is not None and self.timeout <= 0:
            raise ValueError("a timeout must be positive, or None for none")
        if not self.name:
            # A partial or a callable object has no name of its own.
            object.__setattr__(self, "name", getattr(self.function, "__name__", type(self.function).__name__))

    def delay_s(self, after_attempt: int, chance: float = 0.0) -> float:
        """Return the seconds to wait after an attempt (counted from 1) that failed.

        ``chance``, from 0 to 1, is how much of the jitter is taken off.
        """
        longest = min(self.max_backoff_s, self.backoff_s * 2.0 ** min(after_attempt - 1, 1000))
        return longest * (1.0 - self.jitter * chance)


class TooManyFailuresError(Exception):
    """Of the tasks that have ended, a greater share has failed than was allowed.

    ``failed`` and ``ended`` count tasks; the error of the one that failed last is the cause.
    """

    def __init__(self, failed: int, ended: int, allowed: float) -> None:
        super().__init__(f"{failed} of {ended} tasks failed, more than the {allowed:.4g} of them that may")
        self.failed = failed
        self.ended = ended


class StageStatistics(NamedTuple):
    """A frozen snapshot of one stage.

    Of ``items_in`` tasks taken to work, ``items_out`` were passed on and ``errors`` failed; the
    difference is at work or waits for another attempt, or did when the run was ended. ``retries`` and
    ``abandoned`` count calls; ``busy_s`` is the time spent in calls, summed over the workers.
    ``queue`` counts a task again for each other attempt; those may make it longer than its capacity.
    """

    name: str
    workers: int
    items_in: int
    items_out: int
    errors: int
    retries: int
    abandoned: int
    busy_s: float
    queue: BufferStatistics


class PipelineStatistics(NamedTuple):
    """A frozen snapshot of a run.

    ``items_in`` were read from the input; ``done``, ``failed`` and ``cancelled`` have come out;
    ``output`` is the buffer in which tasks wait for whoever iterates.
    """

    items_in: int
    done: int
    failed: int
    cancelled: int
    stages: tuple[StageStatistics, ...]
    output: BufferStatistics
