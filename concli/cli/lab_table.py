"""The table of a lab: a pure function of a report, for the live display and for the end."""

from collections.abc import Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from concli.metrics import Report

__all__ = ["render", "sparkline"]

_BARS = "▁▂▃▄▅▆▇█"
_WIDTH = 40
_THREADS_SHOWN = 8


def render(report: Report, *, expected: int | None = None, ending: str = "") -> RenderableType:
    """Return the table of a lab's run; ``ending`` says how it ended, if not as it should."""
    del expected
    result: Any = report.result
    line = Text.assemble(("concli " + report.command, "bold"), f"  {report.elapsed_s:.2f} s")
    if ending:
        line.append(f"  {ending}", "bold red")
    if "roles" not in result:
        return line
    line.append(f"  {result['items']:,} items, {_count(result['items_per_s'])}/s")
    parts: list[RenderableType] = [line, _roles(result["roles"])]
    samples, queue = result["depth"]["samples"], result["depth"]["queue"]
    if samples:
        top = queue.capacity if queue is not None and queue.capacity else max(samples)
        of = f"  peak {queue.peak:,}, mean {queue.mean:.1f}" if queue is not None else ""
        parts.append(_line("depth", f"{sparkline(samples, top)}{of} of {top:,.0f}"))
    parts += [_threads(report)] if report.threads else []
    if report.totals:
        parts.append(_line("account", ", ".join(f"{count:,} {name}" for name, count in report.totals.items())))
    if result["comparison"] is not None:
        parts.append(_comparison(result["comparison"]))
    if result["abandoned"]:
        parts.append(_line("left behind", f"{', '.join(result['abandoned'])}: stuck at the end", "bold red"))
    parts.append(_line("measuring", f"{result['measuring_ns']:.0f} ns an operation, which is in the figures"))
    parts.append(_line("verdict", result["verdict"]))
    passed = sum(check.passed for check in report.checks)
    parts.append(_line("checks", f"{passed} of {len(report.checks)} passed"))
    parts += [_line("check failed", f"{c.name}: {c.detail}", "bold red") for c in report.checks if not c.passed]
    return Group(*parts)


def sparkline(samples: Sequence[float], top: float) -> str:
    """Return the samples as bars between 0 and ``top``, the largest of those that share a place."""
    width = min(_WIDTH, len(samples))
    places = [samples[len(samples) * n // width : len(samples) * (n + 1) // width] for n in range(width)]
    last = len(_BARS) - 1
    return "".join(_BARS[min(last, round(last * max(place) / top)) if top else 0] for place in places)


def _roles(roles: Any) -> Table:
    table = _grid(
        "role", "thr", "items", "per s", "p50", "p90", "p99", "p99.9", "max", "wait", "busy", "fair", "failed"
    )
    for role in roles:
        table.add_row(
            Text(role.name, "bold"),
            str(role.threads),
            _count(role.items),
            _count(role.items_per_s),
            *(_ms(value) for value in (role.p50_ms, role.p90_ms, role.p99_ms, role.p999_ms, role.max_ms)),
            f"{role.wait_share:.0%}",
            f"{role.utilisation:.0%}",
            f"{role.fairness:.2f}",
            Text(_count(role.failed), "red" if role.failed else ""),
        )
    slow = [role for role in roles if role.slowest is not None and role.slowest.share < 0.9]
    for role in slow:
        table.caption = f"slowest: {role.slowest.name} at {role.slowest.share:.0%} of the mean"
    return table


def _threads(report: Report) -> Table:
    table = _grid("thread", "CPU", "run wait", "gave up", "lost CPU", "operations")
    for thread in report.threads[:_THREADS_SHOWN]:
        wait = "" if thread.run_wait_s is None else f"{thread.run_wait_s:.2f}s"
        table.add_row(
            thread.name,
            f"{thread.cpu_s:.2f}s",
            wait,
            _known(thread.voluntary_switches),
            _known(thread.involuntary_switches),
            _count(thread.operations),
        )
    if len(report.threads) > _THREADS_SHOWN:
        table.caption = f"and {len(report.threads) - _THREADS_SHOWN} more; --json has all"
    return table


def _comparison(comparison: Any) -> Table:
    table = _grid("compared", "per s", "ours to it", "quartiles", "")
    for row in comparison.rows:
        quartiles = "" if row.low is None else f"{row.low:.2f}-{row.high:.2f}"
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}x"
        rate = "" if row.per_s is None else _count(row.per_s)
        table.add_row(
            row.name, rate, ratio, quartiles, Text(row.problem or row.remark, "red" if row.problem else "dim")
        )
    return table


def _grid(*names: str) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim", caption_justify="left")
    for number, name in enumerate(names):
        table.add_column(name, justify="right" if number and name else "left", no_wrap=bool(name))
    return table


def _line(name: str, text: str, style: str = "cyan") -> Text:
    return Text.assemble((f"{name}  ", style), text)


def _known(number: int | None) -> str:
    return "" if number is None else _count(number)


def _ms(value: float | None) -> str:
    if value is None:
        return ""
    if value < 1:
        return f"{value * 1e3:.{1 if value < 0.1 else 0}f}us"
    return f"{value:.1f}ms" if value < 1000 else f"{value / 1e3:.1f}s"


def _count(number: float) -> str:
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if number >= limit:
            number /= 1e3 if unit == "k" else limit
            return f"{number:.{0 if number >= 100 else 1}f}{unit}"
    return f"{number:.0f}"
