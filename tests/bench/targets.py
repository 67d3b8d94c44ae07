"""What concli is meant to reach, and whether it did."""

from dataclasses import dataclass

from tests.bench.commands import ONE_THREAD, TWO_THREADS
from tests.bench.results import Results

__all__ = ["Target", "targets"]

_MAX_PEAK_MIB = 150


@dataclass(frozen=True, slots=True)
class Target:
    """An aim; ``reached`` is None where it could not be measured."""

    aim: str
    figure: str
    reached: bool | None

    def __str__(self) -> str:
        verdict = {True: "reached", False: "NOT REACHED", None: "not measured"}[self.reached]
        return f"{verdict:12}  {self.aim}: {self.figure}"


def targets(results: Results) -> list[Target]:
    """Hold the figures against the aims. All concern concli with 2 threads, unless they say something else."""
    return [
        _times("text: not slower than ripgrep", results.ratio("text", "ripgrep"), 1),
        _cat(results.ratio("text", TWO_THREADS, to="cat")),
        _times("text: at least 40 times as fast as a line at a time", results.ratio("text", "line at a time"), 40),
        _times("jsonl: at least 2 times as fast as polars", results.ratio("jsonl", "polars"), 2),
        _times("jsonl: at least 4 times as fast as DuckDB", results.ratio("jsonl", "DuckDB"), 4),
        _times("counting: at least as fast as DuckDB", results.ratio("counting", "DuckDB"), 1),
        _peak(results),
        *(
            _times(f"{group}: a second thread helps, by 5% or more", results.ratio(group, ONE_THREAD), 1.05)
            for group in ("text", "jsonl")
        ),
    ]


def _times(aim: str, figure: float | None, wanted: float) -> Target:
    """Make a target of being so many times as fast."""
    if figure is None:
        return Target(aim, "the peer is missing", None)
    return Target(aim, f"{figure:.2f} times as fast", figure >= wanted)


def _cat(figure: float | None) -> Target:
    aim = "text: at most twice as long as cat"
    if figure is None:
        return Target(aim, "cat is missing", None)
    return Target(aim, f"{figure:.2f} times as long", figure <= 2)


def _peak(results: Results) -> Target:
    peaks = [row.peak_mib for (_, name), row in results.rows.items() if name in (ONE_THREAD, TWO_THREADS)]
    return Target(f"peak memory under {_MAX_PEAK_MIB} MiB", f"{max(peaks):.0f} MiB at most", max(peaks) < _MAX_PEAK_MIB)
