"""The scanner: which lines of a chunk are entries, found with vector operations alone.

An entry begins with a head of fixed width, then a level of one or more word characters::

    YYYY-MM-DD HH:MM:SS [LEVEL] message
    0       8       16   21

The first four 64-bit words of every line are fetched at once and compared with the pattern, all bytes
of a word in one operation. The level is looked up among those seen before. One not seen before is
left to the regular expression, which is the definition of the format, and then remembered.

All heavy work is in numpy calls on whole arrays, during which the GIL is not held.
"""

import re
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from concli.logs.chunk import PADDING, Chunk
from concli.logs.line_finder import LineFinder, Positions, line_starts, positions_of

__all__ = ["ENTRY", "Lines", "Scanner"]

#: The format, if there is such a date; everything else but a blank line is a reject.
ENTRY = re.compile(
    rb"(?P<timestamp>[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2})"
    rb" \[(?P<level>[A-Za-z0-9_]+)\] (?P<message>[^\n]*)"
)

Words = NDArray[np.uint64]

_CR = ord("\r")
_HEAD = b"0000-00-00 00:00:00 ["  # a 0 stands for any digit


def _words(data: bytes) -> Words:
    """Return ``data`` as a column of 64-bit words in memory order, filled up with NULs."""
    return np.frombuffer(data + bytes(-len(data) % 8 or 8 * (not data)), "<u8")[:, None]


# Subtracting (as XOR) the pattern leaves 0-9 where a digit belongs and 0 elsewhere. Adding 0x76 or 0x7F
# then sets the top bit of each byte that is more than that, and a byte past 0x7F has it already. A
# carry comes only out of such a byte, so it can't make a wrong line right.
_PATTERN = _words(_HEAD)
_LIMIT = _words(bytes(0x76 if c == ord("0") else 0x7F for c in _HEAD))
_TOP_BITS = _words(b"\x80" * 8)[0, 0]
_HEAD_PART = _words(b"\xff" * (len(_HEAD) - 16))[0, 0]  # of the third word; the level begins in the rest
_DAYS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0])  # of the months, and of what is none
_LEVEL_SHIFT = np.uint64(8 * (len(_HEAD) - 16))


class Lines(NamedTuple):
    """What a scan found. The arrays have one element a line.

    ``buffer`` is the text that the positions point into, with line feeds as its only line ends, and
    ``size`` its length. ``levels`` is 0 for a line that is no entry and else a level's number:
    ``names[number]``; ``Scanner.UNLISTED`` is for one that has none. ``feed`` is a byte that stands for
    a line feed inside an entry, if there are such.
    """

    buffer: bytearray
    size: int
    starts: Positions
    ends: Positions
    levels: NDArray[np.uint8]
    names: list[bytes]
    feed: bytes = b""

    def message_starts(self) -> Positions:
        """Return where the messages start (of lines that are entries with a listed level)."""
        widths = np.zeros(256, np.int64)
        widths[: len(self.names)] = [len(_HEAD) + len(name) + 2 for name in self.names]
        return self.starts + widths[self.levels]


