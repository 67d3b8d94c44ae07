"""The figures for people, and as JSON."""

import dataclasses
from collections.abc import Sequence

from tests.bench.format_rows.contenders import DUCKDB, ONE_THREAD, POLARS, TWO_THREADS
from tests.bench.format_rows.results import Figures, Results, Series
from tests.bench.format_rows.shapes import SHAPES

__all__ = ["as_json", "formats_table", "row_table"]

_COLUMNS = (ONE_THREAD, TWO_THREADS, POLARS, DUCKDB)


def formats_table(results: Results) -> str:
    """Return a line a format."""
    rates = ("1 thread", "2 threads", POLARS, DUCKDB)
    header = (
        "MB/s",
        "",
        *rates,
        "times base",
        "polars/2 thr.",
        "DuckDB/2 thr.",
        "peak MiB",
        "MiB polars",
        "MiB DuckDB",
    )
    lines: list[Sequence[str]] = [(*header, "entries")]
    notes = []
    for figures in results.of("formats"):
        name, series = figures.row.name, figures.series
        shown = [_rate(figures, column) for column in _COLUMNS]
        times = (results.times_base(figures), figures.times(POLARS), figures.times(DUCKDB))
        own = [_peak(series[column]) for column in _COLUMNS[:2]]
        peaks = ("/".join(own), *(_peak(series[column]) for column in _COLUMNS[2:]))
        counted = series[TWO_THREADS].counted
        lines.append((name, SHAPES[name].kind, *shown, *map(_two, times), *peaks, f"{counted or 0:,}"))
        notes += [f"{name}: {each.name}: {note}" for each in series.values() if (note := each.problem or each.note)]
    return "\n".join([_aligned(lines), *notes])


def row_table(figures: Figures) -> str:
    """Return a line a contender."""
    lines: list[Sequence[str]] = [(figures.row.name, "median s", "MB/s", "times concli", "peak MiB", "counted")]
    notes = []
    for name, series in figures.series.items():
        median = series.median_s
        seconds = "" if median is None else f"{median:.3f}"
        counted = "" if series.counted is None else f"{series.counted:,}"
        shown = series.problem if series.problem == "not installed" else _rate(figures, name)
        lines.append((name, seconds, shown, _two(figures.times(name)), _peak(series), counted))
        if series.problem not in {"", "not installed"}:
            notes.append(f"{name}: {series.problem}")
    return "\n".join([_aligned(lines), *notes])


def as_json(results: Results) -> list[dict[str, object]]:
    """Return every figure."""
    return [
        {
            "section": figures.row.section,
            "name": figures.row.name,
            "kind": SHAPES[figures.row.name].kind if figures.row.section == "formats" else None,
            "bytes": figures.row.size,
            "times_base": results.times_base(figures) if figures.row.section == "formats" else None,
            "contenders": [
                {
                    "name": series.name,
                    "counted": series.counted,
                    "problem": series.problem or None,
                    "note": series.note or None,
                    "mb_per_s": figures.rate(series.name),
                    "times_concli": figures.times(series.name),
                    "runs": [dataclasses.asdict(sample) for sample in series.samples],
                }
                for series in figures.series.values()
            ],
        }
        for figures in results.figures
    ]


def _rate(figures: Figures, name: str) -> str:
    problem = figures.series[name].problem
    if problem:
        return "missing" if problem == "not installed" else "FAILED" if problem.startswith("FAILED") else "WRONG"
    rate = figures.rate(name)
    return "" if rate is None else f"{rate:.1f}"


def _two(figure: float | None) -> str:
    return "-" if figure is None else f"{figure:.2f}"


def _peak(series: Series) -> str:
    return "-" if series.peak_mib is None else f"{series.peak_mib:.0f}"


def _aligned(lines: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]).rstrip() for line in lines
    )
