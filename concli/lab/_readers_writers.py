"""Readers and writers of a dict behind any lock: the roles and the checks, whatever the lock.

A value is two fields that must agree. A write changes one, does its work and changes the other; a read
looks at both, does its work and looks again. Whoever is inside when he should not be is found out.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, Protocol

from concli.lab.experiment import Subject
from concli.lab.load import Load
from concli.lab.work import NO_WORK, Work
from concli.lab.worker import InjectedError, Role, Worker
from concli.metrics import Check

__all__ = ["Calls", "LockSubject", "Shape", "Tally", "Watch"]

WATCH_EVERY = 128  # reads; watching one takes the time of a few
WATCH_SLOW_EVERY = 8  # the same for reads that have work to do

#: How one thread acquires and releases: what the lock's own documentation calls.
Calls = tuple[Callable[[], object], Callable[[], object]]


class Shape(NamedTuple):
    """How many threads read, write, or do both, ``read_share`` of it reading; how many values; what they do inside."""

    readers: int = 3
    writers: int = 1
    workers: int = 0
    read_share: float = 0.8
    keys: int = 16
    work: Work = NO_WORK
    write_work: Work = NO_WORK
    prefer: str = "writer"


class Tally:
    """What one thread has done and seen. That thread alone writes to it."""

    __slots__ = ("overtaken", "reads", "torn", "watched", "write_s", "writes")

    def __init__(self) -> None:
        self.reads = 0
        self.writes = 0
        self.torn = 0  # reads of a value whose fields did not agree, or changed
        self.write_s = 0.0  # seconds of work in writes, of a thread that does both
        self.watched = 0  # reads that began while a writer waited, of those that were watched
        self.overtaken = 0  # those of them that went in although it was that writer's turn


class Watch(Protocol):
    """What acquires the lock for reading and sees whether a writer that waited was passed over."""

    def acquire(self) -> object: ...


class LockSubject(Subject):
    """Values in a dict; threads that read and write them inside ``reading`` and ``writing``."""

    #: How many reads in a row a watch takes to see anything.
    watch_reads = 0

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.data = {key: [0, 0] for key in range(shape.keys)}  # guarded by the lock under load
        self.tallies: dict[str, Tally] = {}  # by the names of the threads; entries are made before those start
        self._fail = 0.0
        reads = {"work": shape.work, "fails": True, "operation": "read", "waits_for": "for writers"}
        writes = {"work": shape.write_work, "fails": True, "operation": "write", "waits_for": "for the lock"}
        both = {"work": shape.work, "fails": True, "waits_for": "for the lock"}
        roles = (
            Role("reader", shape.readers, self.read, option="--readers", **reads),  # type: ignore[arg-type]
            Role("writer", shape.writers, self.write, option="--writers", **writes),  # type: ignore[arg-type]
            Role("worker", shape.workers, self.read_and_write, option="--workers", **both),  # type: ignore[arg-type]
        )
        self.roles = [role for role in roles if role.threads]

    def reading(self) -> Calls:
        """Return how the calling thread acquires for reading and releases."""
        raise NotImplementedError

    def writing(self) -> Calls:
        """Return how the calling thread acquires for writing and releases."""
        raise NotImplementedError

    def watch(self, tally: Tally) -> Watch | None:
        """Return what watches some of a thread's reads, if anything can."""
        del tally
        return None

    def start(self, load: Load) -> None:
        """Start the threads."""
        self._fail = load.workload.fail
        self.tallies = {worker.name: Tally() for worker in load.workers}
        super().start(load)

    def read(self, worker: Worker) -> None:
        """Read all the time."""
        worker.run(self._reader(worker))

    def write(self, worker: Worker) -> None:
        """Write all the time."""
        worker.run(self._writer(worker, worker.work))

    def read_and_write(self, worker: Worker) -> None:
        """Read or write, at random."""
        read, write = self._reader(worker), self._writer(worker, self._work_in_writes(worker))
        chance, share = worker.random.random, self.shape.read_share
        worker.run(lambda: read() if chance() < share else write())

    def reads(self) -> int:
        """Return how many reads have ended."""
        return sum(tally.reads for tally in self.tallies.values())

    def writes(self) -> int:
        """Return how many writes have ended."""
        return sum(tally.writes for tally in self.tallies.values())

    def totals(self, load: Load) -> Mapping[str, int]:
        """Return how much was read and written."""
        del load
        return {"reads": self.reads(), "writes": self.writes()}

    def checks(self, load: Load) -> Iterable[Check]:
        """Check that readers saw whole values and that every write is there."""
        reads, torn = self.reads(), sum(tally.torn for tally in self.tallies.values())
        yield Check("readers never see a half-written value", not torn, f"{torn:,} of {reads:,} reads did")
        writes, stuck = self.writes(), len(load.abandoned)  # each of those may be in the midst of a write
        first, second = (sum(value[field] for value in self.data.values()) for field in (0, 1))
        kept = all(0 <= there - writes <= stuck for there in (first, second))
        yield Check("no write is lost", kept, f"{min(first, second):,} in the values of {writes:,} made")

    def _reader(self, worker: Worker) -> Callable[[], None]:
        tally, data, index, keys, work = self._of(worker)
        acquire, release = self.reading()
        watch, watched = self.watch(tally), self.watch_reads
        every = WATCH_EVERY if self.shape.work.is_none else WATCH_SLOW_EVERY

        def read() -> None:
            number = tally.reads
            if watch is None or number % every >= watched:
                acquire()
            else:
                watch.acquire()
            try:
                value = data[(index + number) % keys]
                version = value[0]
                if work is not None:
                    work()
                if not version == value[0] == value[1]:
                    tally.torn += 1
            finally:
                release()
                tally.reads = number + 1

        return read

    def _writer(self, worker: Worker, work: Callable[[], None] | None) -> Callable[[], None]:
        tally, data, index, keys, _ = self._of(worker)
        acquire, release = self.writing()

        def write() -> None:
            number = tally.writes
            acquire()
            try:
                value = data[(index + number) % keys]
                second = value[1]  # before the work, so that whoever else writes meanwhile is lost
                value[0] += 1
                try:
                    if work is not None:
                        work()
                finally:  # a write that fails in its work leaves a whole value too
                    value[1] = second + 1
            finally:
                release()
                tally.writes = number + 1

        return write

    def _of(self, worker: Worker) -> tuple[Tally, dict[int, list[int]], int, int, Callable[[], None] | None]:
        return self.tallies[worker.name], self.data, worker.index, self.shape.keys, worker.work

    def _work_in_writes(self, worker: Worker) -> Callable[[], None] | None:
        """Return what a thread that does both does in a write: its role's work is that of a read."""
        shape, fail, tally, chance = self.shape, self._fail, self.tallies[worker.name], worker.random.random
        if shape.write_work.is_none and not fail:
            return None
        does = shape.write_work.bind(worker.random)

        def work() -> None:
            began = time.perf_counter()
            try:
                does()
                if fail and chance() < fail:
                    worker.injected += 1
                    raise InjectedError(f"{worker.name} was asked to fail")
            finally:
                seconds = time.perf_counter() - began
                tally.write_s += seconds
                worker.worked_s += seconds

        return work
