"""Sharded counter: a cell for each thread, summed when somebody asks.

Choose it for events that many threads count often and somebody reads now and then: an increment
takes no lock and writes no number that another thread writes. When each increment has to learn the
new total (a ticket number, a limit), use ``Counter``; for richer tallies use ``ThreadLocal``.

Without the GIL even calling a method of a shared object makes threads contend, for its reference
count. A hot loop there asks once for the thread's own ``shard()`` and increments that.

After "statistical counters" in P. McKenney, *Is Parallel Programming Hard, And, If So, What Can You Do
About It?*, chapter 5, and ``LongAdder`` of ``java.util.concurrent``.

Who waits for whom::

    increment --> nobody          value --> the mutex, for a moment

Classic mistake: ``count += 1`` of a number that threads share, which is a read and a write::

    thread A                       thread B
    reads 5
                                   reads 5
    writes 6
                                   writes 6: one is lost

Classic mistake: to take the value for a limit. Others count between the look and the step; use
``Counter``, whose ``increment`` answers with the new total::

    thread A                       thread B
    value is 99, of 100
                                   value is 99, of 100
    increment()
                                   increment(): it is 101

>>> counter = ShardedCounter()
>>> counter.increment()
>>> counter.increment(2)
>>> counter.value
3
"""

import weakref
from typing import NamedTuple

from concli.patterns import _sync

__all__ = ["Shard", "ShardedCounter", "ShardedCounterStatistics"]

_FOLD_AT_LEAST = 16  # shards; with fewer it isn't worth looking for those of ended threads


class ShardedCounterStatistics(NamedTuple):
    """A frozen snapshot: the sum, the shards in being, and how many ended threads have been folded in."""

    value: int
    shards: int
    folded: int


class Shard:
    """What one thread has counted. That thread alone may increment it, and it ends with the thread."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0

    def increment(self, amount: int = 1) -> None:
        """Add ``amount``, which may be negative."""
        self.count += amount


class _Life:
    """Something that is gone as soon as the thread that keeps it in its thread-local storage is."""

    __slots__ = ("__weakref__",)


class ShardedCounter:
    """A counter that many threads increment at full speed and that sums exactly.

    ``value`` holds every increment that had returned before it was read, those of threads that have
    ended included, and maybe some that were under way. What ended threads leave takes no memory for
    long: their shards are folded into one number when shards of new threads come.
    """

    # Slots, and a shard of its own class: on all builds this is the shortest way to the number.
    __slots__ = ("__weakref__", "_fold_at", "_folded", "_folded_threads", "_mutex", "_own", "_shards")

    def __init__(self) -> None:
        self._own = _sync.local()  # `shard` and `life` of the calling thread
        # Threads append their shards without the mutex (one atomic operation, so that a finaliser that
        # counts can't deadlock with a reader in the same thread). To take any out, and for the three
        # fields that follow, it is needed.
        self._shards: list[tuple[weakref.ref[_Life], Shard]] = []
        self._mutex = _sync.Lock()
        self._folded = 0  # the sum of shards that are no more
        self._folded_threads = 0
        self._fold_at = _FOLD_AT_LEAST

    def increment(self, amount: int = 1) -> None:
        """Add ``amount``, which may be negative."""
        # No call and no jump stands between reading the count and writing it back: neither a signal handler
        # nor a finaliser can come in between, and other threads have shards of their own.
        try:
            self._own.shard.count += amount
        except AttributeError:
            self.shard().count += amount

    def shard(self) -> Shard:
        """Return the calling thread's shard, for a loop that increments much and wants no detour.

        Hand it to no other thread: what that counted could be lost.
        """
        try:
            own: Shard = self._own.shard
        except AttributeError:
            own = self._new_shard()
        return own

    @property
    def value(self) -> int:
        """The sum over all threads, those that have ended included."""
        return self.statistics().value

    def statistics(self) -> ShardedCounterStatistics:
        """Return a frozen snapshot."""
        with self._mutex:
            self._fold()
            shards = self._shards[:]
            value = self._folded + sum(shard.count for _, shard in shards)
            return ShardedCounterStatistics(value, len(shards), self._folded_threads)

    def _new_shard(self) -> Shard:
        """Give the calling thread a shard; made here, it lies in memory that this thread allocates from."""
        shard, life = Shard(), _Life()
        if len(self._shards) >= self._fold_at and self._mutex.acquire(blocking=False):
            # Whoever holds it instead may be folding; if not, the next new thread will.
            try:
                self._fold()
            finally:
                self._mutex.release()
        self._own.life = life
        self._shards.append((weakref.ref(life), shard))
        self._own.shard = shard
        return shard

    def _fold(self) -> None:
        """Fold the shards of ended threads into one number. Called with the mutex held."""
        shards = self._shards[:]
        alive, ended, left = [], 0, 0
        for life, shard in shards:
            if life() is None:
                ended += 1
                left += shard.count
            else:
                alive.append((life, shard))
        if ended:
            # No call and no jump in here: an interrupt comes before all of it or after.
            self._shards[: len(shards)] = alive
            self._folded += left
            self._folded_threads += ended
        self._fold_at = max(_FOLD_AT_LEAST, 2 * len(alive))
