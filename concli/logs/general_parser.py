"""The parser for any format and for all that can be asked for, by columns."""

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from concli.logs.choice.chooser import Chooser
from concli.logs.choice.repeats import runs_of
from concli.logs.chunk import Chunk
from concli.logs.entries import Entries, Scan
from concli.logs.how import How
from concli.logs.parsed import Parsed
from concli.logs.rejects import reject_lines
from concli.logs.source import Scanners

__all__ = ["GeneralParser", "count_levels"]


class GeneralParser:
    """Parses chunks, one after the other, for one thread."""

    def __init__(self, how: How) -> None:
        self.render = how.destination.renderer()
        destination = how.destination
        self.chooser = Chooser(how.choice, keeps_raw=destination.to == "raw", split_field=destination.split_field)
        self.scanners = Scanners(how.reading)
        self._how = how

    def parse(self, chunk: Chunk) -> Parsed:
        """Scan, choose among and render the entries of ``chunk``."""
        parsed = self.rendered(*self.shaped(chunk))
        if not self._how.keeps_entries:
            parsed.entries = None
        return parsed

    def shaped(self, chunk: Chunk) -> tuple[Entries, Parsed]:
        """Scan ``chunk``; return the entries that are to be written, and the account of all its lines."""
        scan = self.scanners.scan(chunk)
        keep = self.chooser.mask(scan, chunk)
        return self.chooser.shape(scan.entries, keep), self._account(scan, keep, chunk)

    def _account(self, scan: Scan, keep: NDArray[np.bool_], chunk: Chunk) -> Parsed:
        """Return what became of the lines of ``chunk``, without the entries to be written."""
        written = int(np.count_nonzero(keep))
        return Parsed(
            chunk=chunk,
            rejects=reject_lines(chunk, scan.rejected, scan.reasons) if self._how.destination.rejects else b"",
            lines=chunk.lines,
            written=written,
            filtered=scan.entries.size - written,
            continued=scan.continued,
            rejected=len(scan.rejected),
            blank=scan.blank,
            levels=count_levels(scan.entries, keep),
            reasons=Counter(scan.reasons),
            seen=frozenset(self.chooser.seen),
        )

    def rendered(self, entries: Entries, parsed: Parsed) -> Parsed:
        """Put into ``parsed`` the entries that are to be written."""
        how = self._how
        if how.choice.dedup:
            parsed.runs = runs_of(entries, as_suffix=how.shows_repeats_as_suffix)
            entries = parsed.runs.middle
        parsed.entries = entries
        parsed.pieces, parsed.replaced_bytes = self.render(entries, np.ones(entries.size, bool))
        parsed.left_out = self.render.left_out.copy()
        self.render.left_out.clear()
        return parsed


def count_levels(entries: Entries, keep: NDArray[np.bool_]) -> dict[str, int]:
    """Return how many of the kept entries have each level; those without any are not counted."""
    counts = np.bincount(entries.levels[keep], minlength=len(entries.names)).tolist()
    named = zip(entries.names[1:], counts[1:], strict=True)
    return {name.decode("utf-8", "replace"): count for name, count in named if name and count}
