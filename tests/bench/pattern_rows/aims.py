"""What concli is meant to reach, as targets of a row."""

import statistics
import sys

from tests.bench.pattern_rows.results import Results
from tests.bench.pattern_rows.row import Aim
from tests.bench.targets import Target

__all__ = ["at_least", "has_gil", "scales", "under_ns"]


def has_gil() -> bool:
    """Tell whether the GIL is in force; an import may have brought it back."""
    return bool(getattr(sys, "_is_gil_enabled", lambda: True)())


def at_least(times: float) -> Aim:
    """Aim at being so many times as fast as each peer, by the medians of the ratios."""
    aim = "not slower than any peer" if times == 1 else f"at least {times:g} times as fast as each peer"

    def judge(results: Results) -> Target:
        return _against_peers(aim, times, results)

    return judge


def scales(times: float) -> Aim:
    """Aim at so many times the throughput of one thread with two, on a build without the GIL."""
    aim = f"two threads do at least {times:g} times the work of one, without the GIL"

    def judge(results: Results) -> Target:
        target = _against_peers(aim, times, results)
        return Target(aim, f"{target.figure}, with the GIL", None) if has_gil() else target

    return judge


def under_ns(nanoseconds: float) -> Aim:
    """Aim at less than so many nanoseconds an event with the GIL, without what the last contender, a loop, takes."""
    aim = f"under {nanoseconds:g} ns an event with the GIL, the loop subtracted"

    def judge(results: Results) -> Target:
        loop = results.series[-1]
        if not (results.concli.is_measured and loop.is_measured):
            return Target(aim, "no figures", None)
        pairs = zip(results.concli.rounds, loop.rounds, strict=True)
        net = statistics.median((ours.each_s - empty.each_s) * 1e9 for ours, empty in pairs)
        if has_gil():
            return Target(aim, f"{net:.0f} ns", net < nanoseconds)
        return Target(aim, f"{net:.0f} ns, without the GIL", None)

    return judge


def _against_peers(aim: str, times: float, results: Results) -> Target:
    """Judge by the peer that comes nearest. If one has no figures, the aim may be missed but not reached."""
    without = [f"{peer.contender.name} {peer.error}" for peer in results.peers() if not peer.is_measured]
    found = [(ratio, peer) for peer in results.peers() if (ratio := results.ratio(peer)) is not None]
    if not found:
        return Target(aim, "; ".join([results.concli.error, *without]).strip("; "), None)
    ratio, peer = min(found, key=lambda pair: pair[0].median)
    figure = f"{ratio.median:.2f} ({ratio.low:.2f}-{ratio.high:.2f}) to {peer.contender.name}"
    if ratio.median < times:
        return Target(aim, figure, reached=False)
    return Target(aim, "; ".join([figure, *without]), None if without else True)
