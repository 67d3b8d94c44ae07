"""The lab of thread-local storage: each thread adds to a value of its own, and all of them are read in the end.

With ``life`` a worker is many threads, one after the other, each for so many operations. The last
operation of a thread and the first of the next are measured with the change from one to the other.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain, islice
from typing import Any, NamedTuple

from concli.lab.experiment import Contender, Experiment, Subject
from concli.lab.load import Load
from concli.lab.work import NO_WORK, Work
from concli.lab.worker import InjectedError, Role, Worker
from concli.metrics import Check
from concli.patterns import Counter, ShardedCounter, ThreadGroup, ThreadLocal, ThreadLogger

__all__ = ["Shape", "ThreadLocalSubject", "thread_local"]

_OPERATION = "operation"
_UNFOLDED = 32  # threads whose values are surely kept apart: only where there are more are those of ended ones folded


class Shape(NamedTuple):
    """How many threads, for how many operations each before the next takes over (0: all), and what they do."""

    workers: int = 1
    life: int = 0
    track: bool = False
    work: Work = NO_WORK


def thread_local(shape: Shape) -> Experiment:
    """Return the experiment: ``ThreadLocal`` beside other ways to count what threads do."""
    remark = "with tracking, which the others do not do" if shape.track else ""
    return Experiment(
        Contender("ThreadLocal", lambda: ThreadLocalSubject(shape), remark),
        (
            Contender("threading.local", lambda: _Listed(shape), "keeps each thread's value for ever"),
            Contender("ShardedCounter", lambda: _Counted(shape, ShardedCounter()), "only counts"),
            Contender("Counter", lambda: _Counted(shape, Counter()), "only counts, with a lock"),
        ),
    )


class _Adding(Subject):
    """Workers that add 1 to what is theirs, for each operation."""

    #: What one operation does. Set by whoever makes the thing it adds to.
    add: Callable[[], object]

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.lives = [0] * shape.workers  # the threads each worker has been; it alone writes its place
        self.roles = (
            Role(
                "worker",
                shape.workers,
                self.live_on,
                operation=_OPERATION,
                work=shape.work,
                fails=True,
                waits_for="for each other",
                option="--workers",
            ),
        )

    def values(self) -> Sequence[int]:
        """Return the values of all threads, those that have ended included."""
        raise NotImplementedError

    def live_on(self, worker: Worker) -> None:
        """Do a worker's operations: in its own thread, or in one after the other."""
        life, laps = self.shape.life, worker.laps()
        if not life:
            self.lives[worker.index] = 1
            self.live(worker, laps)
            return
        for number in laps:
            self.lives[worker.index] += 1
            with ThreadGroup() as group:
                name = f"{worker.name} {self.lives[worker.index]}"
                group.spawn(self.live, worker, chain([number], islice(laps, life - 1)), name=name)

    def live(self, worker: Worker, laps: Iterable[int]) -> None:
        """Do the operations of one thread."""
        add, work = self.add, worker.work
        for _ in laps:
            add()
            if work:
                try:
                    work()
                except InjectedError:
                    worker.failed += 1

    def waited_s(self) -> Mapping[str, float]:
        """Return that nobody waits: the threads share nothing."""
        return {"worker": 0.0}

    def totals(self, load: Load) -> Mapping[str, int]:
        """Return the operations, and what the values come to."""
        return {"operations": load.operations("worker"), "counted": sum(self.values()), "threads": sum(self.lives)}

    def checks(self, load: Load) -> Iterable[Check]:
        """Check that the values come to the number of operations."""
        done, values = load.operations("worker"), self.values()
        detail = f"{sum(values):,} counted of {done:,} operations, by {sum(self.lives):,} threads"
        adds_up = abs(sum(values) - done) <= len(load.abandoned)
        yield Check("the values add up, those of ended threads included", adds_up, detail)


class ThreadLocalSubject(_Adding):
    """A ``ThreadLocal`` with a tally for each thread; with ``track`` a ``ThreadLogger`` that times the operations."""

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self._tallies = ThreadLocal(lambda: [0], fold_ended=lambda first, second: [first[0] + second[0]])
        self._logger = ThreadLogger(logging.getLogger(__name__), merge_ended=True)
        get = self._tallies.get

        def add() -> None:
            get()[0] += 1

        self.add = add

    def live(self, worker: Worker, laps: Iterable[int]) -> None:
        """Do the operations of one thread, each tracked if that is asked for."""
        if not self.shape.track:
            super().live(worker, laps)
            return
        add, work, track = self.add, worker.work, self._logger.track_operation
        for _ in laps:
            try:
                with track(_OPERATION):
                    add()
                    if work:
                        work()
            except InjectedError:
                worker.failed += 1

    def values(self) -> Sequence[int]:
        """Return the tallies, those of ended threads together or each by itself."""
        return [tally[0] for tally in self._tallies.values()]

    def figures(self) -> Mapping[str, object]:
        """Return the values that are kept, and what was tracked."""
        tracked = {name: of._asdict() for name, of in self._logger.statistics().operations.items()}
        return {"values": len(self.values()), "counted": sum(self.values()), "tracked": tracked}

    def checks(self, load: Load) -> Iterable[Check]:
        """Check the values, each by itself if each worker was one thread, and what was tracked."""
        yield from super().checks(load)
        workers, uncertain = load.of("worker"), len(load.abandoned)
        values = self.values()
        if not self.shape.life and not uncertain and self.shape.workers <= _UNFOLDED:
            theirs = sorted(worker.operations for worker in workers if worker.operations)
            yield Check("each thread has its own", sorted(values) == theirs, f"{len(values):,} values")
        if self.shape.track:
            yield self._check_tracked(load)

    def _check_tracked(self, load: Load) -> Check:
        now = self._logger.statistics()
        whole = now.operations.get(_OPERATION)
        count, failures = (whole.count, whole.failures) if whole else (0, 0)
        parts = [of for thread in now.threads if (of := thread.operations.get(_OPERATION))]
        done, injected = load.operations("worker"), sum(worker.injected for worker in load.workers)
        adds_up = abs(count - done) <= len(load.abandoned) and failures == injected
        adds_up = adds_up and (count, failures) == (sum(of.count for of in parts), sum(of.failures for of in parts))
        detail = f"{count:,} tracked of {done:,}, {failures:,} failures of {injected:,}, in {len(parts):,} lines"
        return Check("what is tracked adds up by thread", adds_up, detail)


class _Listed(_Adding):
    """``threading.local``, and a list of what it holds behind a lock."""

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self._tallies: list[list[int]] = []  # guarded by the mutex
        mutex, own = threading.Lock(), threading.local()

        def add() -> None:
            try:
                tally = own.tally
            except AttributeError:
                tally = own.tally = [0]
                with mutex:
                    self._tallies.append(tally)
            tally[0] += 1

        self.add = add

    def values(self) -> Sequence[int]:
        return [tally[0] for tally in list(self._tallies)]


class _Counted(_Adding):
    """One counter for all threads."""

    def __init__(self, shape: Shape, counter: Any) -> None:
        super().__init__(shape)
        self._counter = counter
        self.add = counter.increment

    def values(self) -> Sequence[int]:
        return [self._counter.value]
