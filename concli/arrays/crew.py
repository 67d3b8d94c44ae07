"""A crew of threads that go through the phases of a computation together.

Each thread runs the same program. In a phase they take its items one by one until none is left, and wait at a
``Barrier`` until all are done; so what the next phase reads is whole. One that fails breaks the barrier.

>>> from concli.metrics import Run
>>> crew, found = Crew(2, Run("sum", {})), []
>>> crew.run(lambda worker: worker.phase("add", [1, 2, 3], found.append))
>>> sorted(found)
[1, 2, 3]
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from threading import BrokenBarrierError
from typing import Any, TypeVar

import numpy as np

from concli.metrics import Run, Stage
from concli.patterns import Barrier, BarrierStatistics, ShutDown, ThreadGroup, _sync

__all__ = ["Crew", "Worker"]

T = TypeVar("T")
_WINDOW_S = 1.0


class Crew:
    """So many workers, whose phases are stages of ``run``."""

    def __init__(self, workers: int, run: Run) -> None:
        self.run_ = run
        self.workers = [Worker(self, index) for index in range(workers)]
        self._barrier = Barrier(workers)
        # The mutex guards the fields below.
        self._mutex = _sync.Lock()
        self._stages: dict[str, Stage] = {}
        self._queues: dict[int, deque[Any]] = {}
        self._counted: deque[tuple[float, int]] = deque()  # when, and how many, of the last second
        self._spans: dict[
            str, list[float]
        ] = {}  # of each phase its last beginning and end, the seconds, its first beginning
        self.is_stopped = False

    def run(self, program: Callable[["Worker"], object], on_stop: Callable[[], object] = lambda: None) -> None:
        """Run ``program(worker)`` in a thread for each; what one raises is raised, in a group.

        ``on_stop`` is called then, and on an interrupt, to end what they wait at.
        """
        with ThreadGroup(around=self.run_.threads.watch) as group:
            group.on_stop(self._stop)
            group.on_stop(on_stop)
            for worker in self.workers:
                group.spawn(worker.run, program, name=f"worker {worker.index}")

    def barrier(self) -> BarrierStatistics:
        """Return what the barrier has seen so far."""
        return self._barrier.statistics()

    def seconds(self, *names: str) -> float:
        """Return how long these phases have taken, from the first worker's beginning to the last one's end."""
        with self._mutex:
            return sum(self._spans[name][2] for name in names if name in self._spans)

    def names(self) -> list[str]:
        """Return the phases so far."""
        with self._mutex:
            return list(self._spans)

    def began_at(self, *names: str) -> float | None:
        """Return when the first of these phases began, by the performance counter; None if none has."""
        with self._mutex:
            return min((self._spans[name][3] for name in names if name in self._spans), default=None)

    def flops(self) -> int:
        """Return how many operations were counted."""
        return sum(worker.flops for worker in self.workers)

    def flops_per_s_now(self) -> float:
        """Return the rate of the last second."""
        now = time.perf_counter()
        with self._mutex:
            self._forget(now)
            if not self._counted:
                return 0.0
            return sum(count for _, count in self._counted) / _WINDOW_S

    def _forget(self, now: float) -> None:
        while self._counted and self._counted[0][0] < now - _WINDOW_S:
            self._counted.popleft()

    def _stop(self) -> None:
        self.is_stopped = True
        self._barrier.abort()

    # What follows is for workers.

    def stage(self, name: str) -> Stage:
        """Return the stage of that name."""
        with self._mutex:
            if name not in self._stages:
                self._stages[name] = self.run_.stage(name, workers=len(self.workers))
            return self._stages[name]

    def queue(self, number: int, name: str, items: Sequence[Any]) -> "deque[Any]":
        """Return the items of a phase that nobody has taken yet."""
        with self._mutex:
            if number not in self._queues:
                self._queues[number] = deque(items)
                self._queues.pop(number - 2, None)
                began = time.perf_counter()
                self._spans.setdefault(name, [began, began, 0.0, began])[:2] = [began, began]
            return self._queues[number]

    def count(self, flops: int) -> None:
        """Note that so many operations have just been done."""
        now = time.perf_counter()
        with self._mutex:
            self._counted.append((now, flops))
            self._forget(now)

    def ended(self, name: str) -> None:
        """Note that a worker has found no more to do in a phase."""
        now = time.perf_counter()
        with self._mutex:
            span = self._spans[name]
            span[2] += now - span[1]
            span[1] = now

    def wait(self) -> None:
        """Wait for all others. Raises ``ShutDown`` if one has failed."""
        try:
            self._barrier.wait()
        except BrokenBarrierError:
            raise ShutDown from None


class Worker:
    """One thread of a crew; it alone changes its counts."""

    def __init__(self, crew: Crew, index: int) -> None:
        self.index = index
        self.items = 0
        self.flops = 0
        self.barrier_s = 0.0
        self._crew = crew
        self._number = 0

    @property
    def of(self) -> int:
        """The number of workers."""
        return len(self._crew.workers)

    def run(self, program: Callable[["Worker"], object]) -> None:
        """Run the program; that it reckons with infinities is no cause for warnings."""
        with np.errstate(all="ignore"):
            program(self)

    def phase(
        self, name: str, items: Sequence[T], work: Callable[[T], object], flops: Callable[[T], int] | None = None
    ) -> None:
        """Work with all others on these items, the same for all; return when all are done.

        ``flops`` tells how many operations of arithmetic an item is, where they are counted.
        """
        crew, stage = self._crew, self._crew.stage(name)
        queue = crew.queue(self._number, name, items)
        self._number += 1
        while not crew.is_stopped:
            try:
                item = queue.popleft()
            except IndexError:
                break
            began = time.perf_counter()
            work(item)
            stage.record(time.perf_counter() - began, items_in=1, items_out=1)
            if flops is not None:
                self.items += 1
                self.flops += flops(item)
                crew.count(flops(item))
        crew.ended(name)
        self.wait()

    def each(self, name: str, work: Callable[[], object]) -> None:
        """Have every worker do ``work`` once, all at the same time."""
        self.wait()
        crew = self._crew
        crew.queue(self._number, name, ())
        self._number += 1
        began = time.perf_counter()
        work()
        crew.stage(name).record(time.perf_counter() - began, items_in=1, items_out=1)
        crew.ended(name)
        self.wait()

    def once(self, work: Callable[[], object]) -> None:
        """Have one worker do ``work`` while the others wait."""
        if not self.index:
            work()
        self.wait()

    def wait(self) -> None:
        """Wait for all others. Raises ``ShutDown`` if one has failed."""
        began = time.perf_counter()
        try:
            self._crew.wait()
        finally:
            self.barrier_s += time.perf_counter() - began
