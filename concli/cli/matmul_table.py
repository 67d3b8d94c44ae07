"""The table of ``concli matmul``: a pure function of a report, for the live display and for the end."""

from collections.abc import Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from concli.cli.table import engine_lines, process_line
from concli.metrics import Report
from concli.terminal import visible

__all__ = ["render"]

_WORKERS_SHOWN = 8


def render(report: Report, *, ending: str = "") -> RenderableType:
    """Return the table of a run; ``ending`` says how it ended, if not as it should."""
    result: Any = report.result
    head = Text.assemble(("concli matmul", "bold"), f"  {report.elapsed_s:.2f} s")
    if ending:
        head.append(f"  {ending}", "bold red")
    if not result:
        return head
    left, right = f"{result['rows']}x{result['inner']}", f"{result['inner']}x{result['columns']}"
    head.append(f"  {left} by {right}, {result['dtype']}")
    parts: list[RenderableType] = [head, _rate(result), *_phases(report), _workers(result)]
    parts += [_line(name, text) for name, text in _lines(result)]
    parts += [process_line(report), *_engine(report)]
    if report.bottleneck:
        parts.append(_line("most time", f"{report.bottleneck.stage}: {report.bottleneck.why}"))
    for check in report.checks:
        name, style = ("check", "cyan") if check.passed else ("check failed", "bold red")
        parts.append(_line(name, f"{check.name}: {check.detail}", style))
    return Group(*parts)


def _rate(result: Any) -> Text:
    tiles = result["tiles"]
    of = "" if tiles["all"] is None else f" of {tiles['all']:,}"
    share = "" if result["peak_share"] is None else f", {result['peak_share']:.0%} of the measured peak"
    now = f" (now {result['gflops_per_s_now']:.1f})" if result["tiles"]["all"] != tiles["done"] else ""
    text = f"{tiles['done']:,}{of} tiles, {result['gflops_per_s']:.1f} GFLOP/s{now}{share}"
    return _line("rate", f"{text} ({result['peak_gflops_per_s']:.1f})" if share else text)


def _phases(report: Report) -> Iterator[RenderableType]:
    if not report.stages:
        return
    table = _grid("phase", "thr", "items", "busy", "p50", "p99")
    for stage in report.stages:
        percentiles = ("" if value is None else f"{value:.1f}ms" for value in (stage.p50_ms, stage.p99_ms))
        table.add_row(
            Text(stage.name, "bold"), str(stage.workers), f"{stage.items_out:,}", f"{stage.busy_s:.3f}s", *percentiles
        )
    yield table


def _workers(result: Any) -> Table:
    table = _grid("worker", "tiles", "share", "at the barrier")
    for worker in result["workers"][:_WORKERS_SHOWN]:
        table.add_row(worker["name"], str(worker["tiles"]), f"{worker['share']:.0%}", f"{worker['barrier_s']:.3f}s")
    if len(result["workers"]) > _WORKERS_SHOWN:
        table.caption = f"and {len(result['workers']) - _WORKERS_SHOWN} more; --json has all"
    return table


def _lines(result: Any) -> Iterator[tuple[str, str]]:
    barrier, blas, odd = result["barrier"], result["blas"], result["odd"]
    skew = f"{barrier['mean_skew_s'] * 1e3:.1f} ms on average, at most {barrier['max_skew_s'] * 1e3:.1f} ms"
    yield "barrier", f"{barrier['rounds']} rounds, skew {skew}; {barrier['waited_s']:.3f} s waited"
    yield "algorithm", f"{result['algorithm']}: {result['why']}"
    kernel = f"{blas['name'] or 'unknown'}, kernel {blas['kernel'] or 'unknown'}: {blas['why']}"
    yield "BLAS", kernel + (f"; {blas['better']} would be faster here" if blas["better"] else "")
    if result["memory"]["tiles_bytes"] is not None:
        yield "memory", f"streamed; tiles take {result['memory']['tiles_bytes'] / (1 << 20):.1f} MiB"
    if result["integers"]:
        yield "integers", result["integers"]
    if odd["nan"] or odd["infinite"]:
        yield "kept", f"{odd['nan']:,} NaN and {odd['infinite']:,} infinite elements of the product"
    normalize = result["normalize"]
    if normalize["rows_left"]:
        yield "normalize", f"{normalize['rows_left']:,} rows have no sum to divide by, and are left as they are"
    if normalize["by"] == "max":
        largest = normalize["largest"]
        yield "normalize", f"by {largest:.6g}" if largest else "nothing: there is no element other than 0"


def _engine(report: Report) -> Iterator[Text]:
    """Yield what the workers have done, and which phases are theirs, if they are not the threads here."""
    lines, result = list(engine_lines(report)), dict[str, Any](report.result)
    if lines:
        yield from lines
        here = ", ".join(stage.name for stage in report.stages if stage.name not in result["units"])
        yield _line("here", f"{here}: done by threads of this process")


def _grid(*names: str) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim", caption_justify="left")  # fits 80 columns
    for number, name in enumerate(names):
        table.add_column(name, justify="right" if number else "left", no_wrap=True)
    return table


def _line(name: str, text: str, style: str = "cyan") -> Text:
    return Text.assemble((f"{name}  ", style), visible(text))
