"""Sharded counters with one mistake each."""

from concli.patterns.sharded_counter import Shard, ShardedCounterStatistics
from concli.verify.models.sharded_counter import Audited


class OneShard(Audited):
    """All threads count in the same place."""

    __slots__ = ("_one",)

    def __init__(self) -> None:
        super().__init__()
        self._one = super().shard()

    def increment(self, amount: int = 1) -> None:
        count = self._one.count
        self._one.count = count + amount

    def shard(self) -> Shard:
        return self._one


class ReadsUnlocked(Audited):
    """Sums while another thread folds."""

    def statistics(self) -> ShardedCounterStatistics:
        folded = self._folded
        shards = self._shards[:]
        value = folded + sum(shard.count for _, shard in shards)
        return ShardedCounterStatistics(value, len(shards), 0)


class FoldsOverNewOnes(Audited):
    """Puts a new list in place of the old one, to which a new thread may just have added its shard."""

    def _fold(self) -> None:
        shards = self._shards
        alive = [(life, shard) for life, shard in shards if life() is not None]
        self._folded += sum(shard.count for life, shard in shards if life() is None)
        self._shards = alive


class ForgetsTheDead(Audited):
    """Drops the shards of threads that have ended."""

    def _fold(self) -> None:
        self._shards[:] = [(life, shard) for life, shard in self._shards if life() is not None]
