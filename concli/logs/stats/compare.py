"""What is new, gone, or much more frequent in one log than in another."""

import math
from typing import NamedTuple

from concli.logs.stats.frequent import Frequent
from concli.logs.stats.summary import Summary

__all__ = ["RULE", "Change", "changes", "comparison"]

_RATIO = 2.0
_DEVIATIONS = 4.0

RULE = (
    "shares of all entries; more and less frequent are those at least twice apart and by 4 standard errors"
    " (pooled, of two proportions) or more; new and gone are sure by the second rule"
)


class Change(NamedTuple):
    """How often something is in this log and in the other; ``ratio`` of the shares, None if one is 0."""

    name: str
    times: int
    other_times: int
    share: float
    other_share: float
    ratio: float | None
    kind: str
    sure: bool


def comparison(this: Summary, other: Summary, count: int = 15) -> dict[str, object]:
    """Compare levels and templates; of each kind the ``count`` with the most entries."""
    templates = changes(this.templates, other.templates)
    levels = changes(this.levels, other.levels)
    return {
        "rule": RULE,
        "exact": this.templates.is_exact and other.templates.is_exact,
        "entries": this.entries,
        "other_entries": other.entries,
        "levels": [_document(change) for change in levels[:count]],
        **{
            kind: [
                _document(change) | _example(change, this if change.times else other)
                for change in [change for change in templates if change.kind == kind][:count]
            ]
            for kind in ("new", "gone", "more", "less")
        },
        "changed": {kind: sum(c.kind == kind for c in templates) for kind in ("new", "gone", "more", "less")},
    }


def changes(this: Frequent[str], other: Frequent[str]) -> list[Change]:
    """Return what differs, the most frequent first.

    A count that may be too low since things were let go of is taken at its highest where it is the smaller one.

    >>> this, other = Frequent(9), Frequent(9)
    >>> this.add({"timeout": 50, "ok": 950})
    >>> other.add({"timeout": 5, "ok": 994, "bye": 1})
    >>> [(change.name, change.kind, change.sure) for change in changes(this, other)]
    [('timeout', 'more', True), ('bye', 'gone', False)]
    """
    found = []
    for name in this.counts.keys() | other.counts.keys():
        counts = this.counts.get(name, 0), other.counts.get(name, 0)
        change = _change(name, *counts, this, other)
        if change is not None:
            found.append(change)
    return sorted(found, key=lambda change: (-max(change.share, change.other_share), change.name))


def _change(name: str, count: int, other_count: int, this: Frequent[str], other: Frequent[str]) -> Change | None:
    totals = this.total, other.total
    if not all(totals):
        return None
    share, other_share = count / totals[0], other_count / totals[1]
    kind = "new" if not other_count else "gone" if not count else "more" if share > other_share else "less"
    low = share > other_share  # the other's is the smaller one
    high_count = count + (0 if low else this.error)
    high_other = other_count + (other.error if low else 0)
    sure = _deviations(high_count, totals[0], high_other, totals[1]) * (1 if low else -1) >= _DEVIATIONS
    larger, smaller = max(share, other_share), min(share, other_share)
    if kind in ("more", "less") and not (sure and larger >= _RATIO * smaller):
        return None
    ratio = share / other_share if count and other_count else None
    return Change(name, count, other_count, share, other_share, ratio, kind, sure)


def _deviations(count: int, total: int, other_count: int, other_total: int) -> float:
    """Return by how many standard errors the first share is the larger one."""
    pooled = (count + other_count) / (total + other_total)
    variance = pooled * (1 - pooled) * (1 / total + 1 / other_total)
    difference = count / total - other_count / other_total
    if variance <= 0:
        return 0.0
    return difference / math.sqrt(variance)


def _document(change: Change) -> dict[str, object]:
    return change._asdict()


def _example(change: Change, summary: Summary) -> dict[str, object]:
    seen = summary.seen[change.name]
    return {
        "level": seen.level,
        "example": {
            "file": seen.place.file,
            "line": seen.place.line,
            "text": seen.example.decode("utf-8", "replace"),
        },
    }
