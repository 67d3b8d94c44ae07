"""The table of ``concli verify``: a row a pattern, a pure function of a report."""

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from concli.cli.table import count, process_line
from concli.metrics import Report

__all__ = ["render"]

_STYLES = {"passed": "green", "running": "bold", "waiting": "dim"}
_COLUMNS = ("pattern", "schedules", "distinct", "points", "longest", "per s", "exhaustive", "result")


def render(report: Report, *, ending: str = "") -> RenderableType:
    """Return the table of a run; ``ending`` says how it ended, if not as it should."""
    config = report.config
    words = Text.assemble(("concli verify", "bold"), f"  {report.elapsed_s:.1f} s")
    if ending:
        words.append(f"  {ending}", "bold red")
    words.append(
        f"  {config['strategy']}, seed {config['seed']}, {config['scenarios']} scenarios"
        f" of {config['threads']} threads by {config['operations']} calls"
    )
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="dim")  # fits 80 columns
    for name in _COLUMNS:
        table.add_column(name, justify="left" if name in {"pattern", "result"} else "right", no_wrap=True)
    rows = report.result.get("patterns", [])
    assert isinstance(rows, list)  # noqa: S101 - for the type checker
    for row in rows:
        table.add_row(*_cells(row))
    return Group(words, table, process_line(report))


def _cells(row: Mapping[str, Any]) -> list[RenderableType]:
    outcome = row["outcome"]
    result = f"{row['violations']} violation" if outcome == "violation" else outcome
    cells: list[RenderableType] = [Text(row["pattern"], "bold")]
    if row.get("schedules"):
        cells += [
            _exact(row["schedules"]),
            _exact(row["distinct"]),
            count(row["switch_points"]),
            f"{row['longest']:,}",
            f"{row['schedules_per_s']:,.0f}",
            "yes" if row["exhaustive"] else "no",
        ]
    else:
        cells += [""] * 6
    return [*cells, Text(result, _STYLES.get(outcome, "bold red"))]


def _exact(number: int) -> str:
    return f"{number:,}" if number < 1_000_000 else count(number)
