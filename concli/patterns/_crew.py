"""The threads behind a thread pool, and the queue they work off.

The pool and its crew are two objects so that the threads hold the crew and not the pool: a pool that
is dropped without having been shut down can be collected, and its threads end.
"""

from collections import deque
from collections.abc import Callable
from concurrent.futures.thread import BrokenThreadPool
from contextvars import copy_context
from functools import partial
from queue import Full

from concli.patterns import _sync
from concli.patterns._at_exit import discharge, enlist, interpreter_is_ending
from concli.patterns._shutdown import ShutDown
from concli.patterns._waiters import Waiters
from concli.patterns._worker import Task, Worker

__all__ = ["Crew", "PoolShutDown"]


class PoolShutDown(ShutDown, RuntimeError):  # noqa: N818 - the name of what it is
    """A pool has been shut down. A ``RuntimeError`` too, as from every executor."""


class Crew:
    """Workers, hired when there is work and none is idle, that end when they are told to."""

    def __init__(
        self,
        max_workers: int,
        max_queue: int,
        submit_timeout: float | None,
        name: str,
        initializer: Callable[..., object] | None,
        initargs: tuple[object, ...],
    ) -> None:
        self.max_workers = max_workers
        self.max_queue = max_queue
        self._submit_timeout = submit_timeout
        self._name = name
        self.initializer = initializer
        self.initargs = initargs
        # The mutex guards every field below. But a worker takes from an unbounded queue without it: a
        # deque's own methods are atomic, and nobody waits for such a queue to shrink.
        self.mutex = _sync.Lock()
        self.queue: deque[Task] = deque()
        self.idle: list[Worker] = []  # the last to come is the first to go; none while there is a queue
        self.workers: list[Worker] = []
        self._departed: list[_sync.Thread] = []
        self.submitters = Waiters()  # for room in the queue
        self._leavers = Waiters()  # for the last worker to leave
        self.refusal: Callable[[], Exception] | None = None  # why nothing is taken any more
        self.submitted = self.peak = self._hired = 0
        self.completed = self.failed = self.cancelled = 0  # by workers that have left, or by nobody

    def submit(self, task: Task) -> None:
        """Put a task into the hands of an idle worker, or into the queue."""
        worker = None
        try:
            with self.mutex:
                if self.max_queue:
                    self._wait_for_room()
                if self.refusal is not None:
                    raise self.refusal()
                if not self.workers:
                    enlist(self)
                self.submitted += 1
                if self.idle:
                    # In this order and without a call in between: no interrupt comes here, to lose a worker.
                    idle = self.idle[-1]
                    idle.task = task
                    del self.idle[-1]
                    idle.bell.release()
                    if self.submitters:
                        self.submitters.wake()  # the room in the queue, if this thread waited for it, is another's now
                    return
                self.queue.append(task)
                if len(self.queue) > self.peak:  # noqa: PLR1730 - a call of max() would be a tenth of the whole
                    self.peak = len(self.queue)
                if len(self.workers) >= self.max_workers:
                    return
                worker = self._hire()
            worker.thread.start()
        except BaseException as error:
            if worker is None or not self._can_do_without(worker, task, error):
                raise

    def end(self, refusal: Callable[[], Exception]) -> None:
        """Take no more tasks, and let the workers go when the queue is empty."""
        with self.mutex:
            if self.refusal is None:
                self.refusal = refusal
            self._ring_all()
            self.submitters.wake_all()

    def abandon(self) -> None:
        """End because nobody has the pool any more.

        Called by the garbage collector, perhaps in the midst of a worker's own work under the mutex;
        then that worker sees to the rest (`_rest` looks at the refusal after it has let the mutex go).
        """
        if self.refusal is None:
            self.refusal = PoolShutDown
        if self.mutex.acquire(blocking=False):
            try:
                self._ring_all()
            finally:
                self.mutex.release()

    def end_with_interpreter(self) -> None:
        """End because everything does."""
        self.end(interpreter_is_ending)

    def clear(self) -> list[Task]:
        """Take all tasks out of the queue."""
        with self.mutex:
            left = list(iter(partial(_pop, self.queue), None))
            self.cancelled += len(left)
            self.submitters.wake_all()
        return left

    def wait_until_gone(self, timeout: float | None) -> bool:
        """Wait until every worker but the calling thread has left; False if ``timeout`` seconds passed first."""
        deadline = _sync.deadline_after(timeout)
        me = _sync.current_thread()
        in_time = True
        with self.mutex:
            while any(worker.thread is not me for worker in self.workers):
                if not in_time:
                    return False
                in_time = self._leavers.wait(self.mutex, deadline)
            departed, self._departed = self._departed, []
        for thread in departed:
            thread.join()  # it has left; this waits for the last few instructions
        return True

    def take(self, worker: Worker) -> None:
        """Put the next task of a bounded queue into a worker's hands; ``IndexError`` if there is none."""
        with self.mutex:
            worker.task = self.queue[0]  # here, too, an interrupt can't come before the next line is done
            del self.queue[0]
            self.submitters.wake()

    # What follows up to `_settle_accounts` is called with the mutex held.

    def _wait_for_room(self) -> None:
        deadline = _sync.deadline_after(self._submit_timeout)
        again = False
        while self.refusal is None and len(self.workers) >= self.max_workers and len(self.queue) >= self.max_queue:
            me = _sync.current_thread()
            if any(worker.thread is me for worker in self.workers):
                return  # it would wait for itself
            if not self.submitters.wait(self.mutex, deadline, again=again) and len(self.queue) >= self.max_queue:
                raise Full
            again = True

    def _hire(self) -> Worker:
        worker = Worker(self, f"{self._name}_{self._hired}", None if self.initializer is None else copy_context())
        self._hired += 1
        self.workers.append(worker)
        return worker

    def _ring_all(self) -> None:
        while self.idle:
            idle = self.idle[-1]
            del self.idle[-1]
            idle.bell.release()

    def _settle_accounts(self) -> None:
        self._leavers.wake_all()
        self.submitters.wake_all()  # there may be room for another worker
        if not self.workers:
            discharge(self)

    def _can_do_without(self, worker: Worker, task: Task, error: BaseException) -> bool:
        """See to a thread that could not be started; if nobody else will do the task, take it back."""
        with self.mutex:
            if not worker.has_begun and worker in self.workers:
                self.workers.remove(worker)  # should it begin all the same, it goes at once
                self._settle_accounts()
            if self.workers and isinstance(error, Exception):
                return True
            if task in self.queue:
                self.queue.remove(task)
                self.submitted -= 1
                self.submitters.wake()
        return False

    def admit(self, worker: Worker) -> bool:
        """Let a worker begin; False if it has been written off."""
        with self.mutex:
            worker.has_begun = worker in self.workers
            return worker.has_begun

    def dismiss(self, worker: Worker) -> bool:
        """Let a worker go, and take back what it has in hand. If interrupted it can be called again."""
        with self.mutex:
            if worker in self.idle:
                self.idle.remove(worker)
            if worker.task is not None:
                task, worker.task = worker.task, None
                self.queue.appendleft(task)
            if worker in self.workers:
                self._departed.append(worker.thread)
                self.completed += worker.completed
                self.failed += worker.failed
                self.cancelled += worker.cancelled
                self.workers.remove(worker)  # nor may an interrupt come between these four
            self._settle_accounts()
        if self.refusal is not None:
            self.abandon()  # the idle ones are to go too
        return True

    def break_down(self) -> None:
        """Fail what waits and whatever comes, since a worker could not be made ready."""
        with self.mutex:
            self.refusal = _initializer_failed
        self.end(_initializer_failed)
        for future, *_ in self.clear():
            if future.set_running_or_notify_cancel():
                future.set_exception(_initializer_failed())

    @property
    def is_broken(self) -> bool:
        """Whether an initializer has failed."""
        return self.refusal is _initializer_failed


def _pop(queue: deque[Task]) -> Task | None:
    try:
        return queue.popleft()
    except IndexError:
        return None


def _initializer_failed() -> BrokenThreadPool:
    return BrokenThreadPool("A thread initializer failed, the thread pool is not usable anymore")
