"""The table: a pure function of a report, for the live display and for the end."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from concli.metrics import Report, StageUsage

__all__ = ["count", "engine_lines", "process_line", "render"]

_SHOWN = 8  # workers
_BAR = 8  # characters of a queue's bar
_NOT_LINES = {"read", "bytes_in", "bytes_out"}
_ALWAYS_SHOWN = {"written", "filtered", "rejected", "blank"}


def render(report: Report, *, expected: int | None = None, ending: str = "") -> RenderableType:
    """Return the table of a run.

    ``expected`` is the number of bytes of input, where it is known, of a run still going on; ``ending``
    says how a run ended, if not as it should.
    """
    parts: list[RenderableType] = [_headline(report, expected, ending), _stages(report), _account(report)]
    threads = "  ".join(f"{t.name} {_share(t.cpu_s, report.elapsed_s)}" for t in report.threads)
    if threads:
        parts.append(_line("CPU of threads", threads))
    levels = report.result.get("levels")
    if isinstance(levels, Mapping) and levels:
        parts.append(_line("levels", "  ".join(f"{name} {count:,}" for name, count in list(levels.items())[:12])))
    formats = report.result.get("formats")
    if isinstance(formats, list) and formats:
        parts.append(_line("formats", "  ".join(map(_format, formats[:12]))))
    parts += [process_line(report), *engine_lines(report)]
    if report.bottleneck:
        parts.append(_line("bottleneck", f"{report.bottleneck.stage}: {report.bottleneck.why}"))
    parts += [_line("check failed", f"{c.name}: {c.detail}", "bold red") for c in report.checks if not c.passed]
    return Group(*parts)


def process_line(report: Report) -> Text:
    """Return what the process has used, and where it ran."""
    memory, cpu = report.process.peak_rss_bytes, report.process.cpu_s
    used = f"{_bytes(memory)} peak memory, {cpu:.2f} s CPU on {report.host.cpus} CPUs, Python {report.host.python}"
    return _line("process", used + ("" if report.host.gil else " without the GIL"))


def engine_lines(report: Report) -> Iterator[Text]:
    """Yield what the workers have done, wherever they are, if the work was not done by threads."""
    engine: Any = report.engine or {}
    workers = engine.get("workers", ())
    if not workers:
        return
    parts = [f"{one.name} {count(one.units)} units {_share(one.busy_s, report.elapsed_s)}" for one in workers[:_SHOWN]]
    if len(workers) > _SHOWN:
        parts.append(f"and {len(workers) - _SHOWN:,} more")
    yield _line(engine["engine"], "  ".join(parts))
    used = [one.peak_rss_bytes for one in workers if one.peak_rss_bytes]
    memory = f", {_bytes(max(used))} peak memory of the largest" if used else ""
    limit = engine["memory_limit"]
    memory += f" ({_bytes(limit)} allowed)" if limit else ""
    cpu_s = sum(one.cpu_s for one in workers)
    sent, received = _bytes(engine["bytes_sent"]), _bytes(engine["bytes_received"])
    yield _line("workers", f"{cpu_s:.2f} s CPU{memory}, {sent} sent to them, {received} received")
    if engine["lost"] or engine["retries"]:
        lost = "; ".join(engine["lost"][:_SHOWN])
        yield _line("lost", f"{len(engine['lost'])} workers, {engine['retries']} units begun again: {lost}", "bold red")


def count(number: float) -> str:
    """Return a number in four characters or so."""
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if number >= limit:
            number /= 1e3 if unit == "k" else limit
            return f"{number:.{0 if number >= 100 else 1}f}{unit}"
    return f"{number:.0f}"


def _headline(report: Report, expected: int | None, ending: str) -> RenderableType:
    words = Text.assemble(("concli " + report.command, "bold"), f"  {report.elapsed_s:.2f} s")
    if ending:
        words.append(f"  {ending}", "bold red")
    done = report.totals.get("bytes_in", 0)
    if expected is None or not expected or not done:
        return words
    left = report.elapsed_s * (expected - done) / done
    words.append(f"  {done / expected:.0%}, {left:.0f} s to go")
    line = Table.grid(padding=(0, 2))
    line.add_row(words, ProgressBar(total=expected, completed=done, width=24))
    return line


def _stages(report: Report) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim")  # fits 80 columns
    for name in ("stage", "thr", "in", "out", "per s", "queue", "busy", "starved", "blocked", "p99", "errors"):
        table.add_column(name, justify="left" if name in {"stage", "queue"} else "right", no_wrap=True)
    for stage in report.stages:
        table.add_row(*_cells(stage, report.elapsed_s))
    return table


def _cells(stage: StageUsage, elapsed_s: float) -> list[RenderableType]:
    time = stage.workers * elapsed_s
    queue = stage.queue
    items, size = max(stage.items_in, stage.items_out), max(stage.bytes_in, stage.bytes_out)
    return [
        Text(stage.name, "bold"),
        str(stage.workers),
        f"{count(stage.items_in)}\n{_bytes(stage.bytes_in)}",
        f"{count(stage.items_out)}\n{_bytes(stage.bytes_out)}",
        f"{count(items / elapsed_s)}\n{_bytes(size / elapsed_s)}" if elapsed_s else "",
        "" if queue is None else f"{_bar(queue.size, queue.capacity)}\nmean {queue.mean / queue.capacity:.0%}",
        _share(stage.busy_s, time),
        _share(stage.starved_s, time),
        _share(stage.blocked_s, time),
        "" if stage.p99_ms is None else f"{stage.p99_ms:.1f}ms",
        Text(count(stage.errors), "red" if stage.errors else ""),
    ]


def _account(report: Report) -> Text:
    """Show that the counts add up."""
    totals = report.totals
    if "read" not in totals:
        return Text()
    shown = [name for name in totals if name not in _NOT_LINES and (totals[name] or name in _ALWAYS_SHOWN)]
    parts = " + ".join(f"{totals[name]:,} {name}" for name in shown)
    return _line("lines", f"{totals['read']:,} read = {parts}")


def _format(found: Mapping[str, object]) -> str:
    """Return a format, how many inputs are of it, and how many of the first lines of the least certain fit it."""
    return f"{found['format']} {found['inputs']:,} ({found['share']:.0%} sure)"


def _line(name: str, text: str, style: str = "cyan") -> Text:
    return Text.assemble((f"{name}  ", style), text)


def _share(part: float, whole: float) -> str:
    return f"{part / whole:.0%}" if whole else ""


def _bar(size: int, capacity: int) -> str:
    filled = round(_BAR * min(1.0, size / capacity)) if capacity else 0
    return "█" * filled + "░" * (_BAR - filled)


def _bytes(number: float) -> str:
    for limit, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if number >= limit:
            return f"{number / limit:.{0 if number >= 100 * limit else 1}f}{unit}"
    return f"{number:.0f}B"
