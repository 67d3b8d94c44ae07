"""One stage of one run of a task pipeline: its queue, its calls, its counts."""

from random import Random
from typing import Generic, TypeVar

from concli.patterns import _sync
from concli.patterns._caller import Caller, call
from concli.patterns._pipeline_queue import StageQueue
from concli.patterns._pipeline_tally import Observe, Tally
from concli.patterns.task import Stage, StageStatistics, Task, TaskStatus

T = TypeVar("T")

__all__ = ["Line"]


class Line(Generic[T]):
    """What the workers of a stage share."""

    def __init__(self, stage: Stage, seed: int, observe: Observe | None) -> None:
        self.stage = stage
        self.queue = StageQueue[T](stage.queue_size)
        self._seed = seed
        self._observe = observe
        # The mutex guards every field below.
        self._mutex = _sync.Lock()
        self._working = stage.workers
        self._callers: list[Caller] = []
        self._tallies: list[Tally] = []

    def new_tally(self) -> Tally:
        """Return what a worker counts in."""
        tally = Tally(self.stage.name, self._observe)
        with self._mutex:
            self._tallies.append(tally)
        return tally

    def new_caller(self) -> Caller | None:
        """Return what makes a worker's calls if they have a timeout."""
        if self.stage.timeout is None:
            return None
        caller = Caller(self.stage.function, self.stage.name)
        with self._mutex:
            self._callers.append(caller)
        return caller

    def process(self, task: Task[T], caller: Caller | None, tally: Tally) -> bool | None:
        """Make the call for a task; False if it has failed for good, None if it has to come back."""
        stage = self.stage
        if not task.tries:
            tally.items_in += 1
        task.status = TaskStatus.RUNNING
        began = _sync.monotonic()
        if caller is None or stage.timeout is None:
            result, error = call(stage.function, task.result)
        else:
            result, error = caller.call(task.result, stage.timeout)
        took = _sync.monotonic() - began
        task.attempts += 1
        # Not `get`: a thread that reads a dict which another made has to share it first, and without the GIL
        # that costs many times what a tiny task does.
        task.seconds[stage.name] = took + (task.seconds[stage.name] if task.tries else 0.0)
        try:
            tally.called(took, error is not None)
            if error is None:
                task.result = result
                if task.tries:
                    task.tries, task.error, task.stage = 0, None, None
                tally.items_out += 1
                return True
            if not isinstance(error, Exception):
                raise error
            task.tries += 1
            task.error, task.stage = error, stage.name
            if task.tries <= stage.retries and isinstance(error, stage.retry_on) and self._put_later(task):
                tally.retries += 1
                return None
            tally.errors += 1
            return False
        finally:
            # An error's traceback holds the frame that caught it and those that called it, with all their
            # variables: none may lead back to the error, or only the garbage collector could free the two.
            del task, error

    def _put_later(self, task: Task[T]) -> bool:
        task.status = TaskStatus.WAITING
        # Drawn for this attempt alone: what it comes to does not depend on which worker was first.
        chance = Random(f"{self._seed} {self.stage.name} {task.id} {task.tries}").random()  # noqa: S311 - no secret
        return self.queue.put_later(task, self.stage.delay_s(task.tries, chance))

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
            abandoned = sum(caller.abandoned for caller in self._callers)
            tallies = self._tallies.copy()
        # In this order: each task goes in before it comes out, so no more are ever seen to have come out.
        items_out, errors = sum(one.items_out for one in tallies), sum(one.errors for one in tallies)
        items_in, retries = sum(one.items_in for one in tallies), sum(one.retries for one in tallies)
        busy_s = sum(one.busy_s for one in tallies)
        return StageStatistics(
            stage.name, stage.workers, items_in, items_out, errors, retries, abandoned, busy_s, queue
        )
