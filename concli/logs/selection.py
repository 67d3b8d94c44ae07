"""Which entries to keep: by level and by what the message says."""

import re
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from concli.logs.scanner import ENTRY, Lines, Scanner

__all__ = ["Selection"]

_SPECIAL = frozenset(r"\.^$*+?{}[]|()")


class Selection:
    """Keeps the entries of any of ``levels`` (any case; none means all) whose message ``grep`` finds.

    ``grep`` is a regular expression over text; a message is decoded as UTF-8, and a byte that is not
    UTF-8 matches only what any character matches.
    """

    def __init__(self, levels: Iterable[str] = (), grep: re.Pattern[str] | None = None) -> None:
        self._levels = frozenset(level.upper().encode() for level in levels)
        self._grep = grep
        self._needle = None if grep is None else _as_plain_text(grep)

    @property
    def keeps_all(self) -> bool:
        """Whether every entry is kept."""
        return not self._levels and self._grep is None

    def keeps(self, level: bytes, message: bytes) -> bool:
        """Tell whether one entry is kept."""
        if self._levels and level.upper() not in self._levels:
            return False
        return self._grep is None or bool(self._grep.search(message.decode("utf-8", "surrogateescape")))

    def mask(self, lines: Lines) -> NDArray[np.bool_]:
        """Tell for each line whether it is an entry that is kept."""
        if self.keeps_all:
            return lines.levels.astype(bool)
        by_level = np.zeros(256, bool)
        by_level[1 : len(lines.names)] = [not self._levels or n.upper() in self._levels for n in lines.names[1:]]
        keep: NDArray[np.bool_] = by_level[lines.levels]
        if self._needle is not None:
            keep &= self._holding(lines, self._needle)
        elif self._grep is not None:
            self._search(self._grep, lines, keep)
        for line in np.flatnonzero(lines.levels == Scanner.UNLISTED).tolist():
            entry = ENTRY.match(lines.buffer, lines.starts[line], lines.ends[line])
            keep[line] = entry is not None and self.keeps(entry["level"], entry["message"])
        return keep

    def _holding(self, lines: Lines, needle: bytes) -> NDArray[np.bool_]:
        """Tell which messages hold ``needle``."""
        hits = []
        at = lines.buffer.find(needle, 0, lines.size)
        while at >= 0:
            hits.append(at)
            at = lines.buffer.find(needle, at + 1, lines.size)
        found = np.array(hits, dtype=np.int64)
        where = np.searchsorted(lines.ends, found)
        holding = np.zeros(len(lines.ends), bool)
        holding[where[found >= lines.message_starts()[where]]] = True
        return holding

    @staticmethod
    def _search(grep: re.Pattern[str], lines: Lines, keep: NDArray[np.bool_]) -> None:
        """Take those out of ``keep`` whose message the expression does not find."""
        chosen = np.flatnonzero(keep)
        spans = zip(lines.message_starts()[chosen].tolist(), lines.ends[chosen].tolist(), strict=True)
        search, buffer = grep.search, lines.buffer
        keep[chosen] = [bool(search(buffer[start:end].decode("utf-8", "surrogateescape"))) for start, end in spans]


def _as_plain_text(grep: re.Pattern[str]) -> bytes | None:
    """Return what a pattern without any special character looks for; it can be found in a chunk at once."""
    pattern = grep.pattern
    if not pattern or "\n" in pattern or _SPECIAL & set(pattern) or grep.flags & ~re.UNICODE:
        return None
    return pattern.encode("utf-8", "surrogateescape")
