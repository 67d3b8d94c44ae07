"""A parser: from a chunk of any format to what is to be written, and the account of every line."""

from collections import Counter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from concli.logs.base_parser import BaseParser
from concli.logs.choice.choice import Choice
from concli.logs.choice.chooser import Chooser
from concli.logs.choice.repeats import runs_of
from concli.logs.chunk import Chunk
from concli.logs.destination import Destination
from concli.logs.entries import Entries, Scan
from concli.logs.formats.base import BASE
from concli.logs.formats.format import Reading
from concli.logs.output.members import COMMON
from concli.logs.parsed import Parsed
from concli.logs.rejects import reject_lines
from concli.logs.render import FORMATS
from concli.logs.selection import Selection
from concli.logs.source import Scanners

__all__ = ["How", "Parser", "count_levels"]


class How(NamedTuple):
    """How chunks are parsed, by all threads alike."""

    destination: Destination
    reading: Reading
    choice: Choice

    @property
    def shows_repeats_as_suffix(self) -> bool:
        """Whether an entry that stands for several says so in its message, as there are no fields to say it in."""
        return self.destination.to == "text"

    @property
    def is_for_base_parser(self) -> bool:
        """Whether the parser for the base format can do all that is asked for."""
        choice, destination = self.choice, self.destination
        return (
            destination.to in FORMATS
            and destination.columns in (None, COMMON)
            and destination.split_by is None
            and self.reading.multiline in ("auto", "off")
            and self.reading.zone is None
            and len(choice.grep) < 2
            and choice._replace(levels=(), grep=(), seed=0) == Choice()
        )


class Parser:
    """Parses chunks, one after the other, for one thread."""

    def __init__(self, how: How) -> None:
        destination = how.destination
        self.render = destination.renderer()
        self.chooser = Chooser(how.choice, keeps_raw=destination.to == "raw")
        self._how = how
        self._scanners = Scanners(how.reading)
        self._base: BaseParser | None = None
        if how.is_for_base_parser:
            self._base = BaseParser(
                destination.to,
                Selection(how.choice.levels, next(iter(how.choice.grep), None)),
                how.reading.max_line,
                joins=how.reading.joins(BASE.joins),
                keep_rejects=destination.rejects is not None,
            )

    def parse(self, chunk: Chunk) -> Parsed:
        """Scan, choose among and render the entries of ``chunk``."""
        if self._base and (chunk.format or BASE).name == BASE.name:
            parsed = self._base.parse(chunk)
            if parsed:
                return parsed
        return self._parse(chunk)

    def _parse(self, chunk: Chunk) -> Parsed:
        scan = self._scanners.scan(chunk)
        keep = self.chooser.mask(scan, chunk)
        return self.rendered(self.chooser.shape(scan.entries, keep), self.account(scan, keep, chunk))

    def account(self, scan: Scan, keep: NDArray[np.bool_], chunk: Chunk) -> Parsed:
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
        )

    def rendered(self, entries: Entries, parsed: Parsed) -> Parsed:
        """Put into ``parsed`` the entries that are to be written."""
        how = self._how
        if how.choice.dedup:
            parsed.runs = runs_of(entries, as_suffix=how.shows_repeats_as_suffix)
            entries = parsed.runs.middle
        parsed.entries = entries
        parsed.pieces, parsed.replaced_bytes = self.render(entries, np.ones(entries.size, bool))
        return parsed


def count_levels(entries: Entries, keep: NDArray[np.bool_]) -> dict[str, int]:
    """Return how many of the kept entries have each level; those without any are not counted."""
    counts = np.bincount(entries.levels[keep], minlength=len(entries.names)).tolist()
    named = zip(entries.names[1:], counts[1:], strict=True)
    return {name.decode("utf-8", "replace"): count for name, count in named if name and count}
