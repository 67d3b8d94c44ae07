"""The table of ``concli pipeline tasks``: a row a stage, the account of the tasks, the time left and the verdict."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from concli.cli.table import count, engine_lines, process_line
from concli.metrics import Report, StageUsage

__all__ = ["render", "render_bar"]

_BAR = 8  # characters of a queue's bar
_LONGEST_NAME = 16
_HOUR, _MINUTE = 3600, 60
_ENDS = ("done", "failed", "cancelled", "resumed")


def render(report: Report, *, expected: int | None = None, ending: str = "") -> RenderableType:
    """Return the table of a run; see ``concli.cli.table.render``. ``expected`` is None when it is over."""
    return Group(_headline(report, expected, ending), _stages(report), *_lines(report, is_over=expected is None))


def render_bar(report: Report, *, expected: int | None = None, ending: str = "") -> RenderableType:
    """Return how far a run has come, in a line; the table when it is over."""
    return render(report, ending=ending) if expected is None else _headline(report, expected, ending)


def _headline(report: Report, expected: int | None, ending: str) -> RenderableType:
    words = Text.assemble(("concli " + report.command, "bold"), f"  {report.elapsed_s:.2f} s")
    if ending:
        words.append(f"  {ending}", "bold red")
    if expected is None:
        return words
    totals, of = report.totals, _of(report, "expected")
    ended = sum(totals.get(name, 0) for name in _ENDS)
    if not of or not ended:
        return words.append(f"  {ended:,} tasks")
    now = ended - totals["resumed"]  # what was done before says nothing about how long the rest takes
    left = f", {_time(report.elapsed_s * max(0, of - ended) / now)} to go" if now else ""
    words.append(f"  {count(ended)} of {count(of)} tasks, {min(1.0, ended / of):.0%}{left}")
    line = Table.grid(padding=(0, 2))
    line.add_row(words, ProgressBar(total=of, completed=min(of, ended), width=14))
    return line


def _stages(report: Report) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim")  # fits 80 columns
    for name in ("stage", "workers", "queue", "tasks", "per s", "busy", "p50", "p99", "retries", "errors"):
        table.add_column(name, justify="left" if name in {"stage", "queue"} else "right", no_wrap=True)
    more = {each["name"]: each for each in _of(report, "stages") or ()}
    for stage in report.stages:
        table.add_row(*_cells(stage, report.elapsed_s, more.get(stage.name, {})))
    return table


def _cells(stage: StageUsage, elapsed_s: float, more: Mapping[str, Any]) -> list[RenderableType]:
    time, retries = stage.workers * elapsed_s, more.get("retries", 0)
    name = stage.name if len(stage.name) <= _LONGEST_NAME else stage.name[: _LONGEST_NAME - 1] + "…"
    ended = stage.items_out + stage.errors
    return [
        Text(name, "bold"),
        str(stage.workers),
        "" if stage.queue is None else _bar(stage.queue.size, stage.queue.capacity),
        count(ended),
        count(ended / elapsed_s) if elapsed_s else "",
        f"{min(1.0, stage.busy_s / time):.0%}" if time else "",
        _duration(stage.p50_ms),
        _duration(stage.p99_ms),
        Text(count(retries), "yellow" if retries else ""),
        Text(count(stage.errors), "red" if stage.errors else ""),
    ]


def _lines(report: Report, *, is_over: bool) -> Iterator[RenderableType]:
    totals = report.totals
    if "read" in totals:
        parts = [f"{totals[name]:,} {name}" for name in _ENDS if totals[name] or name == "done"]
        if at_work := totals["read"] - sum(totals[name] for name in _ENDS):
            parts.append(f"{at_work:,} at work")
        yield _line("tasks", f"{totals['read']:,} read = {' + '.join(parts)}")
    for stage in _of(report, "stages") or ():
        if stage["abandoned"]:
            yield _line(
                "left behind", f"{stage['abandoned']:,} calls of {stage['name']} that took longer than its time"
            )
    yield process_line(report)
    yield from engine_lines(report)
    if report.bottleneck:
        yield _line("bottleneck", f"{report.bottleneck.stage}: {report.bottleneck.why}")
    for check in report.checks:
        if is_over and not check.passed:
            yield _line("check failed", f"{check.name}: {check.detail}", "bold red")


def _of(report: Report, name: str) -> Any:
    """Return an entry of the result; before the job has begun there is none."""
    return report.result.get(name)


def _duration(ms: float | None) -> str:
    if ms is None:
        return ""
    for limit, unit in ((1e3, "s"), (1.0, "ms")):
        if ms >= limit:
            return f"{ms / limit:.{0 if ms >= 100 * limit else 1}f}{unit}"
    return f"{ms * 1e3:.{0 if ms >= 0.1 else 1}f}us"


def _time(seconds: float) -> str:
    if seconds < _HOUR:
        return f"{seconds:.0f} s" if seconds < 2 * _MINUTE else f"{seconds / _MINUTE:.0f} min"
    return f"{seconds / _HOUR:.1f} h"


def _bar(size: int, capacity: int) -> str:
    filled = round(_BAR * min(1.0, size / capacity)) if capacity else 0
    return "█" * filled + "░" * (_BAR - filled)


def _line(name: str, text: str, style: str = "cyan") -> Text:
    return Text.assemble((f"{name}  ", style), text)
