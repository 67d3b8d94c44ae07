"""What is known of a log in the end, however many threads have read it."""

from dataclasses import dataclass, field
from typing import NamedTuple

from concli.logs.stats.frequent import Frequent
from concli.logs.stats.timeline import Timeline

__all__ = ["ERROR_LEVELS", "LEVELS", "REASONS", "TEMPLATES", "VALUES", "Place", "Seen", "Summary"]

#: How many different ones are told apart for certain.
LEVELS, TEMPLATES, VALUES, REASONS = 500, 10_000, 2_000, 100

#: The levels that count as errors, in any case.
ERROR_LEVELS = frozenset(
    ["ERROR", "ERR", "SEVERE", "FATAL", "CRITICAL", "CRIT", "ALERT", "EMERG", "EMERGENCY", "PANIC", "E", "F"]
)


class Place(NamedTuple):
    """A line: the chunk's number and the line's within it, by which lines are in order; input and line from 1."""

    chunk: int
    number: int
    file: str
    line: int


class Seen(NamedTuple):
    """Where something was first seen, a line of it, its level, and the first and last moment if there is one."""

    place: Place
    example: bytes
    level: str = ""
    first: int | None = None
    last: int | None = None

    def joined(self, other: "Seen") -> "Seen":
        """Return what both have seen."""
        before = self if self.place <= other.place else other
        firsts = [seen.first for seen in (self, other) if seen.first is not None]
        lasts = [seen.last for seen in (self, other) if seen.last is not None]
        return before._replace(first=min(firsts, default=None), last=max(lasts, default=None))


@dataclass
class Summary:
    """Counts that add up: ``lines`` are ``entries``, ``filtered``, ``continued``, ``rejected`` and ``blank``.

    ``size`` is in bytes. ``timed`` entries have a timestamp, ``zoned`` of them one with an offset. ``values`` are
    those of the fields that were asked for, by field; of ``seen`` the keys are templates, of ``rejects_seen`` reasons.
    """

    lines: int = 0
    entries: int = 0
    filtered: int = 0
    continued: int = 0
    rejected: int = 0
    blank: int = 0
    size: int = 0
    timed: int = 0
    zoned: int = 0
    levels: Frequent[str] = field(default_factory=lambda: Frequent(LEVELS))
    timeline: Timeline = field(default_factory=Timeline)
    templates: Frequent[str] = field(default_factory=lambda: Frequent(TEMPLATES))
    seen: dict[str, Seen] = field(default_factory=dict)
    values: dict[str, Frequent[bytes]] = field(default_factory=dict)
    reasons: Frequent[str] = field(default_factory=lambda: Frequent(REASONS))
    rejects_seen: dict[str, Seen] = field(default_factory=dict)

    def merge(self, other: "Summary") -> None:
        """Add what another has found in other chunks, which is left as it is."""
        for name in ("lines", "entries", "filtered", "continued", "rejected", "blank", "size", "timed", "zoned"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.levels.merge(other.levels)
        self.timeline.merge(other.timeline)
        self.templates.merge(other.templates)
        self.see(other.seen)
        for name, counts in other.values.items():
            self.values_of(name).merge(counts)
        self.reasons.merge(other.reasons)
        self.see_rejects(other.rejects_seen)

    def move(self, lines: int) -> None:
        """Add so many lines to where things were seen."""
        for seen in (self.seen, self.rejects_seen):
            for key, one in seen.items():
                seen[key] = one._replace(place=one.place._replace(line=one.place.line + lines))

    def values_of(self, name: str) -> Frequent[bytes]:
        """Return the counts of the values of a field."""
        return self.values.setdefault(name, Frequent(VALUES))

    def see(self, seen: dict[str, Seen]) -> None:
        """Remember where templates, already counted, were seen."""
        self.seen = _joined(self.seen, seen, self.templates)

    def see_rejects(self, seen: dict[str, Seen]) -> None:
        """Remember where rejects, already counted, were seen."""
        self.rejects_seen = _joined(self.rejects_seen, seen, self.reasons)


def _joined(mine: dict[str, Seen], others: dict[str, Seen], counts: Frequent[str]) -> dict[str, Seen]:
    for key, seen in others.items():
        mine[key] = mine[key].joined(seen) if key in mine else seen
    if len(mine) == len(counts.counts):
        return mine
    return {key: seen for key, seen in mine.items() if key in counts.counts}
