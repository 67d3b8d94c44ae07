"""Which threads are shown, and in which order."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from concli.monitor.rates import ThreadRate

__all__ = ["SORTS", "select"]

#: By what threads can be sorted; those with the most come first, names and ids in their order.
SORTS: dict[str, Callable[[ThreadRate], Any]] = {
    "cpu": lambda thread: -thread.cpu,
    "wait": lambda thread: -(thread.run_wait or 0.0),
    "switches": lambda thread: -(thread.switches_per_s or 0.0),
    "ops": lambda thread: -(thread.operations_per_s or 0.0),
    "name": lambda thread: _natural(thread.name),
    "tid": lambda thread: thread.tid,
}


def select(
    threads: Iterable[ThreadRate],
    *,
    sort: str = "cpu",
    top: int | None = None,
    matching: re.Pattern[str] | None = None,
) -> tuple[list[ThreadRate], int]:
    """Return the threads to show, of those whose name has a ``matching`` part the first ``top``; and how many are not.

    Equals stay in the order of their ids, so that a table does not jump.
    """
    chosen = [thread for thread in threads if matching is None or matching.search(thread.name)]
    chosen.sort(key=lambda thread: (SORTS[sort](thread), thread.pid, thread.tid))
    return chosen[:top], len(chosen) - len(chosen[:top])


def _natural(name: str) -> list[tuple[int, int, str]]:
    """Have worker-2 come before worker-10."""
    parts = re.split(r"(\d+)", name)
    return [(1, int(part), "") if part.isdecimal() else (0, 0, part) for part in parts]
