"""The tasks that wait for a stage, or at the end: for a worker, or for the time of their next attempt.

Where nobody waits a task is put and taken by a deque's own methods, which are atomic, and without a lock:
two threads that run at the same time would spend more on waiting for it than on tiny tasks. Who is going
to wait says so first (``_hungry``, ``_stuffed``) and then looks once more; who puts or takes does so first
and then looks whether anybody waits. So one of the two sees the other.
"""

from collections import deque
from collections.abc import Callable
from heapq import heappop, heappush
from typing import Generic, TypeVar

from concli.patterns import _sync
from concli.patterns._buffer import BufferStatistics
from concli.patterns._pipeline_rest import Rest
from concli.patterns._shutdown import ShutDown
from concli.patterns.task import Task

T = TypeVar("T")

__all__ = ["StageQueue", "Taker"]


class StageQueue(Generic[T]):
    """A bounded queue that tasks can come back to after a while, before all others and whether there is room or not.

    It may hold some more than its capacity, when several are put at the same moment. It has ended when it has
    been shut down and neither kind of task is left.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._items: deque[Task[T]] = deque()  # guarded by nothing
        # The mutex guards every field below; some are looked at without it, as said above.
        self._mutex = _sync.Lock()
        self._getters = Rest()
        self._putters = Rest()
        self._hungry = self._stuffed = 0  # threads that are going to wait in these two lines, or do
        self._limit = capacity  # 0 when it has been shut down
        self._later: list[tuple[float, int, Task[T]]] = []  # when each is due, its number, the task: a heap
        self._is_hurried = False
        self._takers: list[Taker[T]] = []
        self._dropped = 0

    def new_taker(self, before_wait: Callable[[], object]) -> "Taker[T]":
        """Return what a thread takes tasks with; ``before_wait`` is called when there is none."""
        taker = Taker(self, before_wait)
        with self._mutex:
            self._takers.append(taker)
        return taker

    def put(self, task: Task[T]) -> None:
        """Add a task, waiting for room; raise ``ShutDown`` if the queue has ended."""
        if len(self._items) >= self._limit:
            self._wait_for_room()
        self._items.append(task)
        if self._hungry:
            with self._mutex:
                self._getters.wake()
        if not self._limit:
            self._take_back(task)

    def take(self) -> Task[T]:
        """Remove and return the next task without waiting; raise ``IndexError`` if there is none."""
        if self._later:  # what another thread adds right now is seen next time, or when there is nothing to do
            with self._mutex:
                self._bring_due()
        task = self._items.popleft()
        if self._stuffed:
            with self._mutex:
                self._putters.wake()
        return task

    def wait(self) -> Task[T] | None:
        """Remove and return the next task, waiting for it; None at the end."""
        self._putters.nudge(self._mutex)
        with self._mutex:
            if not self._items and not self._later and self._limit:
                self._getters.doze(self._mutex)
            self._hungry += 1
            try:
                while True:
                    is_over = not self._limit  # looked at first: what was put before that is found then
                    self._bring_due()
                    try:
                        task = self._items.popleft()
                    except IndexError:
                        if is_over and not self._later:
                            return None
                    else:
                        self._putters.wake()
                        return task
                    self._getters.wait(self._mutex, self._later[0][0] if self._later else None, again=True)
            finally:
                self._hungry -= 1
                if self._later:
                    self._getters.wake()  # somebody else has to watch the clock now

    def size(self) -> int:
        """Return how many tasks wait for a worker."""
        return len(self._items)

    def put_later(self, task: Task[T], seconds: float) -> bool:
        """Let a task come back after so many seconds; False if nobody is to wait any more.

        For a worker that goes on to take: it is the one that then watches the clock, if nobody else does.
        """
        due = _sync.monotonic() + seconds
        with self._mutex:
            if self._is_hurried:
                return False
            heappush(self._later, (due, task.id, task))
            return True

    def hurry(self) -> None:
        """Bring back at once all that wait for their time."""
        with self._mutex:
            self._is_hurried = True
            self._bring_due()

    def nudge(self) -> None:
        """Have those look who have let tasks gather: no more come soon."""
        self._getters.nudge(self._mutex)

    def shutdown(self, immediate: bool = False) -> None:
        """End the queue: nothing comes in any more; with ``immediate`` what is inside is dropped."""
        with self._mutex:
            self._limit = 0
            if immediate:
                self._is_hurried = True
                self._later.clear()
                self._dropped += len(self._items)
                self._items.clear()
            self._getters.wake_all()
            self._putters.wake_all()

    def statistics(self) -> BufferStatistics:
        """Return a frozen snapshot."""
        with self._mutex:
            depth = len(self._items)
            gets = sum(taker.gets for taker in self._takers)
            peak = max(depth, *(taker.peak for taker in self._takers), 0)
            mean = sum(taker.found for taker in self._takers) / gets if gets else 0.0
            (put_waits, put_wait_s), (get_waits, get_wait_s) = self._putters.figures(), self._getters.figures()
            counts = (gets + depth + self._dropped, gets, put_waits, get_waits)
            return BufferStatistics(self._capacity, depth, depth, peak, mean, *counts, put_wait_s, get_wait_s)

    def _wait_for_room(self) -> None:
        self.nudge()
        with self._mutex:
            if len(self._items) >= self._limit > 0:
                self._putters.doze(self._mutex)
            self._stuffed += 1
            try:
                while len(self._items) >= self._limit:
                    if not self._limit:
                        raise ShutDown
                    self._putters.wait(self._mutex, None, again=True)
            finally:
                self._stuffed -= 1

    def _take_back(self, task: Task[T]) -> None:
        """Undo a put that the end has overtaken, unless somebody took the task before going."""
        try:
            self._items.remove(task)
        except ValueError:
            return
        raise ShutDown

    def _bring_due(self) -> None:
        """Bring back the tasks whose time has come. With the mutex held."""
        now = _sync.monotonic() if self._later else 0.0
        while self._later and (self._is_hurried or self._later[0][0] <= now):
            self._getters.wake()
            self._items.appendleft(heappop(self._later)[2])


class Taker(Generic[T]):
    """What one thread takes tasks with, and counts them, alone and so without a lock."""

    __slots__ = ("_before_wait", "_queue", "found", "gets", "peak")

    def __init__(self, queue: StageQueue[T], before_wait: Callable[[], object]) -> None:
        self._queue = queue
        self._before_wait = before_wait
        self.gets = 0
        self.found = 0  # summed over the gets
        self.peak = 0

    def take(self) -> Task[T] | None:
        """Return the next task, waiting for it; None at the end. A loop over it, unlike ``for``, holds none then."""
        found = self._queue.size() or 1
        try:
            task = self._queue.take()
        except IndexError:
            self._before_wait()
            last = self._queue.wait()
            if last is None:
                return None
            task = last
        self.gets += 1
        self.found += found
        if found > self.peak:  # noqa: PLR1730 - calling max() would cost more than all the rest here
            self.peak = found
        return task
