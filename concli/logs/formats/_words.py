"""Looking at the same few bytes of many lines at once, eight or sixty-four to a 64-bit word."""

import numpy as np
from numpy.typing import NDArray

from concli.logs.line_finder import Positions
from concli.logs.stamps import Words

__all__ = ["WIDTHS", "Cursor", "Template", "Text", "first_byte", "holds_digits"]

_TOP_BITS = np.uint64(0x8080808080808080)
_ONE = np.uint64(1)
_AHEAD = 8  # bytes by which a cursor may be moved after a search
_IN_REACH = np.uint64((1 << (64 - _AHEAD)) - 1)
_TRIES = 8
WIDTHS = np.array([(1 << 8 * n) - 1 for n in range(9)] + [0] * 248, np.uint64)


class Text:
    """The text of a chunk: ``size`` bytes of ``buffer``, padded, and lines from ``starts`` to ``ends``."""

    def __init__(self, buffer: bytes | bytearray, size: int, starts: Positions, ends: Positions) -> None:
        self.buffer, self.size, self.starts, self.ends = buffer, size, starts, ends
        self.bytes: NDArray[np.uint8] = np.frombuffer(buffer, np.uint8)
        self._words = np.ndarray((size,), "<u8", buffer, strides=(1,))

    def records(self, places: Positions, width: int) -> NDArray[np.void]:
        """Return the ``width`` bytes, at most 64, from each place on; it costs the same whatever the width."""
        found: NDArray[np.void] = np.ndarray((self.size,), f"V{width}", self.buffer, strides=(1,))[places]
        return found

    def words(self, places: Positions) -> Words:
        """Return 8 bytes from each place on."""
        found: Words = self._words[places]
        return found

    def heads(self, places: Positions) -> Words:
        """Return 32 bytes from each place on, as four rows of words."""
        return self.records(places, 32).view("<u8").reshape(-1, 4).T.copy()


def first_byte(words: Words, byte: int) -> Positions:
    """Return the place of the first such byte in each word, 8 if there is none."""
    difference = words ^ np.uint64(byte * 0x0101010101010101)
    # The lowest bit that this sets is right, whatever the carries do above it.
    zero = difference - np.uint64(0x0101010101010101)
    zero &= ~difference
    zero &= _TOP_BITS
    zero &= np.negative(zero)
    places: Positions = (np.bitwise_count(zero - _ONE) >> 3).astype(np.int64)
    return places


def holds_digits(words: Words, widths: Positions) -> NDArray[np.bool_]:
    """Tell whether the first bytes of each word, 1 to 8 of them, are digits."""
    difference = words ^ np.uint64(0x3030303030303030)
    wrong = difference + np.uint64(0x7676767676767676)
    wrong |= difference
    wrong &= _TOP_BITS
    wrong &= WIDTHS.take(widths, mode="clip")
    found: NDArray[np.bool_] = wrong == 0
    found &= widths > 0
    found &= widths <= 8
    return found


class Template:
    """A text of fixed width, at most 32 bytes, in which ``0`` stands for any digit and ``?`` for any byte."""

    def __init__(self, text: bytes) -> None:
        padded = text + b"?" * (-len(text) % 8 or 8 * (not text))
        self._count = len(padded) // 8

        def column(values: list[int]) -> Words:
            return np.frombuffer(bytes(values), "<u8")

        # Subtracting (as XOR) the pattern leaves 0-9 where a digit belongs and 0 elsewhere. Adding 0x76 or 0x7F
        # then sets the top bit of each byte that is more than that, and a byte past 0x7F has it already. A
        # carry comes only out of such a byte, so it can't make a wrong line right.
        self._pattern = column([0 if c == ord("?") else c for c in padded])
        self._mask = column([0 if c == ord("?") else 0xFF for c in padded])
        self._limit = column([0x76 if c == ord("0") else 0x7F for c in padded])
        self._has_gaps = b"?" in padded

    def fits(self, words: Words) -> NDArray[np.bool_]:
        """Tell which texts, of four words each, begin with this."""
        all_wrong = np.zeros(words.shape[1], np.uint64)
        for number in range(self._count):
            difference = words[number] ^ self._pattern[number]
            if self._has_gaps:
                difference &= self._mask[number]
            all_wrong |= difference
            difference += self._limit[number]
            all_wrong |= difference
        all_wrong &= _TOP_BITS
        fits: NDArray[np.bool_] = all_wrong == 0
        return fits


