"""One run of a task pipeline: its threads, what passes between them, and how it ends."""

import contextvars
from collections.abc import Callable, Generator, Iterable
from itertools import islice
from typing import Generic, TypeVar

from concli.patterns import _sync
from concli.patterns._pipeline_limits import ErrorLimit, TokenBucket
from concli.patterns._pipeline_line import Line
from concli.patterns._pipeline_plan import Plan
from concli.patterns._pipeline_queue import StageQueue
from concli.patterns._pipeline_rest import Rest
from concli.patterns._pipeline_tally import Tally
from concli.patterns._shutdown import ShutDown
from concli.patterns._waiters import Waiters
from concli.patterns.task import PipelineStatistics, Task, TaskStatus
from concli.patterns.thread_group import ThreadGroup

T = TypeVar("T")

__all__ = ["PipelineRun"]


class PipelineRun(Generic[T]):
    """The threads of one run over one input; ``results`` is the whole of it."""

    def __init__(self, plan: Plan) -> None:
        self._lines = [Line[T](stage, plan.seed, plan.observe) for stage in plan.stages]
        self._limit = ErrorLimit(plan.on_error)
        self._rate = plan.limit_rate
        self._window = plan.window
        self._group = ThreadGroup(around=plan.around, grace=plan.grace)
        # Has room for all that may be inside: no worker ever waits to put a task in. So whatever is held
        # back here can't keep the task whose turn it is from coming through the stages.
        self._output = StageQueue[T](plan.window)
        self._taker = self._output.new_taker(self._nudge_reader)
        # These are written by whoever iterates, and by nobody else.
        self._held: dict[int, Task[T]] | None = {} if plan.ordered else None  # tasks that came before their turn
        self._turn = 0
        self._done = self._failed = self._cancelled = 0  # of those that came out
        # The mutex guards every field below.
        self._mutex = _sync.Lock()
        self._room = Rest()  # the reader of the input, until fewer than `window` are inside
        self._is_full = False  # the reader is going to wait there, or does
        self._pausing = Waiters()  # the same, until the next may be let in
        self._is_ending = False
        self._cause: BaseException | None = None  # what to raise in the end
        self._putting = sum(stage.workers for stage in plan.stages)  # threads that may yet put into the output
        self._items_in = 0

    def results(self, items: Iterable[T], context: contextvars.Context) -> Generator[Task[T], None, None]:
        """Run, and yield the tasks as they come out."""
        with self._group as group:
            group.on_stop(self._halt)
            for line, following in zip(self._lines, [*self._lines[1:], None], strict=True):
                for number in range(1, line.stage.workers + 1):
                    name = f"{line.stage.name}-{number}"
                    context.run(group.spawn, self._guard, self._work, line, following, name=name)
            context.run(group.spawn, self._guard, self._read, items, name="input")
            while (task := self._next()) is not None:
                yield task
            if self._cause is None:
                self._cause = self._limit.passed_at_last()
            if self._cause is not None:
                try:
                    raise self._cause
                finally:
                    self._cause = None  # or the traceback would hold this frame, and this frame the error

    def statistics(self) -> PipelineStatistics:
        """Return a frozen snapshot."""
        stages, output = tuple(line.statistics() for line in self._lines), self._output.statistics()
        depth = output.depth + len(self._held or ())
        output = output._replace(depth=depth, size=depth, peak=max(depth, output.peak))
        done, failed, cancelled = self._done, self._failed, self._cancelled  # before those that came in
        return PipelineStatistics(self._items_in, done, failed, cancelled, stages, output)

    # For whoever iterates.

    def _next(self) -> Task[T] | None:
        """Let the next task out; None at the end. A loop over it, unlike ``for``, holds no task afterwards."""
        task = self._taker.take() if self._held is None else self._next_in_turn(self._held)
        if task is not None:
            if task.status is TaskStatus.DONE:
                self._done += 1
            elif task.status is TaskStatus.FAILED:
                self._failed += 1
            else:
                self._cancelled += 1
            if self._is_full:
                with self._mutex:
                    self._room.wake()
        return task

    def _next_in_turn(self, held: dict[int, Task[T]]) -> Task[T] | None:
        turn = self._turn
        task = held.pop(turn, None)
        while task is None:
            task = self._taker.take()
            if task is None:
                return None
            if task.id != turn:
                held[task.id] = task
                task = None
        self._turn = turn + 1
        return task

    def _nudge_reader(self) -> None:
        self._room.nudge(self._mutex)

    # How it ends.

    def _guard(self, target: Callable[..., None], *args: object) -> None:
        """Run a thread of this run; what it raises ends the run, but for ``ShutDown``, which is the end."""
        try:
            target(*args)
        except BaseException as failure:  # noqa: BLE001 - whoever iterates gets it
            if not (self._is_ending and isinstance(failure, ShutDown)):
                self._remember(failure, first=True)
            self._group.stop()

    def _remember(self, error: BaseException, *, first: bool = False) -> None:
        """Note what is to be raised in the end, unless something was noted before; or before all else."""
        with self._mutex:
            if first or self._cause is None:
                self._cause = error

    def _end(self) -> None:
        """Begin nothing new."""
        with self._mutex:
            self._is_ending = True
            self._room.wake_all()
            self._pausing.wake_all()
        for line in self._lines:
            line.queue.hurry()
        self._lines[0].queue.shutdown()

    def _halt(self) -> None:
        """Let every thread end as soon as it can, whatever is inside."""
        self._end()
        for line in self._lines:
            line.halt()
        self._output.shutdown(immediate=True)

    def _put_out(self, task: Task[T], status: TaskStatus) -> None:
        task.status = status
        if status is not TaskStatus.DONE:
            task.result = None
        cause = None if status is TaskStatus.CANCELLED else self._limit.passed_by(task.error)
        if cause is not None:
            self._remember(cause)
        self._output.put(task)  # before those that the end brings out
        if cause is not None:
            self._end()

    def _let_go(self) -> None:
        """Note that a thread puts nothing into the output any more; the last one closes it."""
        with self._mutex:
            self._putting -= 1
            last = not self._putting
        if last:
            self._output.shutdown()

    # The thread of the input.

    def _read(self, items: Iterable[T]) -> None:
        bucket = None if self._rate is None else TokenBucket(self._rate)
        try:
            iterator = iter(items)
            while room := self._wait_for_room():
                for data in islice(iterator, room):
                    room -= 1
                    if bucket is not None:
                        self._pause(bucket.take())
                    self._enter(data)
                    if self._is_ending:
                        break
                if room:
                    break
        except Exception as error:  # noqa: BLE001 - whoever iterates gets it, after what was read
            self._remember(error)
        self._lines[0].queue.shutdown()

    def _wait_for_room(self) -> int:
        """Return how many may be read; 0 if none any more."""
        self._lines[0].queue.nudge()
        with self._mutex:
            if not self._is_ending and not self._room_now():
                self._room.doze(self._mutex)
            self._is_full = True
            while not self._is_ending and not self._room_now():
                self._room.wait(self._mutex, None, again=True)
            self._is_full = False
            return 0 if self._is_ending else self._room_now()

    def _room_now(self) -> int:
        return self._window - self._items_in + self._done + self._failed + self._cancelled

    def _pause(self, seconds: float) -> None:
        """Wait so long, or until the end."""
        deadline = _sync.deadline_after(seconds)
        with self._mutex:
            while seconds and not self._is_ending and self._pausing.wait(self._mutex, deadline):
                pass

    def _enter(self, data: T) -> None:
        with self._mutex:
            if self._is_ending:
                return
            task = Task(self._items_in, data, result=data)
            self._items_in += 1
            self._putting += 1
        try:
            self._lines[0].queue.put(task)
        except ShutDown:  # the end came in between; the task has been counted and must come out
            self._put_out(task, TaskStatus.CANCELLED)
        self._let_go()

    # The threads of the stages.

    def _work(self, line: Line[T], following: Line[T] | None) -> None:
        tally, caller = line.new_tally(), line.new_caller()

        def before_wait() -> None:
            tally.tell()
            behind.nudge()

        behind = self._output if following is None else following.queue
        taker = line.queue.new_taker(before_wait)
        while (task := taker.take()) is not None:
            if self._is_ending:
                self._give_up(task, tally)
            elif (is_through := line.process(task, caller, tally)) is False:
                self._put_out(task, TaskStatus.FAILED)
            elif is_through and following is not None:
                task.status = TaskStatus.WAITING
                following.queue.put(task)
            elif is_through:
                self._put_out(task, TaskStatus.DONE)
        tally.tell()
        if caller is not None:
            caller.close()
        if line.leave() and following is not None:
            following.queue.shutdown()
        self._let_go()

    def _give_up(self, task: Task[T], tally: Tally) -> None:
        """Put out a task that the end has overtaken: cancelled, unless it waited to be tried again."""
        if task.error is None:
            self._put_out(task, TaskStatus.CANCELLED)
        else:
            tally.errors += 1
            self._put_out(task, TaskStatus.FAILED)
