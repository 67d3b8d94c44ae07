"""The parser for the base format alone, by its own scanner, when nothing is asked for but what that can do."""

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from concli.logs.chunk import Chunk
from concli.logs.entries import fold
from concli.logs.formats import _lines
from concli.logs.formats.base import what_lacks
from concli.logs.joining import join
from concli.logs.parsed import Parsed
from concli.logs.rejects import TOO_LONG, reject_lines
from concli.logs.render import FORMATS
from concli.logs.scanner import ENTRY, Lines, Scanner
from concli.logs.selection import Selection

__all__ = ["BaseParser"]

_DIGITS = np.isin(np.arange(256), list(b"0123456789"))


class BaseParser:
    """Parses chunks, one after the other, for one thread.

    If it ``joins``, lines that begin no entry belong to the one before them.
    """

    def __init__(self, to: str, selection: Selection, max_line: int, *, joins: bool, keep_rejects: bool) -> None:
        self._scanner = Scanner(max_line)
        self._selection = selection
        self._render = FORMATS[to]()
        self._max_line = max_line
        self._joins = joins
        self._keep_rejects = keep_rejects

    def parse(self, chunk: Chunk) -> Parsed | None:
        """Scan, select and render the lines of ``chunk``; None if that takes another parser."""
        lines = whole = self._scanner.scan(chunk)
        others = np.flatnonzero(lines.levels == 0)
        is_blank = _are_blank(lines, others) if not chunk.full_length else np.zeros(len(others), bool)
        rejected, blank, continued = others[~is_blank], int(np.count_nonzero(is_blank)), 0
        joined = None
        if self._joins and rejected.size:
            begins, refused, empty = lines.levels > 0, np.zeros(len(lines.ends), bool), np.zeros(len(lines.ends), bool)
            refused[self._refused(lines, rejected)] = True
            empty[others[is_blank]] = True
            folded = fold(begins, refused, empty, joins=True)
            rejected = np.sort(np.append(folded.strays, np.flatnonzero(refused)))
            blank, continued = folded.blank, folded.continued
            if continued:
                joined = join(lines, folded)
                if joined is None or not self._selection.ignores(joined.lines.feed):
                    if joined:
                        joined.put_back()
                    return None
                lines = joined.lines
        keep = self._selection.mask(lines)
        entries, written = int(np.count_nonzero(lines.levels)), int(np.count_nonzero(keep))
        if joined and self._render.keeps_text:
            joined.put_back()
        pieces, replaced = self._render(lines, keep)
        if joined:
            joined.put_back()  # for the rejects, and a text that is not rendered from a copy
        reasons = self._reasons(chunk, whole, rejected)
        return Parsed(
            chunk=chunk,
            pieces=pieces,
            rejects=reject_lines(chunk, rejected, reasons) if self._keep_rejects else b"",
            lines=chunk.lines,
            written=written,
            filtered=entries - written,
            continued=continued,
            rejected=len(rejected),
            blank=blank,
            replaced_bytes=replaced,
            levels=_count_levels(lines, keep),
            reasons=Counter(reasons),
        )

    def _refused(self, lines: Lines, chosen: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return those of the lines that are no entries for another reason than that they don't look like one."""
        starts, ends = lines.starts[chosen], lines.ends[chosen]
        refused = ends - starts > self._max_line
        begin_so = _DIGITS[np.frombuffer(lines.buffer, np.uint8)[starts]] & ~refused
        for number in np.flatnonzero(begin_so).tolist():
            refused[number] = ENTRY.match(lines.buffer, starts[number], ends[number]) is not None
        return chosen[refused]

    def _reasons(self, chunk: Chunk, lines: Lines, rejected: NDArray[np.intp]) -> list[str]:
        spans = zip(lines.starts[rejected].tolist(), lines.ends[rejected].tolist(), strict=True)
        return [self._reason(chunk, lines, start, end) for start, end in spans]

    def _reason(self, chunk: Chunk, lines: Lines, start: int, end: int) -> str:
        if chunk.full_length or end - start > self._max_line:
            return TOO_LONG
        if ENTRY.match(lines.buffer, start, end):
            return "impossible date"
        return what_lacks(lines.buffer, start, end)


def _are_blank(lines: Lines, chosen: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Tell which of the chosen lines hold nothing but white space."""
    among = np.zeros(len(lines.ends), bool)
    among[chosen] = True
    return _lines.blank_lines(_lines.Lines(*lines[:4]), among)[chosen]


def _count_levels(lines: Lines, keep: NDArray[np.bool_]) -> dict[str, int]:
    """Return how many of the kept entries have each level."""
    counts = np.bincount(lines.levels[keep], minlength=256)
    levels = {lines.names[n].decode(): int(counts[n]) for n in np.flatnonzero(counts[: len(lines.names)]).tolist()}
    if counts[Scanner.UNLISTED]:
        for line in np.flatnonzero(keep & (lines.levels == Scanner.UNLISTED)).tolist():
            entry = ENTRY.match(lines.buffer, lines.starts[line], lines.ends[line])
            if entry:
                name = entry["level"].decode()
                levels[name] = levels.get(name, 0) + 1
    return levels