class Cursor:
    """A place in each of many lines, moved on by searching. What can't be found makes a line ``lost``.

    It looks at windows of 64 bytes. Where in them each of ``patterns`` is, texts of one or two bytes, is told by
    the bits of a word a line; the place is one such bit, so that to search is to do a few sums.
    """

    def __init__(self, text: Text, places: Positions, ends: Positions, *patterns: bytes) -> None:
        self._text, self._ends, self._patterns = text, ends, patterns
        self._bases = places
        self._is_own = False  # the array of places
        self._found = self._look(places)
        self._at = np.ones(len(places), np.uint64)
        self._places: Positions | None = places
        self.lost = np.zeros(len(places), bool)

    def _look(self, places: Positions) -> dict[bytes, Words]:
        window = self._text.records(places, 64).view(np.uint8)
        marks: dict[int, Words] = {}
        for byte in {byte for pattern in self._patterns for byte in pattern}:
            marks[byte] = np.packbits(window == byte, bitorder="little").view("<u8")
        found = {pattern: marks[pattern[0]] for pattern in self._patterns}
        for pattern in self._patterns:
            if len(pattern) > 1:
                found[pattern] = found[pattern] & (marks[pattern[1]] >> _ONE)
        return found

    @property
    def places(self) -> Positions:
        """Where the cursor is, at most 64 bytes past the end of the line."""
        if self._places is None:
            self._places = self._bases + np.bitwise_count(self._at - _ONE)
        return self._places

    def step(self, count: int = 1) -> None:
        """Move on by some bytes, at most 8 in all until the next search."""
        self._at = self._at << np.uint64(count)
        if self._places is not None:
            self._places = self._places + count

    def expect(self, text: bytes) -> None:
        """Hold that here is this text, of few bytes, and move on behind it."""
        for byte in text:
            self.lost |= self._text.bytes[self.places] != byte
            self.step()

    def is_at(self, byte: bytes) -> NDArray[np.bool_]:
        """Tell where this byte is here."""
        found: NDArray[np.bool_] = self._text.bytes[self.places] == byte[0]
        return found

    def find(self, *patterns: bytes) -> None:
        """Move on to where any of the patterns is, which may be here."""
        self._search(patterns)

    def skip(self, pattern: bytes) -> None:
        """Move on to where the pattern is not."""
        self._search((pattern,), invert=True)

    def find_if(self, only: NDArray[np.bool_], pattern: bytes) -> None:
        """Move on as ``find`` does in some lines."""
        self._search((pattern,), only=only)

    def step_if(self, only: NDArray[np.bool_]) -> None:
        """Move on by a byte in some lines."""
        self._at = self._at << only.astype(np.uint64)
        self._places = None

    def _search(
        self, patterns: tuple[bytes, ...], *, invert: bool = False, only: NDArray[np.bool_] | None = None
    ) -> None:
        marks = self._found[patterns[0]]
        for pattern in patterns[1:]:
            marks = marks | self._found[pattern]
        if invert:
            if not (marks & self._at).any():
                return
            marks = ~marks
        ahead = np.negative(self._at)  # all bits from there on
        ahead &= marks
        ahead &= np.negative(ahead)
        ahead &= _IN_REACH
        if only is not None:
            ahead = np.where(only, ahead, self._at)
        missing = np.flatnonzero(ahead == 0)
        if not missing.size:
            self._at, self._places = ahead, None
            return
        here = self.places[missing]
        self._at, self._places = ahead, None
        self._search_on(missing, here, patterns, invert=invert)

    def _search_on(self, missing: Positions, here: Positions, patterns: tuple[bytes, ...], *, invert: bool) -> None:
        """Search in further windows."""
        if not self._is_own:
            self._bases, self._is_own = self._bases.copy(), True
            self._found = {pattern: marks.copy() for pattern, marks in self._found.items()}
        for _ in range(_TRIES):
            is_lost = here > self._ends[missing]
            if is_lost.any():
                self._lose(missing[is_lost])
                missing, here = missing[~is_lost], here[~is_lost]
            if not missing.size:
                return
            looked = self._look(here)
            marks = looked[patterns[0]]
            for pattern in patterns[1:]:
                marks = marks | looked[pattern]
            if invert:
                marks = ~marks
            marks = marks & np.negative(marks)
            marks &= _IN_REACH
            self._bases[missing] = here
            for pattern, words in looked.items():
                self._found[pattern][missing] = words
            self._at[missing] = marks
            left = marks == 0
            missing, here = missing[left], here[left] + (64 - _AHEAD)
        self._lose(missing)

    def _lose(self, lines: Positions) -> None:
        self.lost[lines] = True
        self._at[lines] = 1
        self._bases[lines] = self._ends[lines]
