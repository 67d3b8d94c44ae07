"""Which entries to keep: by level and by what the message says."""

import re
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from concli.logs.choice.levels import is_level_chosen
from concli.logs.choice.text_search import find_all, plain_text
from concli.logs.scanner import ENTRY, Lines, Scanner

__all__ = ["Selection"]


class Selection:
    """Keeps the entries of any of ``levels`` (by any name, in any case; none means all) whose message ``grep`` finds.

    ``grep`` is a regular expression over text; a message is decoded as UTF-8, and a byte that is not
    UTF-8 matches only what any character matches.
    """

    def __init__(self, levels: Iterable[str] = (), grep: re.Pattern[str] | None = None) -> None:
        self._levels = tuple(levels)
        self._grep = grep
        self._needle = None if grep is None else plain_text(grep)

    @property
    def keeps_all(self) -> bool:
        """Whether every entry is kept."""
        return not self._levels and self._grep is None

    def ignores(self, byte: bytes) -> bool:
        """Tell whether it makes no difference that ``byte`` stands for the line feeds inside of messages."""
        needle = self._needle
        return self._grep is None or (needle is not None and byte not in needle and b"\n" not in needle)

    def keeps(self, level: bytes, message: bytes) -> bool:
        """Tell whether one entry is kept."""
        if not is_level_chosen(level, self._levels, None):
            return False
        return self._grep is None or bool(self._grep.search(message.decode("utf-8", "surrogateescape")))

    def mask(self, lines: Lines) -> NDArray[np.bool_]:
        """Tell for each line whether it is an entry that is kept."""
        if self.keeps_all:
            return lines.levels.astype(bool)
        by_level = np.zeros(256, bool)
        by_level[1 : len(lines.names)] = [is_level_chosen(name, self._levels, None) for name in lines.names[1:]]
        keep: NDArray[np.bool_] = by_level[lines.levels]
        if self._needle is not None:
            keep &= find_all(lines.buffer, lines.message_starts(), lines.ends, self._needle)
        elif self._grep is not None:
            self._search(self._grep, lines, keep)
        for line in np.flatnonzero(lines.levels == Scanner.UNLISTED).tolist():
            entry = ENTRY.match(lines.buffer, lines.starts[line], lines.ends[line])
            keep[line] = entry is not None and self.keeps(entry["level"], entry["message"])
        return keep

    @staticmethod
    def _search(grep: re.Pattern[str], lines: Lines, keep: NDArray[np.bool_]) -> None:
        """Take those out of ``keep`` whose message the expression does not find."""
        chosen = np.flatnonzero(keep)
        spans = zip(lines.message_starts()[chosen].tolist(), lines.ends[chosen].tolist(), strict=True)
        search, buffer = grep.search, lines.buffer
        keep[chosen] = [bool(search(buffer[start:end].decode("utf-8", "surrogateescape"))) for start, end in spans]
