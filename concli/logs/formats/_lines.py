"""The lines of a chunk as the scanners by regular expression look at them, and what they make of them all."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from concli.logs.chunk import PADDING, Chunk
from concli.logs.entries import NO_VALUE, Column, Entries, Folded, Scan, fold
from concli.logs.formats.format import Reading
from concli.logs.line_finder import LineFinder, Positions, line_starts, positions_of

__all__ = ["Levels", "Lines", "Verdict", "blank_lines", "fold_lines", "lines_of", "no_column", "nothing", "text_column"]

_CR = ord("\r")
_BLANK = ord(" ")


class Lines(NamedTuple):
    """The text of a chunk with line feeds as its only line ends, and where its lines are.

    As in a chunk there is some padding behind the ``size`` bytes of it.
    """

    buffer: bytes | bytearray
    size: int
    starts: Positions
    ends: Positions


class Verdict(NamedTuple):
    """What became of the lines: how they are folded, and those rejected with the reasons."""

    folded: Folded
    rejected: Positions
    reasons: list[str]


class Levels(dict[bytes, int]):
    """Numbers of levels, given as they turn up; past the last number there is, a level is as none."""

    def __init__(self, words: dict[bytes, bytes]) -> None:
        super().__init__({b"": 0})
        self.names = [b""]
        self._words = words

    def __missing__(self, word: bytes) -> int:
        name = self._words.get(word, word)
        number = 0
        if name in self.names:
            number = self.names.index(name)
        elif len(self.names) <= np.iinfo(np.uint8).max:
            number = len(self.names)
            self.names.append(name)
        if len(self) < 4096:  # hostile input has no end of words
            self[word] = number
        return number


def lines_of(chunk: Chunk, finder: LineFinder) -> Lines:
    """Find the lines of a chunk, without the carriage returns before line feeds."""
    buffer, size, ends = chunk.buffer, chunk.size, positions_of(chunk.line_ends)
    if (np.frombuffer(buffer, np.uint8)[ends - 1] == _CR).any():
        text = buffer[:size].replace(b"\r\n", b"\n")
        buffer, size = text + bytes(PADDING), len(text)
        ends = positions_of(finder.mark(buffer, size))
    return Lines(buffer, size, line_starts(ends), ends)


def blank_lines(lines: Lines, among: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell which lines, of those ``among``, hold nothing but white space."""
    blank = np.zeros(len(among), bool)
    if among.any():
        chosen = np.flatnonzero(among)
        starts, ends = lines.starts[chosen], lines.ends[chosen]
        empty = starts == ends
        blank[chosen[empty]] = True
        data = np.frombuffer(lines.buffer, np.uint8)
        # Only a line that begins and ends with what may be white space is looked at as a whole.
        likely = (data[starts] <= _BLANK) & (data[ends - 1] <= _BLANK) & ~empty
        for number in chosen[likely].tolist():
            blank[number] = lines.buffer[lines.starts[number] : lines.ends[number]].isspace()
    return blank


def fold_lines(
    lines: Lines,
    begins: NDArray[np.bool_],
    reading: Reading,
    *,
    joins: bool,
    refused: dict[str, NDArray[np.bool_]],
    reason: str,
) -> Verdict:
    """Make entries of the lines where one ``begins``, unless ``refused`` for a reason, and of those that go on.

    Lines of no entry are rejected for ``reason``. What is too long is no part of an entry.
    """
    if reading.max_line < lines.size and (long := lines.ends - lines.starts > reading.max_line).any():
        refused = {"line too long": long} | {why: which & ~long for why, which in refused.items()}
    if not isinstance(reading.multiline, str):
        first = np.zeros(len(begins), bool)
        match = reading.multiline.match
        for number, (start, end) in enumerate(zip(lines.starts.tolist(), lines.ends.tolist(), strict=True)):
            first[number] = match(lines.buffer[start:end]) is not None
        refused = (
            {why: which & first for why, which in refused.items() if why != "line too long"}
            | {reason: first & ~begins}
            | {why: which for why, which in refused.items() if why == "line too long"}
        )
        begins = begins & first
    rejected = np.zeros(len(begins), bool)
    for which in refused.values():
        rejected |= which
    begins = begins & ~rejected
    blank = blank_lines(lines, ~(begins | rejected))
    folded = fold(begins, rejected, blank, joins=reading.joins(joins))
    reasons = dict.fromkeys(folded.strays.tolist(), reason)
    for why, which in refused.items():
        for number in np.flatnonzero(which).tolist():
            reasons.setdefault(number, why)
    order = sorted(reasons)
    return Verdict(folded, np.array(order, np.int64), [reasons[number] for number in order])


def text_column(parts: list[bytes], count: int, finder: LineFinder) -> Column:
    """Make a column of values without line feeds, given in pieces with line feeds between the values."""
    text = b"\n".join(parts) + b"\n"
    ends = positions_of(finder.mark(text, len(text)))
    if len(ends) != count:
        raise AssertionError("a value holds a line feed")
    return Column(text, line_starts(ends), ends)


def no_column(count: int) -> Column:
    """Return a column without any value."""
    none = np.full(count, NO_VALUE, np.int64)
    return Column(b"", none, none)


def nothing(chunk: Chunk, reason: str = "line too long") -> Scan:
    """Return what becomes of a chunk whose lines are all rejected."""
    empty = np.empty(0, np.int64)
    none = Column(b"", empty, empty)
    entries = Entries(empty, none, none, np.empty(0, np.uint8), [b""], none, {})
    return Scan(entries, 0, 0, np.arange(chunk.lines), [reason] * chunk.lines)
