"""The same workload through the alternatives, in turns, so that what slows the machine slows all of them.

What is compared is a ratio within a round; its median and quartiles over the rounds say how much to
trust it.
"""

import statistics
from collections.abc import Callable, Sequence
from typing import NamedTuple

from concli.lab.experiment import Contender, Experiment, Workload
from concli.lab.load import Load
from concli.metrics import Check

__all__ = ["Comparison", "Row", "compare"]

_ROUNDS = 5


class Row(NamedTuple):
    """One contender. ``ratio`` is ours to it: above 1 ours did more in the same time.

    ``low`` and ``high`` are the quartiles of the ratio. ``problem`` says why there are no figures.
    """

    name: str
    per_s: float | None = None
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    remark: str = ""
    problem: str = ""


class Comparison(NamedTuple):
    """All contenders, ours first, after so many rounds."""

    rounds: int
    rows: tuple[Row, ...] = ()
    checks: tuple[Check, ...] = ()


def compare(
    experiment: Experiment, workload: Workload, progress: Callable[[Comparison], object] = lambda _: None
) -> Comparison:
    """Run every contender in each of five rounds, each with a fifth of the workload.

    ``progress`` is called after each round. A peer that is not installed is named as a problem.
    """
    share = _share(workload)
    missing = {}
    present = []
    for contender in [experiment.ours, *experiment.peers]:
        try:
            contender.make().stop()
            present.append(contender)
        except ImportError as error:
            missing[contender.name] = f"not installed ({error.name}): pip install 'concli[peers]'"
    rates: dict[str, list[float]] = {contender.name: [] for contender in present}
    failed: list[Check] = []
    comparison = Comparison(0)
    for number in range(_ROUNDS):
        # Each begins in turn, for whoever comes first in a round meets another machine than who comes last.
        for place in range(len(present)):
            contender = present[(number + place) % len(present)]
            load = Load(contender.make(), share._replace(seed=workload.seed + number))
            load.run()
            rates[contender.name].append(load.done() / load.elapsed_s if load.elapsed_s else 0.0)
            failed += _failed(contender, load)
        comparison = _comparison(experiment, number + 1, rates, missing, failed)
        progress(comparison)
    return comparison


def _share(workload: Workload) -> Workload:
    ops, duration_s = workload.ops, workload.duration_s
    return workload._replace(
        ops=None if ops is None else max(1, ops // _ROUNDS),
        duration_s=None if duration_s is None else duration_s / _ROUNDS,
    )


def _failed(contender: Contender, load: Load) -> list[Check]:
    failed = [check for check in load.subject.checks(load) if not check.passed]
    failed += [Check("no operation fails", False, repr(failure)) for failure in load.failures]
    if load.abandoned:
        failed.append(Check("every thread ends", False, ", ".join(load.abandoned)))
    return [check._replace(name=f"{contender.name}: {check.name}") for check in failed]


def _comparison(
    experiment: Experiment, rounds: int, rates: dict[str, list[float]], missing: dict[str, str], failed: Sequence[Check]
) -> Comparison:
    ours = rates[experiment.ours.name]
    rows = [Row(experiment.ours.name, statistics.median(ours), remark=experiment.ours.remark)]
    for peer in experiment.peers:
        if peer.name in missing:
            rows.append(Row(peer.name, problem=missing[peer.name]))
            continue
        theirs = rates[peer.name]
        ratios = [one / other for one, other in zip(ours, theirs, strict=True) if other]
        if not ratios:
            rows.append(Row(peer.name, problem="it got nothing done"))
            continue
        low, middle, high = statistics.quantiles(ratios, method="inclusive") if len(ratios) > 1 else ratios * 3
        rows.append(Row(peer.name, statistics.median(theirs), middle, low, high, peer.remark))
    worst = {check.name: check for check in reversed(failed)}  # the first of each
    checks = tuple(worst.values()) or (Check("the alternatives pass their checks", True, f"{rounds} rounds"),)
    return Comparison(rounds, tuple(rows), checks)
