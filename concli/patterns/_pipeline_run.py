"""One run of a task pipeline: its threads, what passes between them, and how it ends."""

import contextvars
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Sequence
from typing import Generic, TypeVar

from concli.patterns import _sync
from concli.patterns._pipeline_line import Line
from concli.patterns._shutdown import ShutDown
from concli.patterns._waiters import Waiters
from concli.patterns.bounded_buffer import BoundedBuffer
from concli.patterns.resequencer import Resequencer
from concli.patterns.task import PipelineStatistics, Stage, Task, TaskStatus
from concli.patterns.thread_group import ThreadGroup

T = TypeVar("T")

__all__ = ["PipelineRun"]


class PipelineRun(Generic[T]):
    """The threads of one run over one input; ``results`` is the whole of it."""

    def __init__(self, stages: Sequence[Stage], window: int, ordered: bool, stops: bool, grace: float) -> None:
        self._lines = [Line[T](stage) for stage in stages]
        self._stops = stops
        self._window = window
        self._group = ThreadGroup(grace=grace)
        # Has room for all that may be inside: no worker ever waits to put a task in. So whatever is held
        # back here can't keep the task whose turn it is from coming through the stages.
        self._output: BoundedBuffer[Task[T]] | Resequencer[Task[T]] = (
            Resequencer(window, number=lambda task: task.id) if ordered else BoundedBuffer(window)
        )
        # The mutex guards every field below.
        self._mutex = _sync.Lock()
        self._room = Waiters()  # the reader of the input, until fewer than `window` are inside
        self._pausing = Waiters()  # workers between two attempts
        self._is_ending = False
        self._cause: BaseException | None = None  # what to raise in the end
        self._putting = sum(stage.workers for stage in stages)  # threads that may yet put into the output
        self._items_in = 0
        self._items_out: Counter[TaskStatus] = Counter()

    def results(self, items: Iterable[T], context: contextvars.Context) -> Generator[Task[T], None, None]:
        """Run, and yield the tasks as they come out."""
        with self._group as group:
            group.on_stop(self._halt)
            for line, following in zip(self._lines, [*self._lines[1:], None], strict=True):
                for number in range(1, line.stage.workers + 1):
                    name = f"{line.stage.name}-{number}"
                    context.run(group.spawn, self._guard, self._work, line, following, name=name)
            context.run(group.spawn, self._guard, self._read, items, name="input")
            while (task := _get(self._output)) is not None:
                with self._mutex:
                    self._items_out[task.status] += 1
                    self._room.wake()
                yield task
            if self._cause is not None:
                try:
                    raise self._cause
                finally:
                    self._cause = None  # or the traceback would hold this frame, and this frame the error

    def statistics(self) -> PipelineStatistics:
        """Return a frozen snapshot."""
        stages, output = tuple(line.statistics() for line in self._lines), self._output.statistics()
        with self._mutex:
            out = self._items_out
            done, failed, cancelled = out[TaskStatus.DONE], out[TaskStatus.FAILED], out[TaskStatus.CANCELLED]
            return PipelineStatistics(self._items_in, done, failed, cancelled, stages, output)

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
        self._output.put(task)

    def _let_go(self) -> None:
        """Note that a thread puts nothing into the output any more; the last one closes it."""
        with self._mutex:
            self._putting -= 1
            last = not self._putting
        if last:
            self._output.shutdown()

    # The thread of the input.

    def _read(self, items: Iterable[T]) -> None:
        try:
            iterator = iter(items)
            while self._wait_for_room():
                try:
                    data = next(iterator)
                except StopIteration:
                    break
                self._enter(data)
        except Exception as error:  # noqa: BLE001 - whoever iterates gets it, after what was read
            self._remember(error)
        self._lines[0].queue.shutdown()

    def _wait_for_room(self) -> bool:
        with self._mutex:
            while not self._is_ending and self._items_in - self._items_out.total() >= self._window:
                self._room.wait(self._mutex, None)
            return not self._is_ending

    def _enter(self, data: T) -> None:
        with self._mutex:
            if self._is_ending:
                return
            task = Task(self._items_in, data)
            self._items_in += 1
            self._putting += 1
        try:
            self._lines[0].queue.put(task)
        except ShutDown:  # the end came in between; the task has been counted and must come out
            self._put_out(task, TaskStatus.CANCELLED)
        self._let_go()

    # The threads of the stages.

    def _work(self, line: Line[T], following: Line[T] | None) -> None:
        is_first = line is self._lines[0]
        caller = line.new_caller()
        while (task := _get(line.queue)) is not None:
            if self._is_ending:
                self._put_out(task, TaskStatus.CANCELLED)
            elif not line.process(task, task.data if is_first else task.result, caller, self._pause):
                if self._stops and task.error is not None:
                    self._remember(task.error)
                    self._end()
                self._put_out(task, TaskStatus.FAILED)
            elif following is None:
                self._put_out(task, TaskStatus.DONE)
            else:
                task.status = TaskStatus.WAITING
                following.queue.put(task)
        if caller is not None:
            caller.close()
        if line.leave() and following is not None:
            following.queue.shutdown()
        self._let_go()

    def _pause(self, seconds: float) -> bool:
        """Wait so long before another attempt; False, at once, if there is to be none."""
        deadline = _sync.deadline_after(seconds)
        with self._mutex:
            while not self._is_ending and self._pausing.wait(self._mutex, deadline):
                pass
            return not self._is_ending


def _get(buffer: BoundedBuffer[Task[T]] | Resequencer[Task[T]]) -> Task[T] | None:
    """Return the next task; None at the end. A loop over it, unlike ``for``, holds no task afterwards."""
    try:
        return buffer.get()
    except ShutDown:
        return None
