"""A summary as a plain document, for the table and for JSON."""

from collections.abc import Callable
from typing import TypeVar

from concli.logs.stats.frequent import Frequent
from concli.logs.stats.moments import iso
from concli.logs.stats.summary import Seen, Summary
from concli.logs.stats.timeline import Bars

__all__ = ["BURST_RULE", "document"]

BURST_RULE = "5 errors or more, and more than the median of all bars by 3 scaled median deviations"
_GAPS = 5
_ALL = 1 << 30

Key = TypeVar("Key", str, bytes)


def document(summary: Summary, count: int = 15) -> dict[str, object]:
    """Return what ``summary`` holds; of each list that could be long the ``count`` most frequent."""
    return {
        "entries": summary.entries,
        "levels": dict(summary.levels.most_common(_ALL)),
        "time": _time(summary),
        "templates": _templates(summary, count),
        "fields": {name: _values(counts, summary.entries, count) for name, counts in summary.values.items()},
        "rejects": [
            {"reason": reason, "count": times, "first": _first(summary.rejects_seen[reason])}
            for reason, times in summary.reasons.most_common(_ALL)
        ],
    }


def _time(summary: Summary) -> dict[str, object]:
    """Say when: in UTC if all timestamps have an offset, else as the log has them."""
    line, zoned = summary.timeline, summary.timed > 0 and summary.zoned == summary.timed
    shown = line.bars()

    def write(moment: int) -> str:
        return iso(moment, zoned=zoned)

    zone = "UTC" if zoned else "mixed" if summary.zoned else "as logged"
    return {
        "first": write(int(line.firsts.min())) if summary.timed else None,
        "last": write(int(line.lasts.max())) if summary.timed else None,
        "span_s": (int(line.lasts.max()) - int(line.firsts.min())) / 1e6 if summary.timed else 0.0,
        "zone": zone,
        "untimed": summary.entries - summary.timed,
        "histogram": _histogram(shown, write),
        "gaps": [
            {"from": write(gap.start), "to": write(gap.end), "seconds": (gap.end - gap.start) / 1e6}
            for gap in line.gaps(_GAPS)
        ],
    }


def _histogram(shown: Bars, write: Callable[[int], str]) -> dict[str, object]:
    return {
        "width_s": shown.width_s,
        "before": shown.before,
        "after": shown.after,
        "burst_rule": BURST_RULE,
        "burst_above": shown.burst_from,
        "bars": [
            {"start": write(bar.start), "entries": bar.entries, "errors": bar.errors, "burst": bar.is_burst}
            for bar in shown.bars
        ],
    }


def _templates(summary: Summary, count: int) -> dict[str, object]:
    zoned = summary.timed > 0 and summary.zoned == summary.timed
    top = []
    for name, times in summary.templates.most_common(count):
        seen = summary.seen[name]
        top.append(
            {
                "template": name,
                "count": times,
                "share": _share(times, summary.entries),
                "level": seen.level,
                "first": None if seen.first is None else iso(seen.first, zoned=zoned),
                "last": None if seen.last is None else iso(seen.last, zoned=zoned),
                "example": _first(seen),
            }
        )
    return _account(summary.templates, top) | {"top": top}


def _values(counts: Frequent[bytes], entries: int, count: int) -> dict[str, object]:
    top = [
        {"value": value.decode("utf-8", "replace"), "count": times, "share": _share(times, entries)}
        for value, times in counts.most_common(count)
    ]
    return _account(counts, top) | {"missing": entries - counts.total, "top": top}


def _account(counts: Frequent[Key], top: list[dict[str, object]]) -> dict[str, object]:
    """Say how many there are besides those shown, and how far a count may be too low."""
    shown = sum(times for _, times in counts.most_common(len(top)))
    return {
        "exact": counts.is_exact,
        "error": counts.error,
        "distinct": len(counts.counts),
        "other": counts.total - shown,
    }


def _first(seen: Seen) -> dict[str, object]:
    return {"file": seen.place.file, "line": seen.place.line, "text": seen.example.decode("utf-8", "replace")}


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
