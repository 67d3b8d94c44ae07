"""The overview of ``concli logs stats``: a pure function of its result."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from concli.terminal import visible

__all__ = ["chart", "render"]

_BLOCKS = " ▁▂▃▄▅▆▇█"
_EIGHTHS = 8
_HEIGHT = 4  # lines of the histogram
_LABEL = 9
_BURSTS = 5
_SHORT_GAP = 2  # seconds; a shorter one is none
_WIDE = 110  # characters, where there is room for dates
_LEAST = 20  # characters of a column that is cut
_LEFT = {"level", "reason", "first at", "what is"}
_UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
_ERRORS = {"ERROR", "ERR", "SEVERE", "FATAL", "CRITICAL", "CRIT", "ALERT", "EMERG", "PANIC"}
_KINDS = {"new": "new", "gone": "gone", "more": "more frequent", "less": "less frequent"}


def render(result: Mapping[str, Any], width: int = 100) -> RenderableType:
    """Return the overview of a run's result, for a terminal of ``width`` characters."""
    return Group(*_parts(result, width))


def _parts(result: Mapping[str, Any], width: int) -> Iterator[RenderableType]:
    time = result["time"]
    yield _line("entries", f"{result['entries']:,}{_when(time)}", "bold cyan")
    levels = [(name or "(none)", times) for name, times in result["levels"].items()]
    yield _line("levels", "  ".join(f"{_safe(name)} {times:,}" for name, times in levels[:12]) or "none")
    yield from _histogram(time["histogram"], width)
    gaps = [gap for gap in time["gaps"] if gap["seconds"] >= max(time["histogram"]["width_s"], _SHORT_GAP)]
    if gaps:
        yield _line("gaps", "; ".join(f"{_span(gap['seconds'])} from {gap['from']}" for gap in gaps[:3]))
    if result["templates"]["top"]:
        yield Text()
        yield _templates(result["templates"], width)
    for name, values in result["fields"].items():
        yield Text()
        yield _values(name, values, width)
    if result["rejects"]:
        yield Text()
        yield _rejects(result["rejects"], width)
    if "comparison" in result:
        yield from _comparison(result["comparison"], width)


def _when(time: Mapping[str, Any]) -> str:
    if time["first"] is None:
        return ", none with a timestamp"
    without = f"; {time['untimed']:,} without a timestamp" if time["untimed"] else ""
    return f" from {time['first']} to {time['last']} ({_span(time['span_s'])}, {time['zone']}{without})"


def _histogram(histogram: Mapping[str, Any], width: int) -> Iterator[RenderableType]:
    bars = histogram["bars"]
    if len(bars) < 2:
        return
    entries, errors = [bar["entries"] for bar in bars], [bar["errors"] for bar in bars]
    top = f"{max(entries):,}"
    for number, row in enumerate(chart(entries, _HEIGHT)):
        label = "per bar" if not number else ""
        yield Text.assemble((f"{label:<{_LABEL}}", "cyan"), row, f" {top}" if not number else "", overflow="crop")
    if any(errors):
        style = "red"
        yield Text.assemble((f"{'errors':<{_LABEL}}", "cyan"), (chart(errors, 1)[0], style), f" {max(errors):,}")
    bursts = [bar for bar in bars if bar["burst"]]
    if bursts:
        marks = "".join("▲" if bar["burst"] else " " for bar in bars).rstrip()
        yield Text.assemble((f"{'bursts':<{_LABEL}}", "cyan"), (marks, "bold red"))
    first, last = bars[0]["start"], bars[-1]["start"]
    room = max(len(bars) - len(last), len(first) + 1)
    yield Text(" " * _LABEL + f"{first:<{room}}{last}", "dim", overflow="crop", no_wrap=True)
    outside = histogram["before"] + histogram["after"]
    beyond = f"; {outside:,} entries far off are left out" if outside else ""
    yield Text(f"{'':<{_LABEL}}a bar is {_span(histogram['width_s'])}{beyond}"[:width], "dim")
    if bursts:
        worst = sorted(bursts, key=lambda bar: (-bar["errors"], bar["start"]))[:_BURSTS]
        shown = "; ".join(f"{bar['errors']:,} errors from {bar['start']}" for bar in worst)
        more = f"; and {len(bursts) - len(worst)} more" if len(bursts) > len(worst) else ""
        yield _line("bursts", shown + more, "bold red")


def chart(counts: Sequence[int], height: int) -> list[str]:
    """Return bars of ``height`` lines; what is not nothing is seen.

    >>> chart([0, 1, 8, 16], 2)
    ['   █', ' ▁██']
    """
    top = max(counts, default=0) or 1
    eighths = [max(int(count > 0), round(count * height * _EIGHTHS / top)) for count in counts]
    return [
        "".join(_BLOCKS[min(max(each - line * _EIGHTHS, 0), _EIGHTHS)] for each in eighths)
        for line in reversed(range(height))
    ]


