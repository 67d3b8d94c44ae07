"""Which stage limits a run, and what would help."""

from collections.abc import Sequence

from concli.metrics.report import StageUsage, Verdict

__all__ = ["find_bottleneck"]

_ALL = 0.85  # a share of the time from which on something counts as busy all along


def find_bottleneck(stages: Sequence[StageUsage], elapsed_s: float, cpu_s: float, cpus: int) -> Verdict | None:
    """Name the stage whose workers were busy the largest share of the time; None if nothing was done."""
    working = [stage for stage in stages if stage.busy_s]
    if not working or elapsed_s <= 0:
        return None
    stage = max(working, key=lambda stage: stage.busy_s / stage.workers)
    share = min(1.0, stage.busy_s / stage.workers / elapsed_s)
    workers = f"{stage.workers} worker{'s' * (stage.workers > 1)}"
    why = f"its {workers} busy {share:.0%} of the time"
    first, last = stage is stages[0], stage is stages[-1]
    starved = min(1.0, stages[0].starved_s / stages[0].workers / elapsed_s)
    if starved > 0.5:
        why = f"it waited for input {starved:.0%} of the time; a faster source would help"
        return Verdict(stages[0].name, why)
    if cpu_s / elapsed_s >= _ALL * cpus:
        why += f"; all {cpus} CPUs are in use, so a faster machine would help and more threads would not"
    elif share < _ALL:
        why += "; the stages take turns, none limits the run alone"
    elif first or last:
        why += f"; {'reading the input' if first else 'writing the output'} is the limit, more threads would not help"
    elif stage.workers >= cpus:
        why += f"; it has a worker for each of the {cpus} CPUs already, so more threads would not help"
    else:
        why += "; more threads (-t) would help"
    return Verdict(stage.name, why)
