"""The lab of the read-write lock: readers and writers of a dict, or threads that do both.

That a writer waits no longer than its bound is seen from the readers' side, in some of the reads. Before
one, the lock's statistics say how many writers wait and how many have written. When it has got in, all of
those must have written if writers are preferred; if the lock is fair, one of them when the thread's next
read has. Nothing in that depends on the clock.
"""

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any, Literal, cast

from concli.lab._readers_writers import Calls, LockSubject, Shape, Tally
from concli.lab.experiment import Contender, Experiment
from concli.lab.load import Load
from concli.metrics import Check
from concli.metrics.host import host
from concli.patterns import RWLock, _sync

__all__ = ["RWLockSubject", "Shape", "rwlock"]

_PAYS = 1.2  # readers at work at a time, on the average; a plain lock has one at most
_MUCH = 0.5  # of the time


def rwlock(shape: Shape) -> Experiment:
    """Return the experiment: ``RWLock`` beside the locks of others and a plain one."""

    def of_others(module: str, name: str, calls: Callable[[Any], tuple[Calls, Calls]]) -> Contender:
        return Contender(f"{module.partition('.')[0]} {name}", lambda: _Foreign(shape, _made(module, name), calls))

    return Experiment(
        Contender("RWLock", lambda: RWLockSubject(shape), f"prefer {shape.prefer}"),
        (
            of_others("fasteners", "ReaderWriterLock", _fasteners),
            of_others("readerwriterlock.rwlock", "RWLockFair", _readerwriterlock),
            of_others("readerwriterlock.rwlock", "RWLockWrite", _readerwriterlock),
            Contender("threading.Lock", lambda: _Foreign(shape, _sync.Lock(), _plain), "readers one at a time"),
        ),
    )


class RWLockSubject(LockSubject):
    """An ``RWLock`` around the values."""

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self.lock = RWLock(cast(Literal["writer", "fair"], shape.prefer))
        self.watch_reads = 1 if shape.prefer == "writer" else 2

    def reading(self) -> Calls:
        """Return the lock's own methods."""
        return self.lock.acquire_read, self.lock.release_read

    def writing(self) -> Calls:
        """Return the lock's own methods."""
        return self.lock.acquire_write, self.lock.release_write

    def watch(self, tally: Tally) -> "_Watch":
        """Return what sees whether a read goes before a writer whose turn it was."""
        return _Watch(self.lock, self.reading()[0], tally, self.watch_reads)

    def depth(self) -> int:
        """Return the number of threads that wait."""
        now = self.lock.statistics()
        return now.waiting_readers + now.waiting_writers

    def waited_s(self) -> Mapping[str, float]:
        """Return the seconds waited, by the lock's statistics."""
        now = self.lock.statistics()
        both = now.read_wait_s + now.write_wait_s
        return {"reader": now.read_wait_s, "writer": now.write_wait_s, "worker": both}

    def figures(self) -> Mapping[str, object]:
        """Return the lock's statistics."""
        return self.lock.statistics()._asdict()

    def checks(self, load: Load) -> Iterable[Check]:
        """Check the values, the writers' bound, and that the lock's own statistics say the same."""
        yield from super().checks(load)
        watched = sum(tally.watched for tally in self.tallies.values())
        overtaken = sum(tally.overtaken for tally in self.tallies.values())
        detail = f"{overtaken:,} of {watched:,} reads watched that came while one waited went before it"
        yield Check("a writer waits no longer than its bound", not overtaken, detail)
        now, stuck, reads, writes = self.lock.statistics(), len(load.abandoned), self.reads(), self.writes()
        adds_up = 0 <= now.reads - reads <= stuck and 0 <= now.writes - writes <= stuck
        is_left = (now.readers or now.is_written or now.waiting_readers or now.waiting_writers) and not stuck
        detail = f"{now.reads:,} reads of {reads:,}, {now.writes:,} writes of {writes:,}"
        yield Check("the statistics add up", adds_up and not is_left, detail)

    def advice(self, load: Load) -> str | None:
        """Say whether a lock that lets readers in together does what a plain one can't."""
        if not (load.elapsed_s and self.reads() + self.writes()):
            return None
        whole_s = load.elapsed_s
        worked_s = sum(worker.worked_s for worker in load.workers if worker.role.name != "writer")
        at_once = (worked_s - sum(tally.write_s for tally in self.tallies.values())) / whole_s
        reads, waited = self.reads(), self.waited_s()
        shares = [
            f"{role.name}s wait {waited[role.name] / (whole_s * role.threads):.0%} of the time" for role in self.roles
        ]
        told = f"at {reads / (reads + self.writes()):.0%} reads {', '.join(shares)}"
        if self.shape.work.is_none:
            return f"{told}; reads this short need a plain lock, which costs less than keeping count of readers"
        if self.shape.work.holds_gil and host().gil:
            return f"{told}; readers that hold the GIL work one at a time anyway, so a plain lock would do"
        if at_once < _PAYS:
            return f"{told}; {at_once:.1f} readers are at work at a time, so a plain lock would do"
        waits_much = self.shape.writers and waited["writer"] > _MUCH * whole_s * self.shape.writers
        but = "; writers pay for it with their time" if waits_much else ""
        return f"{told}; it pays: {at_once:.1f} readers are at work at a time, a plain lock lets in one{but}"


class _Watch:
    """Sees whether a thread's read, or its next, goes in before writers that it had found waiting."""

    def __init__(self, lock: RWLock, acquire: Callable[[], object], tally: Tally, reads: int) -> None:
        self._lock, self._acquire, self._tally, self._reads = lock, acquire, tally, reads
        self._left = 0
        self._owed = self._written = 0

    def acquire(self) -> None:
        if not self._left:
            before = self._lock.statistics()
            self._left, self._written = self._reads, before.writes
            # A fair lock lets the readers that were held back go first; so the next read, and one writer.
            self._owed = before.waiting_writers if self._reads == 1 else min(1, before.waiting_writers)
        self._acquire()
        self._left -= 1
        if self._owed and not self._left:
            self._tally.watched += 1
            self._tally.overtaken += self._lock.statistics().writes - self._written < self._owed


class _Foreign(LockSubject):
    """A lock of others."""

    def __init__(self, shape: Shape, made: Any, calls: Callable[[Any], tuple[Calls, Calls]]) -> None:
        super().__init__(shape)
        self._made, self._calls = made, calls

    def reading(self) -> Calls:
        return self._calls(self._made)[0]

    def writing(self) -> Calls:
        return self._calls(self._made)[1]


def _made(module: str, name: str) -> Any:
    return getattr(import_module(module), name)()


def _fasteners(lock: Any) -> tuple[Calls, Calls]:
    return (lock.acquire_read_lock, lock.release_read_lock), (lock.acquire_write_lock, lock.release_write_lock)


def _readerwriterlock(lock: Any) -> tuple[Calls, Calls]:
    read, write = lock.gen_rlock(), lock.gen_wlock()  # of one thread each
    return (read.acquire, read.release), (write.acquire, write.release)


def _plain(lock: Any) -> tuple[Calls, Calls]:
    return (lock.acquire, lock.release), (lock.acquire, lock.release)
