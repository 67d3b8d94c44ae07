"""The table of ``concli pipeline fft``: that of the stages, the account of the chunks, and a coarse picture."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from concli.cli.table import render as stages
from concli.metrics import Report

__all__ = ["render"]

_SHADES = " .:-=+*#%@"
_MEGA = 1e6


def render(report: Report, *, expected: int | None = None, ending: str = "") -> RenderableType:
    """Return the table of a run; see ``concli.cli.table.render``."""
    return Group(stages(report, expected=expected, ending=ending), *_parts(report))


def _parts(report: Report) -> Iterator[RenderableType]:
    totals, result = report.totals, report.result
    if "chunks" not in totals:
        return
    parts = [f"{totals[name]:,} {name}" for name in ("done", "failed", "resumed", "left") if totals[name]]
    yield _line("chunks", f"{totals['chunks']:,} = {' + '.join(parts) or '0'}{_unusual(result)}")
    seconds = report.elapsed_s or 1.0
    work = next((stage for stage in report.stages if stage.name == "transform"), None)
    each = "" if work is None or work.p50_ms is None else f"; a chunk takes {work.p50_ms:.1f} ms, p99 {work.p99_ms:.1f}"
    in_s, out_s = (totals[name] / seconds / _MEGA for name in ("bytes_in", "bytes_out"))
    yield _line("rate", f"{totals['done'] / seconds:,.0f} chunks/s, {in_s:,.0f} MB/s in, {out_s:,.0f} MB/s out{each}")
    if result.get("checksum") and not totals["left"]:
        yield _line("checksum", str(result["checksum"]))
    preview = result.get("preview")
    if isinstance(preview, Mapping):
        yield _line("result", f"of chunk {preview['chunk']}, {_what(result)}")
        yield from _picture(preview["rows"])


def _picture(rows: Sequence[Sequence[int]]) -> Iterator[Text]:
    last = len(_SHADES) - 1
    for row in rows:
        yield Text("  " + "".join(_SHADES[value * last // 255] for value in row).rstrip(), "green")


def _what(result: Mapping[str, Any]) -> str:
    rows, columns = result["result_shape"]
    return f"{rows}x{columns} {result['result_dtype']}"


def _unusual(result: Mapping[str, Any]) -> str:
    number = result.get("not_finite", 0)
    return f"; {number:,} with values that are not finite" if number else ""


def _line(name: str, text: str) -> Text:
    return Text.assemble((f"{name}  ", "cyan"), text)