class _LevelTable:
    """Levels that differ in their first three bytes, found by a hash of these."""

    def __init__(self) -> None:
        # A column a level: its first three bytes (never 2**64-1), which of the eight that follow
        # count, what these are, and its number.
        self._columns = np.zeros((4, 256), np.uint64)
        self._columns[0] = ~np.uint64(0)

    @staticmethod
    def _slots(first: Words) -> NDArray[np.int64]:
        return ((first * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(56)).view(np.int64)

    def add(self, name: bytes, number: int) -> bool:
        """Take in a level if there is room for it."""
        text = name + b"] "
        first, rest = _words(text[:3])[0], text[3:]
        column = self._columns[:, self._slots(first)[0]]
        if column[3]:
            return False
        column[:] = first[0], _words(b"\xff" * len(rest))[0, 0], _words(rest)[0, 0], number
        return True

    def find(self, first: Words, rest: Words) -> NDArray[np.uint8]:
        """Return the number of each level, given its first three bytes and the next eight; 0 for none."""
        known_first, mask, known_rest, numbers = self._columns.take(self._slots(first), axis=1)
        mask &= rest
        found = mask == known_rest
        found &= first == known_first
        levels: NDArray[np.uint8] = np.multiply(numbers, found, dtype=np.uint8, casting="unsafe")
        return levels


def _is_possible(digits: Words) -> NDArray[np.bool_]:
    """Tell which dates there are, given the first three words of a head with digits as numbers from 0 to 9.

    What it tells of a line that has no such head is of no meaning.
    """
    # Neighbouring lines mostly are of the same minute, which is looked at once.
    is_new = digits[0, 1:] != digits[0, :-1]
    is_new |= digits[1, 1:] != digits[1, :-1]
    firsts = np.append(0, np.flatnonzero(is_new) + 1)
    year_and_month, day_and_minute = digits[0, firsts], digits[1, firsts]
    year = 100 * _number(year_and_month, 0) + _number(year_and_month, 2)
    month, day = _number(year_and_month, 5), _number(day_and_minute, 0)
    is_leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    possible: NDArray[np.bool_] = (day > 0) & (day <= _DAYS.take(month, mode="clip") + (is_leap & (month == 2)))
    possible &= (year > 0) & (_number(day_and_minute, 3) < 24) & (_number(day_and_minute, 6) < 60)
    possible = np.repeat(possible, np.diff(firsts, append=digits.shape[1]))
    seconds = digits[2] & np.uint64(0xFFFF00)
    late = np.flatnonzero((seconds & np.uint64(0xFF00)) > 0x500)
    if late.size:
        possible[late] &= seconds[late] == 0x600  # a leap second
    return possible


def _number(words: Words, place: int) -> NDArray[np.int64]:
    """Return the number that two bytes from ``place`` on are the digits of."""
    pair = (words >> np.uint64(8 * place)).astype(np.int64)
    return 10 * (pair & 0xFF) + (pair >> 8 & 0xFF)


class Scanner:
    """Scans chunks, one after the other, for one thread.

    Lines of more than ``max_line`` bytes are no entries, whatever they begin with.
    """

    #: The number of a level that is too long, or one too many, to be listed.
    UNLISTED = 255

    def __init__(self, max_line: int) -> None:
        self._max_line = max_line
        self._names = [b""]
        self._numbers: dict[bytes, int] = {}
        self._tables = [_LevelTable()]
        self._finder = LineFinder()

    def scan(self, chunk: Chunk) -> Lines:
        """Find the lines of ``chunk`` and tell which are entries."""
        buffer, size, ends = chunk.buffer, chunk.size, positions_of(chunk.line_ends)
        if (np.frombuffer(buffer, np.uint8)[ends - 1] == _CR).any():
            text = buffer[:size].replace(b"\r\n", b"\n")
            buffer, size = text + bytes(PADDING), len(text)
            ends = positions_of(self._finder.mark(buffer, size))
        starts = line_starts(ends)
        levels = self._levels(buffer, size, starts, ends)
        if chunk.full_length:
            levels[:] = 0
        elif self._max_line < size:
            levels[ends - starts > self._max_line] = 0
        return Lines(buffer, size, starts, ends, levels, self._names)

    def _levels(self, buffer: bytearray, size: int, starts: Positions, ends: Positions) -> NDArray[np.uint8]:
        # One record of 32 bytes costs no more to fetch than one word.
        records = np.ndarray((size,), "V32", buffer, strides=(1,))[starts]
        words: Words = records.view("<u8").reshape(-1, 4).T.copy()
        first, rest = words[2] >> _LEVEL_SHIFT, words[3]
        words[2] &= _HEAD_PART
        difference = words[:3]
        difference ^= _PATTERN
        wrong = difference + _LIMIT
        wrong |= difference
        head_fits = (np.bitwise_or.reduce(wrong) & _TOP_BITS) == 0
        head_fits &= _is_possible(difference)
        levels = self._tables[0].find(first, rest)
        levels *= head_fits
        open_cases = np.flatnonzero(head_fits > (levels != 0))
        for table in self._tables[1:]:
            if open_cases.size:
                levels[open_cases] = found = table.find(first[open_cases], rest[open_cases])
                open_cases = open_cases[found == 0]
        for line in open_cases.tolist():
            entry = ENTRY.match(buffer, starts[line], ends[line])
            if entry:
                levels[line] = self._number(entry["level"])
        return levels

    def _number(self, name: bytes) -> int:
        """Return the number of a level, listing it if that can be done."""
        number = self._numbers.get(name)
        if number is None and len(name) <= 9 and len(self._names) < self.UNLISTED:
            number = len(self._names)
            self._names.append(name)
            self._numbers[name] = number
            if not any(table.add(name, number) for table in self._tables):
                self._tables.append(_LevelTable())
                self._tables[-1].add(name, number)
        return self.UNLISTED if number is None else number