def _templates(templates: Mapping[str, Any], width: int) -> Table:
    rows: list[list[str | Text]] = []
    for row in templates["top"]:
        moments = [_clock(row[name], narrow=width < _WIDE) for name in ("first", "last")]
        level = Text(_safe(row["level"]), "red" if row["level"].upper() in _ERRORS else "")
        rows.append([_times(row["count"], templates), _share(row), level, *moments, _safe(row["template"])])
    names = ("count", "share", "level", "first", "last", "message, with what varies masked")
    return _table(names, rows, width, _rest(templates, "templates"))


def _values(name: str, values: Mapping[str, Any], width: int) -> Table:
    rows: list[list[str | Text]] = [
        [_times(row["count"], values), _share(row), _safe(row["value"])] for row in values["top"]
    ]
    missing = f", {values['missing']:,} without it" if values["missing"] else ""
    return _table(("count", "share", _safe(name)), rows, width, _rest(values, "values") + missing)


def _rejects(rejects: Sequence[Mapping[str, Any]], width: int) -> Table:
    rows: list[list[str | Text]] = []
    for row in rejects:
        first = row["first"]
        rows.append(
            [f"{row['count']:,}", row["reason"], _safe(f"{first['file']}:{first['line']}"), _safe(first["text"])]
        )
    return _table(("rejects", "reason", "first at", "its line"), rows, width)


def _comparison(comparison: Mapping[str, Any], width: int) -> Iterator[RenderableType]:
    yield Text()
    yield _line("compared", f"{comparison['entries']:,} entries with {comparison['other_entries']:,}", "bold cyan")
    changed = [*comparison["levels"], *(row for kind in _KINDS for row in comparison[kind])]
    if not changed:
        yield Text("nothing is new, gone, or much more or less frequent", "dim")
        return
    rows: list[list[str | Text]] = []
    for row in changed:
        ratio = "" if row["ratio"] is None else f"{row['ratio']:.2g}x"
        counts = f"{row['times']:,}", f"{row['other_times']:,}"
        kind = _KINDS[row["kind"]]
        cells = [kind if row["sure"] else f"{kind}?", *counts, _share(row), f"{row['other_share']:.1%}", ratio]
        rows.append([*cells, _safe(row["name"])])
    names = ("what is", "count", "other", "share", "other", "ratio", "level or message")
    yield _table(names, rows, width, "? may be chance: less than 4 standard errors")


def _table(names: Sequence[str], rows: Sequence[Sequence[str | Text]], width: int, caption: str = "") -> Table:
    """Return a table whose last column takes what room the others leave, and is cut there."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim", caption_justify="left")
    for name in names:
        table.add_column(name, justify="left" if name in _LEFT or name == names[-1] else "right", no_wrap=True)
    columns = list(zip(names, *([str(cell) for cell in row] for row in rows), strict=True))
    taken = sum(max(map(cell_len, column)) + 2 for column in columns[:-1])
    for *cells, last in rows:
        text = Text(str(last) or "(empty)")
        text.truncate(max(width - taken, _LEAST), overflow="ellipsis")
        table.add_row(*cells, text)
    table.caption = caption or None
    return table


def _rest(counts: Mapping[str, Any], what: str) -> str:
    estimate = "" if counts["exact"] else f"; counts are estimates, up to {counts['error']:,} too low"
    sign = "" if counts["exact"] else "at least "
    hidden = f"; {counts['other']:,} entries have others" if counts["other"] else ""
    return f"{what}: {sign}{counts['distinct']:,} different{hidden}{estimate}"


def _times(count: int, counts: Mapping[str, Any]) -> str:
    return f"{count:,}" if counts["exact"] else f"~{count:,}"


def _share(row: Mapping[str, Any]) -> str:
    return f"{row['share']:.1%}"


def _clock(moment: str | None, *, narrow: bool) -> str:
    """Return the moment to the second, of which a narrow terminal has room for the time of day alone."""
    whole = (moment or "").partition(".")[0].rstrip("Z")
    return whole.partition("T")[2] if narrow else whole


def _span(seconds: float) -> str:
    for size, unit in _UNITS:
        if seconds >= size:
            number = seconds / size
            return f"{number:.0f} {unit}" if number == int(number) else f"{number:.1f} {unit}"
    return f"{seconds * 1e3:.0f} ms"


def _safe(text: str) -> str:
    """Return text from a log so that a terminal shows it and does not obey it, on one line."""
    return visible(text).replace("\t", " ").replace("\n", " ")


def _line(name: str, text: str, style: str = "cyan") -> Text:
    return Text.assemble((f"{name:<{_LABEL}}", style), text)
