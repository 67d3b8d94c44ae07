"""The figures of a row, for people and as JSON."""

from tests.bench.pattern_rows.results import Results, Series
from tests.bench.targets import Target

__all__ = ["as_json", "table", "targets"]


def targets(results: Results) -> list[Target]:
    """Hold the figures against the row's aims."""
    return [aim(results) for aim in results.row.aims]


def table(results: Results) -> str:
    """Return everybody's figures in aligned columns, and below them the aims."""
    row = results.row
    header = ("", f"{row.unit}s/s", "ns each", "concli/this", "quartiles", "")
    lines = [header, *(_cells(results, series) for series in results.series)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    body = [
        "  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:5], widths[1:5]), line[5]]).rstrip()
        for line in lines
    ]
    return "\n".join([f"{row.title}: {row.workload}", *body, *map(str, targets(results))])


def _cells(results: Results, series: Series) -> tuple[str, ...]:
    name = series.contender.name
    if not series.is_measured:
        return (name, "", "", "", "", series.error)
    ratio = None if series is results.concli else results.ratio(series)
    sides = ", ".join(f"{side} {figure:,.0f}/s" for side, figure in series.sides().items())
    return (
        name,
        f"{1 / series.each_s:,.0f}",
        f"{series.each_s * 1e9:,.0f}",
        "" if ratio is None else f"{ratio.median:.2f}",
        "" if ratio is None else f"{ratio.low:.2f}-{ratio.high:.2f}",
        sides,
    )


def as_json(results: Results) -> dict[str, object]:
    """Return every figure."""
    row = results.row
    return {
        "group": row.group,
        "name": row.name,
        "workload": row.workload,
        "unit": row.unit,
        "contenders": [_series_as_json(results, series) for series in results.series],
        "targets": [
            {"aim": target.aim, "figure": target.figure, "reached": target.reached} for target in targets(results)
        ],
    }


def _series_as_json(results: Results, series: Series) -> dict[str, object]:
    ratio = None if series is results.concli else results.ratio(series)
    return {
        "name": series.contender.name,
        "counts": series.contender.counts,
        "error": series.error or None,
        "operations": series.operations,
        "each_s": [took.each_s for took in series.rounds],
        "sides_per_s": [dict(took.sides) for took in series.rounds if took.sides],
        "times_concli_is_faster": None if ratio is None else ratio._asdict(),
    }
