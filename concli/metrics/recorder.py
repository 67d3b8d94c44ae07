"""What workers record: one shard a thread, merged when read.

A loop in which even a tenth of a microsecond counts asks once for its thread's ``shard()``; without the
GIL that also keeps threads from contending for the recorder's reference count.

>>> recorder = Recorder()
>>> recorder.record(0.5, items_in=3)
>>> recorder.shard().add(0.25)
>>> totals = recorder.totals()
>>> totals.operations, totals.items_in, totals.busy_s
(2, 3, 0.75)
"""

from typing import NamedTuple

from concli.metrics.histogram import Histogram
from concli.patterns import ThreadLocal, _sync

__all__ = ["Recorder", "Shard", "Totals"]

_BATCH = 1024  # durations


class Totals(NamedTuple):
    """A frozen snapshot: the sums of one thread, or of several."""

    items_in: int
    items_out: int
    bytes_in: int
    bytes_out: int
    errors: int
    operations: int
    busy_s: float
    durations: Histogram


class _Batch(list[float]):
    """Durations not summed yet, with the sums of all before them: replaced in one step, so never half done."""

    __slots__ = ("busy_before", "durations_before", "operations_before")

    def __init__(self, operations: int, busy_s: float, durations: Histogram) -> None:
        super().__init__()
        self.operations_before = operations
        self.busy_before = busy_s
        self.durations_before = durations  # not changed any more

    def sums(self) -> tuple[int, float, Histogram]:
        """Return the operations, seconds and durations up to now. Any thread may ask."""
        seconds = self.copy()
        durations = Histogram()
        durations.merge(self.durations_before)
        durations.add_all(seconds)
        return self.operations_before + len(seconds), self.busy_before + sum(seconds), durations


class Shard:
    """What one thread records. That thread alone may write to it; any may read it."""

    __slots__ = ("_batch", "_bytes_in", "_bytes_out", "_errors", "_items_in", "_items_out")

    def __init__(self) -> None:
        self._items_in = 0
        self._items_out = 0
        self._bytes_in = 0
        self._bytes_out = 0
        self._errors = 0
        self._batch = _Batch(0, 0.0, Histogram())

    def add(self, seconds: float) -> None:
        """Count one operation that took ``seconds`` of work, and nothing besides."""
        # Only put down: to find the bucket of one duration takes longer than all the rest of a record,
        # for a batch of them it takes little.
        batch = self._batch
        batch.append(seconds)
        if len(batch) >= _BATCH:
            self._sum_up()

    def record(
        self,
        seconds: float,
        items_in: int = 0,
        items_out: int = 0,
        bytes_in: int = 0,
        bytes_out: int = 0,
        errors: int = 0,
    ) -> None:
        """Count one operation that took ``seconds`` of work."""
        # Most operations count one or two of these; to ask is quicker than to add 0. No call comes before
        # the duration is put down: an interrupt finds all of this record done or nothing of it.
        if items_in:
            self._items_in += items_in
        if items_out:
            self._items_out += items_out
        if bytes_in:
            self._bytes_in += bytes_in
        if bytes_out:
            self._bytes_out += bytes_out
        if errors:
            self._errors += errors
        batch = self._batch  # from here on as in `add`
        batch.append(seconds)
        if len(batch) >= _BATCH:
            self._sum_up()

    def totals(self) -> Totals:
        """Return a snapshot."""
        counts = (self._items_in, self._items_out, self._bytes_in, self._bytes_out, self._errors)
        return Totals(*counts, *self._batch.sums())

    def _sum_up(self) -> None:
        """Begin a new batch. If this is interrupted the next record does it."""
        batch = self._batch
        operations, busy_s, durations = batch.sums()
        new = _Batch(operations, busy_s, durations)
        done = operations - batch.operations_before
        # No call in what follows. A signal handler that recorded since may have begun a new batch itself;
        # if not, what it put down comes along.
        if self._batch is batch:
            new[:] = batch[done:]
            self._batch = new


class Recorder:
    """Counts what a stage does. A thread writes to its own shard without a lock."""

    def __init__(self) -> None:
        self._shards = ThreadLocal(Shard)
        self._own = _sync.local()  # the calling thread's `shard` once more, found in half the time

    def shard(self) -> Shard:
        """Return the calling thread's shard, for a loop that records much; hand it to no other thread."""
        shard = self._own.shard = self._shards.get()
        return shard

    def record(
        self,
        seconds: float,
        *,
        items_in: int = 0,
        items_out: int = 0,
        bytes_in: int = 0,
        bytes_out: int = 0,
        errors: int = 0,
    ) -> None:
        """Count one operation of the calling thread that took ``seconds`` of work."""
        try:
            shard = self._own.shard
        except AttributeError:
            shard = self.shard()
        shard.record(seconds, items_in, items_out, bytes_in, bytes_out, errors)

    def totals(self) -> Totals:
        """Return the sums over all threads, those that have ended included."""
        of_each = [shard.totals() for shard in self._shards.values()]
        durations = Histogram()
        for one in of_each:
            durations.merge(one.durations)
        return Totals(
            items_in=sum(one.items_in for one in of_each),
            items_out=sum(one.items_out for one in of_each),
            bytes_in=sum(one.bytes_in for one in of_each),
            bytes_out=sum(one.bytes_out for one in of_each),
            errors=sum(one.errors for one in of_each),
            operations=sum(one.operations for one in of_each),
            busy_s=sum(one.busy_s for one in of_each),
            durations=durations,
        )
