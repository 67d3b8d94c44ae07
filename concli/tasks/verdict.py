"""Which stage limits the rate of a chain of tasks, and how many workers would move it."""

import math
import os
import resource
from collections.abc import Callable, Sequence
from typing import NamedTuple

from concli.engines.engine import EngineStatistics
from concli.metrics import StageUsage, Verdict
from concli.metrics.host import host, process_cpu_s
from concli.patterns import _sync

__all__ = ["Limit", "Usage", "find_limit"]

_LEAST_S = 0.1  # what is over sooner shows how long it takes to begin, and no more
_MOST = 0.7  # a share of one CPU from which on threads queue for the GIL
_ALL = 0.85  # a share of the time from which on something counts as busy all along


class Usage(NamedTuple):
    """What a run has used: seconds, those on CPUs here with its commands' and workers', and its own Python's alone.

    ``placed_s`` is how long each of the ``places`` workers of an engine was busy, on the average.
    """

    elapsed_s: float
    cpu_s: float
    own_cpu_s: float
    placed_s: float = 0.0
    places: int = 0


class Limit:
    """What limits a run that begins now and goes on until ``stop``; ``engine`` tells of its workers."""

    def __init__(self, engine: Callable[[], EngineStatistics]) -> None:
        self._engine = engine
        self._before = _usage_now()
        self._whole: Usage | None = None

    def stop(self) -> None:
        """Stop the clock."""
        self._whole = self._usage()

    def find(self, stages: Sequence[StageUsage]) -> Verdict | None:
        """Name the stage that limits; None if too little was done to tell."""
        where = host()
        return find_limit(stages, self._whole or self._usage(), cpus=where.cpus, gil=where.gil)

    def _usage(self) -> Usage:
        elapsed_s, cpu_s, own_cpu_s = (now - before for now, before in zip(_usage_now(), self._before, strict=True))
        here, workers = os.uname().nodename, self._engine().workers
        cpu_s += sum(worker.cpu_s for worker in workers if worker.host == here)
        placed_s = sum(worker.busy_s for worker in workers) / len(workers) if workers else 0.0
        return Usage(elapsed_s, cpu_s, own_cpu_s, placed_s, len(workers))


def find_limit(stages: Sequence[StageUsage], used: Usage, *, cpus: int, gil: bool) -> Verdict | None:
    """Name the stage whose workers were busy the largest share of the time; None if too little was done to tell."""
    working = [stage for stage in stages if stage.busy_s and stage.items_in]
    if not working or used.elapsed_s < _LEAST_S:
        return None
    stage = max(working, key=lambda stage: stage.busy_s / stage.workers)
    share = min(1.0, stage.busy_s / stage.workers / used.elapsed_s)
    why = f"its {stage.workers} worker{'s' * (stage.workers > 1)} busy {share:.0%} of the time"
    if used.cpu_s >= _ALL * cpus * used.elapsed_s:
        return Verdict(stage.name, f"{why}; all {cpus} CPUs are in use, more workers would not help")
    if gil and used.own_cpu_s >= _MOST * used.elapsed_s:
        rest = "" if share >= _ALL else "; passing tasks on takes the rest"
        return Verdict(stage.name, f"{why}{rest}; the GIL lets one thread compute at a time, so more would not help")
    if used.places and used.placed_s >= _ALL * used.elapsed_s:
        return Verdict(stage.name, f"{why}; so are the {used.places} workers of the engine, and -t would give it more")
    if share < _ALL and not _is_waited_for(stage):
        return Verdict(stage.name, f"{why}, the most of all: the input or the output sets the pace")
    return Verdict(stage.name, f"{why}; {_advice(stage, [other for other in working if other is not stage])}")


def _is_waited_for(stage: StageUsage) -> bool:
    """Return whether tasks stand before it: a call that goes on is not counted as busy before it ends."""
    return stage.queue is not None and stage.queue.mean >= stage.queue.capacity / 2


def _advice(stage: StageUsage, others: Sequence[StageUsage]) -> str:
    """Say how many workers the stage would need for the next slowest to be the limit; at least one more."""
    each_s = stage.busy_s / stage.items_in
    now = stage.workers / each_s
    if not others:
        return f"workers={2 * stage.workers} would about double the {now:.3g} tasks/s it can do"
    following = min(others, key=_rate)
    wanted = max(stage.workers + 1, math.ceil(_rate(following) * each_s))
    if wanted > 4 * stage.workers:
        return f"with workers={4 * stage.workers} it could do four times its {now:.3g} tasks/s"
    return f"with workers={wanted} the limit would be {following.name}, at {_rate(following):.3g} tasks/s"


def _rate(stage: StageUsage) -> float:
    """Return the tasks a second that its workers could do if they always had one."""
    return stage.workers * stage.items_in / stage.busy_s


def _usage_now() -> tuple[float, float, float]:
    commands, own_cpu_s = resource.getrusage(resource.RUSAGE_CHILDREN), process_cpu_s()
    return _sync.monotonic(), own_cpu_s + commands.ru_utime + commands.ru_stime, own_cpu_s
