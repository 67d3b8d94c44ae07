"""What concli is meant to reach with each format, and whether it did; with 2 threads."""

from collections.abc import Iterator

from tests.bench.format_rows.contenders import MODULE, PLAIN, POLARS, TWO_THREADS
from tests.bench.format_rows.results import Figures, Results
from tests.bench.format_rows.shapes import SHAPES
from tests.bench.targets import Target

__all__ = ["aims"]

_TIMES_BASE = 1.5
_TIMES_POLARS = {"vector": 2.0, "regex": 0.5, "JSON": 0.5}
_TIMES_DECOMPRESSOR = 1.1  # at its speed, but for a tenth
_MAX_PEAK_MIB = 200


def aims(results: Results) -> list[Target]:
    """Hold the figures against the aims."""
    found: list[Target] = []
    for figures in results.of("formats"):
        found += _of_format(results, figures)
    found += [_decompressed(results, figures) for figures in results.of("compressed")]
    found.append(_peak(results))
    return found


def _of_format(results: Results, figures: Figures) -> Iterator[Target]:
    name = figures.row.name
    kind = SHAPES[name].kind
    if kind == "vector" and name != "base":
        aim = f"{name}: at most {_TIMES_BASE:g} times as long as the base format, byte for byte"
        times = results.times_base(figures)
        if times is None:
            yield _not_measured(aim, figures, TWO_THREADS)
        else:
            net = results.times_base(figures, start=results.start_s())
            more = "" if net is None else f" ({net:.2f} without the start)"
            yield Target(aim, f"{times:.2f} times{more}", times <= _TIMES_BASE)
    wanted = _TIMES_POLARS[kind]
    aim = f"{name}: at least {wanted:g} times as fast as polars"
    times = figures.times(POLARS)
    if times is None:
        yield _not_measured(aim, figures, POLARS)
    else:
        net = results.net_times(figures, POLARS)
        more = "" if net is None else f" ({net:.2f} without the starts)"
        yield Target(aim, f"{times:.2f} times as fast{more}", times >= wanted)


def _decompressed(results: Results, figures: Figures) -> Target:
    alone = next(name for name in figures.series if name.endswith(" alone"))
    aim = f"{figures.row.name}: at most {_TIMES_DECOMPRESSOR:g} times as long as {alone}"
    times = figures.times(TWO_THREADS, to=alone)
    if times is None:
        return _not_measured(aim, figures, alone)
    net = figures.times(TWO_THREADS, to=alone, start=results.start_s())
    others = [(net if net and net > 0 else None, "without the start")]
    others += [(figures.times(TWO_THREADS, to=other), f"to {other}") for other in (MODULE, PLAIN)]
    more = ", ".join(f"{figure:.2f} {what}" for figure, what in others if figure is not None)
    return Target(aim, f"{times:.2f} times as long ({more})", times <= _TIMES_DECOMPRESSOR)


def _not_measured(aim: str, figures: Figures, name: str) -> Target:
    """Say why there is no figure; what was done wrong is not reached."""
    problems = [problem for each in (TWO_THREADS, name) if (problem := figures.series[each].problem)]
    wrong = any(problem != "not installed" for problem in problems)
    return Target(aim, "; ".join(dict.fromkeys(problems)) or "no figures", False if wrong else None)


def _peak(results: Results) -> Target:
    aim = f"peak memory under {_MAX_PEAK_MIB} MiB throughout"
    peaks = [(peak, name, series.name) for name, series in results.own() if (peak := series.peak_mib) is not None]
    if not peaks:
        return Target(aim, "no figures", None)
    most, name, who = max(peaks)
    over = sum(peak >= _MAX_PEAK_MIB for peak, _, _ in peaks)
    return Target(aim, f"{most:.0f} MiB at most ({name}, {who}), {over} of {len(peaks)} over", most < _MAX_PEAK_MIB)
