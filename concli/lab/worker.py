"""A thread of a workload: how many operations it does, when each begins, and what it measures of them.

The loop around an operation is a generator, so that what is measured is written as one would write it
by hand, and costs little more::

    def produce(worker):
        for number in worker.laps():
            buffer.put(number)
"""

import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from concli.lab._laps import Laps
from concli.lab.work import NO_WORK, Work
from concli.metrics import Trace
from concli.metrics.histogram import Histogram
from concli.metrics.recorder import Shard
from concli.patterns import _sync

__all__ = ["InjectedError", "Role", "Worker"]

_SHORT_S = 0.05  # a pause that may be slept through: nobody notices how much later it ends


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
        #: When the work began that has not ended yet, 0 if there is none.
        self.working_since = 0.0
        self.began = 0.0
        self.ended: float | None = None
        #: When to stop, on the clock of ``time.perf_counter``; who drives looks as often as ``Laps`` does.
        self.deadline = float("inf")
        #: Called now and then by the thread itself, in the time of no operation.
        self.pause: Callable[[], object] = _nothing
        self._gate = gate
        self._stop = _sync.Event()
        self._interval_s = interval_s
        self._offset_s = offset_s
        self._laps = Laps(self.random, self._begin)
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
        return self._laps.operations + self._shard.totals().operations

    @property
    def items(self) -> int:
        """Items dealt with."""
        return self.operations + self.extra_items

    @property
    def service_s(self) -> float:
        """Seconds spent in operations that have ended."""
        return self._laps.sums().busy_s + self._paced_s

    @property
    def longest_s(self) -> float:
        """The longest latency of an operation, in seconds."""
        return max(self._laps.sums().longest_s, self._shard_longest_s)

    @property
    def timed(self) -> int:
        """Operations that were timed by themselves; the others as part of a stretch (``Laps`` says how)."""
        return self._laps.sums().timed + self._shard.totals().operations

    def durations(self) -> Histogram:
        """Return the latencies of the operations that have ended."""
        durations = self._laps.sums().durations
        durations.merge(self._shard.totals().durations)
        return durations

    def run(self, operation: Callable[[], object]) -> None:
        """Call ``operation`` as often as this worker should; a failure that was thrown in is counted."""
        for _ in self.laps():
            try:
                operation()
            except InjectedError:
                self.failed += 1

    def laps(self, first: int = 0, stride: int = 1) -> Iterator[int]:
        """Yield the number of each operation's first item; what happens until the next is asked for is measured.

        The items are numbered from ``first`` in steps of ``stride``. An operation that raises out of the loop
        is not counted.
        """
        last = sys.maxsize if self.quota is None else first + self.quota * stride
        numbers = range(first, last, self.role.step * stride)
        return self._at_once(numbers) if self._trace is None and not self._interval_s else self._paced(numbers)

    def stop(self) -> None:
        """Have this worker end after its operation. Any thread may call it."""
        self.deadline = float("-inf")
        self._stop.set()

    def _at_once(self, numbers: Sequence[int]) -> Iterator[int]:
        return self._laps.over(numbers, lambda: self.deadline, self.pause)

    def _paced(self, numbers: Sequence[int]) -> Iterator[int]:
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
        began = self.working_since = time.perf_counter()
        try:
            if self._does is not None:
                self._does()
            if self._fail and self.random.random() < self._fail:
                self.injected += 1
                raise InjectedError(f"{self.name} was asked to fail")
        finally:
            seconds = time.perf_counter() - began
            self.working_since = 0.0
            self.worked_s += seconds
            if self._trace is not None:
                self._trace.span("work", seconds)


def _nothing() -> None:
    pass
