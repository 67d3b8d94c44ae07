"""What a turn of a workload comes to, role by role, as plain records for the table and the report."""

from collections.abc import Mapping
from typing import NamedTuple

from concli.lab.load import Load
from concli.lab.worker import Role
from concli.metrics import StageUsage

__all__ = ["RoleFigures", "Slowest", "figures_of", "jain", "usage_of"]


class Slowest(NamedTuple):
    """The thread of a role that got the least done, as a share of the mean of all."""

    name: str
    share: float


class RoleFigures(NamedTuple):
    """What the threads of a role did. Latency is that of one operation, a batch if it deals in batches.

    Of the threads' time ``worked_s`` went into the operations' own work and ``waited_s`` into waiting;
    ``utilisation`` is the share of it in which they did not wait, neither inside the pattern nor for their
    next operation's time to come. ``timed`` operations were timed by themselves, short ones by the stretch, as
    ``Laps`` says; the longest is then exact to 0.4 ms. ``fairness`` is Jain's index of the rates of the threads:
    1 if all are the same, 1/n if one gets everything. ``failed`` counts the failures that were asked for.
    """

    name: str
    threads: int
    operations: int
    timed: int
    items: int
    failed: int
    items_per_s: float
    p50_ms: float | None
    p90_ms: float | None
    p99_ms: float | None
    p999_ms: float | None
    max_ms: float | None
    worked_s: float
    waited_s: float
    wait_share: float
    utilisation: float
    fairness: float
    slowest: Slowest | None


def figures_of(load: Load, role: Role) -> RoleFigures:
    """Return the figures of a role as they stand now."""
    workers, operations, items = load.of(role.name), load.operations(role.name), load.items(role.name)
    overlapping = load.subject.latencies(role.name)
    durations = load.durations(role.name) if overlapping is None else overlapping[0]
    elapsed_s = load.elapsed_s
    whole_s = elapsed_s * role.threads
    worked_s, service_s, waited_s = _seconds(load, role)
    p50, p90, p99, p999 = (_ms(durations.quantile(q)) for q in (0.5, 0.9, 0.99, 0.999))
    rates = {}
    for worker in workers:
        active_s = (load.elapsed_s if worker.ended is None else worker.ended - worker.began) if worker.began else 0.0
        done = worker.items
        rates[worker.name] = done / active_s if active_s > 0 else 0.0
    mean = sum(rates.values()) / len(rates) if rates else 0.0
    slowest = min(rates, key=lambda name: rates[name]) if mean else None
    longest = max((worker.longest_s for worker in workers), default=0.0) if overlapping is None else overlapping[1]
    return RoleFigures(
        name=role.name,
        threads=role.threads,
        operations=operations,
        timed=sum(worker.timed for worker in workers),
        items=items,
        failed=sum(worker.failed for worker in workers),
        items_per_s=items / elapsed_s if elapsed_s else 0.0,
        # A bucket's end may lie beyond the longest of all.
        p50_ms=_at_most(p50, longest),
        p90_ms=_at_most(p90, longest),
        p99_ms=_at_most(p99, longest),
        p999_ms=_at_most(p999, longest),
        max_ms=longest * 1e3 if operations and longest else None,
        worked_s=worked_s,
        waited_s=waited_s,
        wait_share=min(1.0, waited_s / whole_s) if whole_s else 0.0,
        utilisation=min(1.0, max(0.0, service_s - waited_s) / whole_s) if whole_s else 0.0,
        fairness=jain(list(rates.values())),
        slowest=Slowest(slowest, rates[slowest] / mean) if slowest is not None else None,
    )


def usage_of(load: Load, role: Role) -> StageUsage:
    """Return the same as a stage of the run report."""
    figures = figures_of(load, role)
    starved = role.waits == "starved"
    return StageUsage(
        name=role.name,
        workers=role.threads,
        items_in=figures.items,
        items_out=figures.items,
        bytes_in=0,
        bytes_out=0,
        errors=figures.failed,
        busy_s=figures.utilisation * role.threads * load.elapsed_s,
        starved_s=figures.waited_s if starved else 0.0,
        blocked_s=0.0 if starved else figures.waited_s,
        p50_ms=figures.p50_ms,
        p99_ms=figures.p99_ms,
        queue=load.subject.queue() if starved else None,
    )


def jain(rates: list[float]) -> float:
    """Return Jain's index of fairness.

    Source: Jain, Chiu, Hawe, "A Quantitative Measure of Fairness and Discrimination" (1984).

    >>> jain([5.0, 5.0]), jain([10.0, 0.0])
    (1.0, 0.5)
    """
    squares = sum(rate * rate for rate in rates)
    return sum(rates) ** 2 / (len(rates) * squares) if squares else 1.0


def _seconds(load: Load, role: Role) -> tuple[float, float, float]:
    """Return the seconds worked, in operations altogether, and waited."""
    workers = load.of(role.name)
    # Work that is going on is work, though its operation has not ended.
    under_way_s = sum(max(0.0, load.now - since) for worker in workers if (since := worker.working_since))
    worked_s = under_way_s + sum(worker.worked_s for worker in workers)
    service_s = under_way_s + sum(worker.service_s for worker in workers)
    known: Mapping[str, float] = load.subject.waited_s()
    return worked_s, service_s, known.get(role.name, max(0.0, service_s - worked_s))


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1e3


def _at_most(quantile_ms: float | None, longest_s: float) -> float | None:
    return None if quantile_ms is None else min(quantile_ms, longest_s * 1e3)
