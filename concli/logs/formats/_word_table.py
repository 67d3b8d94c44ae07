"""Words as numbers, told for many lines at once."""

import random
import re

import numpy as np
from numpy.typing import NDArray

from concli.logs.formats._words import WIDTHS
from concli.logs.line_finder import Positions
from concli.logs.stamps import Words

__all__ = ["WordTable"]


class WordTable:
    """Numbers for the words that are met, those of up to 8 bytes found for many lines at once."""

    MOST = 255

    def __init__(self, pattern: re.Pattern[bytes], *known: bytes) -> None:
        self.names = [b""]
        self._pattern = pattern
        self._numbers: dict[bytes, int] = {}
        self._short: dict[bytes, int] = {}
        self._factor = np.uint64(0x9E3779B97F4A7C15)
        self._lay_out()
        for word in known:
            self.number(word)

    @property
    def is_filling(self) -> bool:
        """Whether it is time for a new one."""
        return len(self.names) > self.MOST // 2

    def number(self, word: bytes) -> int | None:
        """Return the number of a word, None if there are too many."""
        number = self._numbers.get(word)
        if not word:
            return 0
        if number is None and len(self.names) <= self.MOST:
            number = self._numbers[word] = len(self.names)
            self.names.append(word)
            if 0 < len(word) <= 8 and b"\0" not in word and len(self._short) < 64:
                self._short[word] = number
                self._lay_out()
        return number

    def find(self, words: Words, lengths: Positions) -> NDArray[np.uint8]:
        """Return the numbers of words that begin with ``words``, 0 for what is none of a listed word."""
        words = words & WIDTHS.take(lengths, mode="clip")
        numbers = self._look_up(words, lengths)
        unknown = np.flatnonzero(numbers == 0)
        if unknown.size:
            is_new = False
            for word in np.unique(words[unknown])[: self.MOST].tolist():
                name = word.to_bytes(8, "little").rstrip(b"\0")
                if name not in self._numbers and self._pattern.fullmatch(name):
                    is_new |= self.number(name) is not None
            if is_new:
                numbers[unknown] = self._look_up(words[unknown], lengths[unknown])
        return numbers

    def _look_up(self, words: Words, lengths: Positions) -> NDArray[np.uint8]:
        slots = self._slots(words, self._factor)
        numbers: NDArray[np.uint8] = self._table_numbers.take(slots)
        numbers *= self._table_words.take(slots) == words
        numbers *= self._lengths.take(numbers) == lengths  # a word may end with NULs
        return numbers

    @staticmethod
    def _slots(words: Words, factor: np.uint64) -> NDArray[np.int64]:
        slots = words * factor
        slots >>= np.uint64(52)
        return slots.view(np.int64)

    def _lay_out(self) -> None:
        """Give each short word a slot of its own."""
        words = np.array([int.from_bytes(word, "little") for word in self._short], np.uint64)
        chance = random.Random(len(words))  # noqa: S311 - nothing is to be kept secret
        while len(set(self._slots(words, self._factor).tolist())) < len(words):
            self._factor = np.uint64(chance.getrandbits(64) | 1)
        self._table_words = np.zeros(1 << 12, np.uint64)
        self._table_numbers = np.zeros(1 << 12, np.uint8)
        slots = self._slots(words, self._factor)
        self._table_words[slots] = words
        self._table_numbers[slots] = list(self._short.values())
        self._lengths = np.full(256, -1, np.int64)
        self._lengths[: len(self.names)] = [len(name) for name in self.names]
