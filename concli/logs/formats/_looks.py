"""Looks of lines whose parts stand behind one another in few ways, taken apart for all lines at once.

Each is a layout for ``_vector.Grammar``: it settles the usual lines, and calls lost what the expression has to tell.
"""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from concli.logs.chunk import Chunk
from concli.logs.entries import NO_VALUE, Scan
from concli.logs.formats._layouts import Draft, Part, Tools
from concli.logs.formats._vector import VectorScanner
from concli.logs.formats._words import Cursor, Template, Text, holds_digits
from concli.logs.line_finder import Positions
from concli.logs.stamps import Moment, Place, Stamped, Style, Words

__all__ = ["NUMBER", "Look", "Rows", "Taken", "UnstampedScanner", "no_moment", "no_stamps", "only_where", "until"]

#: A number as JSON spells it; put zeros before it, which are no part of it.
NUMBER = rb"(?:0|[1-9][0-9]*)"
_DIGITS = 8
_IN_TEMPLATE = 32
_MOST_BLANKS = 32


class Rows(NamedTuple):
    """The lines to take apart: where they are, and their first four words."""

    text: Text
    starts: Positions
    ends: Positions
    words: Words
    tools: Tools

    def bytes_at(self, places: Positions) -> NDArray[np.uint8]:
        """Return the byte at each place, which may be past the line's end."""
        found: NDArray[np.uint8] = self.text.bytes[np.minimum(places, self.ends)]
        return found

    def cursor(self, width: int, *patterns: bytes) -> Cursor:
        """Return a cursor behind the first bytes of each line."""
        return Cursor(self.text, np.minimum(self.starts + width, self.ends), self.ends, *patterns)

    def words_at(self, places: Positions) -> Words:
        """Return 8 bytes from each place on, which may be past the line's end."""
        return self.text.words(np.minimum(places, self.ends))

    def are_numbers(self, part: Part) -> NDArray[np.bool_]:
        """Tell which are numbers of at most 16 digits, without a zero too many."""
        widths = part.ends - part.starts
        words = self.words_at(part.starts)
        good = holds_digits(words, np.minimum(widths, _DIGITS))
        if (widths > _DIGITS).any():
            rest = widths - _DIGITS
            good &= (rest <= 0) | holds_digits(self.words_at(part.starts + _DIGITS), rest)
        good &= ((words & np.uint64(0xFF)) != ord("0")) | (widths == 1)
        return good

    def are_at(self, places: Positions, text: bytes) -> NDArray[np.bool_]:
        """Tell where a text of at most 8 bytes is."""
        words = self.words_at(places) ^ np.uint64(int.from_bytes(text, "little"))
        found: NDArray[np.bool_] = (words << np.uint64(64 - 8 * len(text))) == 0
        return found

    def without_blanks(self, part: Part, lost: NDArray[np.bool_]) -> Part:
        """Take the blanks off the end of a part, and those for ``lost`` that have none other or too many."""
        starts, ends = part
        for _ in range(_MOST_BLANKS):
            is_blank = self.bytes_at(ends - 1) == ord(" ")
            is_blank &= ends > starts
            if not is_blank.any():
                break
            ends = ends - is_blank
        else:
            lost |= is_blank
        lost |= ends <= starts
        return Part(starts, ends)


class Taken(NamedTuple):
    """What was found: the numbers of the levels, where the messages start, and the fields."""

    lost: NDArray[np.bool_]
    levels: NDArray[np.uint8]
    messages: Positions
    fields: Mapping[str, Part]


class Look:
    """Lines that begin with ``head``, in which 0 is any digit and ? any byte; ``take`` finds what stands behind it.

    Past the first 32 bytes of it a byte is just that, and there are at most 8 more.
    The timestamp begins ``at`` some byte of it; without a ``place`` there is none.
    """

    def __init__(self, head: bytes, place: Place | None, take: Callable[[Rows, int], Taken], at: int = 0) -> None:
        self._template, self._rest = Template(head[:_IN_TEMPLATE]), head[_IN_TEMPLATE:]
        self._width, self._place, self._take, self._at = len(head), place, take, at

    def heads(self, words: Words) -> NDArray[np.bool_]:
        """Tell which lines begin so."""
        return self._template.fits(words)

    def take_apart(self, text: Text, starts: Positions, ends: Positions, words: Words, tools: Tools) -> Draft:
        """Take lines apart, given their first four words."""
        rows = Rows(text, starts, ends, words, tools)
        lost, levels, messages, fields = self._take(rows, self._width)
        if self._rest:
            lost |= ~rows.are_at(starts + _IN_TEMPLATE, self._rest)
        if self._place is None:
            stamped = no_stamps(len(starts))
        else:
            stamp_words = text.heads(np.minimum(starts + self._at, ends)) if self._at else words
            stamped = tools.stamper.stamps(stamp_words, self._place)
        return Draft(lost, stamped, levels, Part(messages, ends), fields)


def until(cursor: Cursor, *patterns: bytes) -> Part:
    """Move on to where any of the patterns is, and return what is before it."""
    start = cursor.places
    cursor.find(*patterns)
    return Part(start, cursor.places)


def only_where(is_there: NDArray[np.bool_], part: Part) -> Part:
    """Return a part that only some have."""
    if is_there.all():
        return part
    return Part(np.where(is_there, part.starts, NO_VALUE), np.where(is_there, part.ends, NO_VALUE))


class _NoMoment(Moment):
    """The moment of a line without a timestamp; it has an offset so that it gets none."""

    __slots__ = ()

    @property
    def text(self) -> bytes:
        """Nothing."""
        return b""


_NEVER = _NoMoment(1, 1, 1, 0, 0, 0, b"", b"Z")


def no_moment(style: Style) -> Style:
    """Return a style that also takes the empty text for a timestamp: that of a line without one."""

    def moment(match: "re.Match[bytes]") -> Moment:
        return style.read(match) if match[0] else _NEVER

    return style._replace(pattern=re.compile(b"(?:" + style.pattern.pattern + b")?"), read=moment)


def no_stamps(count: int) -> Stamped:
    """Return as many empty timestamps."""
    return Stamped(bytearray(8 * count), 8, np.zeros(count, np.int64), np.ones(count, bool))


class UnstampedScanner(VectorScanner):
    """Scans lines that may have no timestamp."""

    def scan(self, chunk: Chunk) -> Scan:
        """Tell what became of every line of ``chunk``."""
        scan = super().scan(chunk)
        stamps = scan.entries.timestamps
        is_none = stamps.starts == stamps.ends
        if is_none.any():
            stamps = stamps._replace(
                starts=np.where(is_none, NO_VALUE, stamps.starts), ends=np.where(is_none, NO_VALUE, stamps.ends)
            )
        return scan._replace(entries=scan.entries._replace(timestamps=stamps))
