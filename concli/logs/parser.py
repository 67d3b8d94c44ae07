"""A parser: from a chunk to what is to be written, and the account of every line."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from concli.files import Buffer
from concli.logs.chunk import Chunk
from concli.logs.rejects import reject_lines
from concli.logs.render import FORMATS
from concli.logs.scanner import ENTRY, Lines, Scanner
from concli.logs.selection import Selection

__all__ = ["Parsed", "Parser"]


@dataclass(slots=True)
class Parsed:
    """What became of a chunk. ``pieces`` is the output, good until the chunk is used again."""

    chunk: Chunk
    pieces: Sequence[Buffer]
    rejects: bytes
    lines: int
    written: int
    filtered: int
    rejected: int
    blank: int
    replaced_bytes: int
    levels: dict[str, int] = field(default_factory=dict)

    @property
    def output_bytes(self) -> int:
        """The bytes of the output."""
        return sum(map(len, self.pieces))

    def __len__(self) -> int:
        """Bytes held, as a buffer counts them."""
        return self.chunk.capacity + self.output_bytes + len(self.rejects)


class Parser:
    """Parses chunks, one after the other, for one thread."""

    def __init__(self, to: str, selection: Selection, max_line: int, *, keep_rejects: bool) -> None:
        self._scanner = Scanner(max_line)
        self._selection = selection
        self._render = FORMATS[to]()
        self._max_line = max_line
        self._keep_rejects = keep_rejects

    def parse(self, chunk: Chunk) -> Parsed:
        """Scan, select and render the lines of ``chunk``."""
        lines = self._scanner.scan(chunk)
        keep = self._selection.mask(lines)
        others = np.flatnonzero(lines.levels == 0)
        rejected = others[~_are_blank(lines, others)] if not chunk.full_length else others
        written = int(np.count_nonzero(keep))
        pieces, replaced = self._render(lines, keep)
        return Parsed(
            chunk=chunk,
            pieces=pieces,
            rejects=reject_lines(chunk, rejected, self._max_line) if self._keep_rejects else b"",
            lines=len(lines.ends),
            written=written,
            filtered=len(lines.ends) - len(others) - written,
            rejected=len(rejected),
            blank=len(others) - len(rejected),
            replaced_bytes=replaced,
            levels=_count_levels(lines, keep),
        )


def _are_blank(lines: Lines, chosen: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Tell which of the chosen lines hold nothing but white space."""
    starts, ends = lines.starts[chosen], lines.ends[chosen]
    blank: NDArray[np.bool_] = starts == ends
    data = np.frombuffer(lines.buffer, np.uint8)
    # Only a line that begins and ends with what may be white space is looked at as a whole.
    likely = (data[starts] <= ord(" ")) & (data[ends - 1] <= ord(" ")) & ~blank
    for number in np.flatnonzero(likely).tolist():
        blank[number] = lines.buffer[starts[number] : ends[number]].isspace()
    return blank


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
