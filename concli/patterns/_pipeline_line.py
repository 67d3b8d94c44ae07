"""One stage of one run of a task pipeline: its queue, its calls, its counts."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from concli.patterns import _sync
from concli.patterns._caller import Caller, call
from concli.patterns.bounded_buffer import BoundedBuffer
from concli.patterns.task import Stage, StageStatistics, Task, TaskStatus

T = TypeVar("T")

__all__ = ["Line"]


class Line(Generic[T]):
    """What the workers of a stage share."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.queue = BoundedBuffer[Task[T]](stage.queue_size)
        # The mutex guards every field below.
        self._mutex = _sync.Lock()
        self._working = stage.workers
        self._callers: list[Caller] = []
        self._items_in = self._items_out = self._errors = self._retries = 0
        self._busy_s = 0.0

    def new_caller(self) -> Caller | None:
        """Return what makes a worker's calls if they have a timeout."""
        if self.stage.timeout is None:
            return None
        caller = Caller(self.stage.function, self.stage.name)
        with self._mutex:
            self._callers.append(caller)
        return caller

    def process(self, task: Task[T], value: Any, caller: Caller | None, pause: Callable[[float], bool]) -> bool:
        """Make the call for a task, again if need be; False if it failed for good.

        ``pause`` waits so many seconds, or returns False if there is to be no other attempt.
        """
        stage = self.stage
        error: BaseException | None = None
        began_at, seconds = task.attempts, 0.0
        task.status = TaskStatus.RUNNING
        with self._mutex:
            self._items_in += 1
        try:
            while True:
                began = _sync.monotonic()
                if caller is None or stage.timeout is None:
                    task.result, error = call(stage.function, value)
                else:
                    task.result, error = caller.call(value, stage.timeout)
                took = _sync.monotonic() - began
                seconds += took
                task.attempts += 1
                task.seconds[stage.name] = seconds
                with self._mutex:
                    self._busy_s += took
                    self._items_out += error is None
                if error is None:
                    return True
                if not isinstance(error, Exception):
                    raise error
                attempt = task.attempts - began_at
                is_last = attempt > stage.retries or not isinstance(error, stage.retry_on)
                if is_last or not pause(stage.delay_s(attempt)):
                    task.error, task.stage = error, stage.name
                    with self._mutex:
                        self._errors += 1
                    return False
                with self._mutex:
                    self._retries += 1
        finally:
            # An error's traceback holds the frame that caught it and those that called it, with all their
            # variables: none may lead back to the error, or only the garbage collector could free the two.
            del task, error

    def leave(self) -> bool:
        """Note that a worker has ended; True for the last one."""
        with self._mutex:
            self._working -= 1
            return not self._working

    def halt(self) -> None:
        """Drop what waits, and let go who waits."""
        self.queue.shutdown(immediate=True)
        with self._mutex:
            callers = self._callers.copy()
        for caller in callers:
            caller.stop()

    def statistics(self) -> StageStatistics:
        """Return a frozen snapshot."""
        stage, queue = self.stage, self.queue.statistics()
        with self._mutex:
            counts = (self._items_in, self._items_out, self._errors, self._retries)
            abandoned = sum(caller.abandoned for caller in self._callers)
            return StageStatistics(stage.name, stage.workers, *counts, abandoned, self._busy_s, queue)
