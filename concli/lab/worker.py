"""A thread of a workload: how many operations it does, when each begins, and what it measures of them.

The loop around an operation is a generator, so that what is measured is written as one would write it
by hand, and costs little more::

    def produce(worker):
        for number in worker.laps():
            buffer.put(number)
"""

import random
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from operator import sub
from typing import Literal, NamedTuple

from concli.lab.work import NO_WORK, Work
from concli.metrics import Trace
from concli.metrics.histogram import Histogram
from concli.metrics.recorder import Shard
from concli.patterns import _sync

__all__ = ["InjectedError", "Role", "Worker"]

_TOGETHER_S = 0.02  # so much is summed up at once
_SHORT_S = 0.05  # a pause that may be slept through: nobody notices how much later it ends


class _Laps(NamedTuple):
    """The sums of a worker's operations, and the moments at which those since then ended, after one to begin with."""

    operations: int
    busy_s: float
    longest_s: float
    durations: Histogram  # not changed any more
    stamps: list[float]

    def summed_up(self) -> "_Laps":
        """Return all of it as sums."""
        stamps = self.stamps.copy()
        seconds = list(map(sub, stamps[1:], stamps))
        durations = Histogram()
        durations.merge(self.durations)
        durations.add_all(seconds)
        longest_s = max(seconds, default=0.0)
        return _Laps(
            self.operations + len(seconds), self.busy_s + sum(seconds), max(self.longest_s, longest_s), durations, []
        )


class InjectedError(Exception):
    """The failure that ``--fail`` asks for. Nothing else raises it: who sees one knows where it comes from."""


@dataclass(frozen=True, slots=True)
class Role:
    """What some threads of a workload do.

    ``body`` is what one thread runs: a loop over ``worker.laps()``, or ``worker.run(operation)``.
    """

    name: str
    threads: int
    body: Callable[["Worker"], object]
    #: Has a share of --ops, keeps to --rate and ends by itself. Who does not drive ends when the subject does.
    drives: bool = True
    #: Its operations make up the throughput.
    counts: bool = True
    #: What the trace calls one operation.
    operation: str = "operation"
    #: Items an operation deals with; the shares of --ops and --rate are in items.
    step: int = 1
    work: Work = NO_WORK
    #: Its work fails as --fail asks.
    fails: bool = False
    #: What a thread waits for, in a sentence: "for room"; and which column of the report that is.
    waits_for: str = "for its turn"
    waits: Literal["starved", "blocked"] = "blocked"
    #: The option that gives it more threads.
    option: str = ""


