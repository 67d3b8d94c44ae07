"""The table of ``concli smoke``: a row a command, a pure function of a report."""

from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from concli.cli.table import count
from concli.metrics import Report
from concli.terminal import visible

__all__ = ["render"]

_STYLES = {"ok": "green", "failed": "bold red", "skipped": "yellow", "running": "bold", "waiting": "dim"}
_COLUMNS = ("command", "result", "time", "checks", "items", "per s")


def render(report: Report, *, ending: str = "") -> RenderableType:
    """Return the table of a run; ``ending`` says how it ended, if not as it should."""
    line = Text.assemble(("concli smoke", "bold"), f"  {report.elapsed_s:.1f} s")
    if ending:
        line.append(f"  {ending}", "bold red")
    rows: Any = report.result.get("commands", [])
    if not rows:
        return line
    totals = report.totals
    outcomes = ", ".join(f"{totals[name]} {name}" for name in ("ok", "failed", "skipped"))
    line.append(f"  {totals['commands']} commands: {outcomes}")
    with_failures = any(row["failure"] for row in rows)
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="dim")  # fits 80 columns
    for name in _COLUMNS:
        table.add_column(name, justify="left" if name in {"command", "result"} else "right", no_wrap=True)
    if with_failures:
        table.add_column("first failure", overflow="fold")
    for row in rows:
        table.add_row(*_cells(row), *([Text(visible(row["failure"] or ""), "red")] if with_failures else []))
    checks = Text.assemble(("checks  ", "cyan"), f"{totals['checks_passed']:,} of {totals['checks']:,} passed")
    return Group(line, table, checks, _gil(report))


def _cells(row: Any) -> list[RenderableType]:
    over = row["outcome"] in {"ok", "failed", "skipped"}
    passed = sum(check.passed for check in row["checks"])
    return [
        Text(row["command"], "bold"),
        Text(row["outcome"], _STYLES[row["outcome"]]),
        f"{row['seconds']:.2f}s" if over and row["seconds"] else "",
        f"{passed}/{len(row['checks'])}" if over else "",
        "" if row["items"] is None else count(row["items"]),
        "" if row["items_per_s"] is None else count(row["items_per_s"]),
    ]


def _gil(report: Report) -> Text:
    """Say whether there is a GIL, and who turned it on where there need be none."""
    python, result = report.host.python, report.result
    if not result["free_threaded"]:
        return Text.assemble(("GIL  ", "cyan"), f"on; this build of Python {python} can't do without")
    if not result["gil"]:
        return Text.assemble(("GIL  ", "cyan"), f"off; Python {python}, free-threaded; no import turned it on")
    culprits: Any = result["gil_enabled_by"]
    by = [f"{culprit} ({command})" for command, culprit in culprits.items()]
    because = ", ".join(by) or "unknown, concli info may tell"
    text = f"ON, though this build of Python {python} can do without; because of: {visible(because)}"
    return Text.assemble(("GIL  ", "cyan"), (text, "bold red"))
