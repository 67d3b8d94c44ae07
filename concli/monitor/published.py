"""What watched programs publish of their threads, as samples take it."""

from collections.abc import Collection

from concli.metrics.publish import Published, published
from concli.monitor.sample import Counted

__all__ = ["PublishedCounts"]


class PublishedCounts:
    """Asks processes what they publish. What one told last stands while it is too slow, or has stopped to publish."""

    def __init__(self) -> None:
        self._told: dict[int, dict[int, Published]] = {}

    def __call__(self, pids: Collection[int]) -> dict[tuple[int, int], Counted]:
        """Return what these processes have told, by process and thread id. The others are forgotten."""
        self._told = {pid: published(pid) or self._told.get(pid, {}) for pid in pids}
        return {
            (pid, tid): Counted(one.name, one.operations, one.errors)
            for pid, threads in self._told.items()
            for tid, one in threads.items()
        }