class Worker:
    """One thread of a role. That thread alone writes to it; any may read it."""

    def __init__(
        self,
        role: Role,
        index: int,
        *,
        gate: _sync.Event,
        quota: int | None = None,
        interval_s: float = 0.0,
        offset_s: float = 0.0,
        fail: float = 0.0,
        seed: int = 0,
        trace: Trace | None = None,
    ) -> None:
        self.role = role
        #: From 0, within the role.
        self.index = index
        self.name = f"{role.name}-{index + 1}"
        #: The items to do; None for no limit.
        self.quota = quota
        #: The thread's own source of what is random: the same in every run with the same seed.
        self.random = random.Random(f"{seed} {role.name} {index}")  # noqa: S311 - a workload is no secret
        #: Items beyond one an operation; a body that deals in batches counts them.
        self.extra_items = 0
        #: Operations that failed as they were asked to.
        self.failed = 0
        #: Failures that were thrown in.
        self.injected = 0
        #: Seconds spent in the operations' own work.
        self.worked_s = 0.0
        self.began = 0.0
        self.ended: float | None = None
        #: When to stop, on the clock of ``time.perf_counter``; who drives looks after every operation.
        self.deadline = float("inf")
        self._gate = gate
        self._stop = _sync.Event()
        self._interval_s = interval_s
        self._offset_s = offset_s
        self._laps = _Laps(0, 0.0, 0.0, Histogram(), [])
        self._shard = Shard()  # of operations that are paced or traced
        self._shard_longest_s = 0.0
        self._paced_s = 0.0  # seconds in operations, where latency begins before the operation does
        self._fail = fail if role.fails else 0.0
        self._trace = trace
        self._does = None if role.work.is_none else role.work.bind(self.random)
        self._does_anything = self._does is not None or self._fail > 0

    @property
    def work(self) -> Callable[[], None] | None:
        """What an operation does besides calling the pattern, None for nothing. It may raise ``InjectedError``."""
        return self._work if self._does_anything else None

    @property
    def operations(self) -> int:
        """Operations that have ended."""
        laps = self._laps
        return laps.operations + max(0, len(laps.stamps) - 1) + self._shard.totals().operations

    @property
    def items(self) -> int:
        """Items dealt with."""
        return self.operations + self.extra_items

    @property
    def service_s(self) -> float:
        """Seconds spent in operations that have ended."""
        return self._laps.summed_up().busy_s + self._paced_s

    @property
    def longest_s(self) -> float:
        """The longest latency of an operation, in seconds, exactly."""
        return max(self._laps.summed_up().longest_s, self._shard_longest_s)

    def durations(self) -> Histogram:
        """Return the latencies of the operations that have ended."""
        durations = self._laps.summed_up().durations
        durations.merge(self._shard.totals().durations)
        return durations

    def run(self, operation: Callable[[], object]) -> None:
        """Call ``operation`` as often as this worker should; a failure that was thrown in is counted."""
        for _ in self.laps():
            try:
                operation()
            except InjectedError:
                self.failed += 1

    def laps(self) -> Iterator[int]:
        """Yield the number of each operation's first item; what happens until the next is asked for is measured.

        An operation that raises out of the loop is not counted.
        """
        step, quota = self.role.step, self.quota
        numbers: Iterable[int] = count(0, step) if quota is None else range(0, quota, step)
        is_plain = self._trace is None and not self._interval_s
        return self._at_once(numbers) if is_plain else self._paced(numbers)

    def stop(self) -> None:
        """Have this worker end after its operation. Any thread may call it."""
        self.deadline = float("-inf")
        self._stop.set()

    def _at_once(self, numbers: Iterable[int]) -> Iterator[int]:
        # One look at the clock an operation, and nothing else: what follows from these is worked out now
        # and then, in the time of no operation. A stop is noticed then too, or by who is slower than that.
        clock = time.perf_counter
        self._begin()
        due = clock()
        if due >= self.deadline:
            return
        append = self._sum_up()
        for number in numbers:
            yield number
            now = clock()
            append(now)
            if now >= due:
                if now >= self.deadline:
                    return
                append = self._sum_up()
                due = min(self.deadline, now + _TOGETHER_S)

    def _sum_up(self) -> Callable[[float], None]:
        """Begin a new list of moments, from now; return how to append to it."""
        laps = self._laps.summed_up()
        self._laps = laps._replace(stamps=[time.perf_counter()])  # in one step: whoever reads counts nothing twice
        return self._laps.stamps.append

    def _paced(self, numbers: Iterable[int]) -> Iterator[int]:
        """Let operations begin at a given rate; who comes late has been waiting since then."""
        add, clock, trace, name = self._shard.add, time.perf_counter, self._trace, self.role.operation
        self._begin()
        intended = clock() + self._offset_s
        for number in numbers:
            if not self._wait_until(intended):
                return
            began = clock()
            yield number
            now = clock()
            seconds = now - (intended if self._interval_s else began)
            add(seconds)
            if trace is not None:
                trace.span(name, now - began)
            self._paced_s += now - began
            self._shard_longest_s = max(self._shard_longest_s, seconds)
            intended += self._interval_s

    def _begin(self) -> None:
        self._gate.wait()
        self.began = time.perf_counter()

    def _wait_until(self, moment: float) -> bool:
        """Wait; False if it is time to stop instead."""
        while (left := min(moment, self.deadline) - time.perf_counter()) > 0:
            if left < _SHORT_S:
                time.sleep(left)
            else:
                self._stop.wait(left)
        return time.perf_counter() < self.deadline

    def _work(self) -> None:
        began = time.perf_counter()
        try:
            if self._does is not None:
                self._does()
            if self._fail and self.random.random() < self._fail:
                self.injected += 1
                raise InjectedError(f"{self.name} was asked to fail")
        finally:
            seconds = time.perf_counter() - began
            self.worked_s += seconds
            if self._trace is not None:
                self._trace.span("work", seconds)
