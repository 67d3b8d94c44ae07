"""What workers record: one shard a thread, merged when read."""

from dataclasses import dataclass, field, fields

from concli.metrics.histogram import Histogram
from concli.patterns import ThreadLocal

__all__ = ["Recorder", "Shard"]


@dataclass(slots=True)
class Shard:
    """The sums of one thread, or of several."""

    items_in: int = 0
    items_out: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    errors: int = 0
    operations: int = 0
    busy_s: float = 0.0
    durations: Histogram = field(default_factory=Histogram)


_SUMS = [f.name for f in fields(Shard) if f.name != "durations"]


class Recorder:
    """Counts what a stage does. A thread writes to its own shard without a lock."""

    def __init__(self) -> None:
        self._shards = ThreadLocal(Shard)

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
        shard = self._shards.get()
        shard.items_in += items_in
        shard.items_out += items_out
        shard.bytes_in += bytes_in
        shard.bytes_out += bytes_out
        shard.errors += errors
        shard.operations += 1
        shard.busy_s += seconds
        shard.durations.add(seconds)

    def totals(self) -> Shard:
        """Return the sums over all threads, those that have ended included."""
        total = Shard()
        for shard in self._shards.values():
            for name in _SUMS:
                setattr(total, name, getattr(total, name) + getattr(shard, name))
            total.durations.merge(shard.durations)
        return total
