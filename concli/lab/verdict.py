"""What limits a workload, in a sentence, by plain rules over who waits.

The rules, the first that fits: a rate that was asked for is kept or not; who does not wait while others
do is the limit; if nobody waits the CPU is, or the GIL; if all wait for each other, handing over is.
"""

from collections.abc import Sequence
from typing import NamedTuple

from concli.lab.figures import RoleFigures

__all__ = ["Side", "verdict"]

_MUCH = 0.25  # a share of the time from which on waiting counts
_LITTLE = 0.1
_ALL = 0.85  # of a CPU's time
_KEPT = 0.95  # of a rate


class Side(NamedTuple):
    """A role's figures, and the words for it."""

    figures: RoleFigures
    waits_for: str
    option: str
    holds_gil: bool


def verdict(
    sides: Sequence[Side], *, elapsed_s: float, cpu_s: float, cpus: int, gil: bool, rate: float | None = None
) -> tuple[str, str]:
    """Return the name of what limits the run, and the sentence that says why and what would move it."""
    if elapsed_s <= 0 or not any(side.figures.operations for side in sides):
        return "nothing", "nothing was done, so there is nothing to say"
    used = cpu_s / elapsed_s
    is_full = used >= _ALL * (1 if gil else cpus)
    shares = ", ".join(_share(side) for side in sides)
    if rate is not None:
        done = max(side.figures.items_per_s for side in sides)
        if done >= _KEPT * rate:
            return "the rate", f"it keeps up with {rate:,.0f}/s; {shares}, so there is room for more"
    least = min(sides, key=lambda side: side.figures.wait_share)
    most = max(sides, key=lambda side: side.figures.wait_share)
    low, high = least.figures.wait_share, most.figures.wait_share
    name = f"{least.figures.name}s"
    if high >= _MUCH and low < high / 2:
        return (
            name,
            f"the {name} are the limit: {shares}; {_what_would_help(least, used=used, is_full=is_full, gil=gil)}",
        )
    if is_full:
        return "CPU", f"{_full(used, gil=gil)}: {shares}; cheaper operations would help, more threads would not"
    return _balance(shares, low, high)


def _balance(shares: str, low: float, high: float) -> tuple[str, str]:
    if low >= _MUCH:
        why = "each for the other; more room or more at a time would help"
        return "handing over", f"handing over is the limit: {shares}, {why}"
    if high < _LITTLE:
        return "none", f"hardly anyone waits: {shares}; the operations themselves take the time"
    return "none", f"the sides are in balance: {shares}; more threads on all of them would be needed to move it"


def _share(side: Side) -> str:
    figures = side.figures
    return f"{figures.name}s wait {side.waits_for} {figures.wait_share:.0%} of the time"


def _what_would_help(side: Side, *, used: float, is_full: bool, gil: bool) -> str:
    if is_full:
        return f"{_full(used, gil=gil)}, so cheaper operations there would help and more threads would not"
    more = f"more of them ({side.option})" if side.option else "more of them"
    if gil and side.holds_gil:
        return f"{more} would help only as far as they leave the GIL"
    return f"{more} or quicker ones would help; more room would only even out bursts"


def _full(used: float, *, gil: bool) -> str:
    if gil:
        return f"{used:.0%} of a CPU is in use, and with the GIL there is about one to be had"
    return f"all CPUs are in use ({used:.0%} of one)"
