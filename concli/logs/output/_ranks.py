"""How many bytes of some kind are in each of many spans of a buffer."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from concli.logs.line_finder import Positions

__all__ = ["Mask", "Ranks", "Special", "count", "is_not_ascii"]

#: Tells of each byte whether it is of the kind; may write its answer to ``out``.
Mask = Callable[..., NDArray[np.bool_]]

_AT_ONCE = 1 << 18  # bytes, so that the scratch array stays in the cache; a multiple of 64


def count(data: NDArray[Any], mask: Mask) -> int:
    """Return how many bytes are of the kind."""
    scratch = np.empty(min(len(data), _AT_ONCE), bool)
    total = 0
    for at in range(0, len(data), _AT_ONCE):
        part = data[at : at + _AT_ONCE]
        total += int(np.count_nonzero(mask(part, out=scratch[: len(part)])))
    return total


class Ranks:
    """Counts by place: a bit for each byte, and the count before each 64 of them.

    >>> ranks = Ranks(b"a,b,,c", lambda data, out: np.equal(data, ord(","), out=out))
    >>> ranks.within(np.array([0, 2, 5]), np.array([6, 5, 6])).tolist()
    [3, 2, 0]
    """

    def __init__(self, buffer: Any, mask: Mask) -> None:
        data = np.frombuffer(buffer, np.uint8) if len(buffer) else np.empty(0, np.uint8)
        self._words = np.zeros(len(data) // 64 + 1, np.uint64)
        packed = self._words.view(np.uint8)
        scratch = np.empty(min(len(data), _AT_ONCE), bool)
        for at in range(0, len(data), _AT_ONCE):
            part = data[at : at + _AT_ONCE]
            bits = np.packbits(mask(part, out=scratch[: len(part)]), bitorder="little")
            packed[at // 8 : at // 8 + len(bits)] = bits
        self._words = self._words.view("<u8")
        self._before = np.zeros(len(self._words), np.int64)
        np.cumsum(np.bitwise_count(self._words[:-1]), out=self._before[1:])

    def at(self, places: Positions) -> Positions:
        """Return how many there are before each place."""
        words = places >> 6
        below = (np.uint64(1) << (places & 63).astype(np.uint64)) - np.uint64(1)
        below &= self._words[words]
        counts: Positions = self._before[words] + np.bitwise_count(below)
        return counts

    def within(self, starts: Positions, ends: Positions) -> Positions:
        """Return how many there are in each span; 0 for one that starts and ends at -1."""
        counts = self.at(np.maximum(ends, 0))
        counts -= self.at(np.maximum(starts, 0))
        return counts


class Special:
    """Tells which bytes are special: those given, all controls if one of these is, on demand what is not ASCII."""

    def __init__(self, special: Iterable[bytes], *, not_ascii: bool = False) -> None:
        codes = [byte[0] for byte in special]
        self._controls = min(codes) < ord(" ")
        self._others = [code for code in codes if code >= ord(" ")]
        self._not_ascii = not_ascii
        members = [*range(32)] * self._controls + self._others + [*range(128, 256)] * not_ascii
        self.members = bytes(members)

    def __call__(self, data: NDArray[np.uint8], out: NDArray[np.bool_]) -> NDArray[np.bool_]:
        first, *others = self._others
        np.equal(data, first, out=out)
        for byte in others:
            out |= data == byte
        if self._not_ascii:  # which are negative, and so are less than a blank too
            out |= data.view(np.int8) < ord(" ")
        elif self._controls:
            out |= data < ord(" ")
        return out


def is_not_ascii(data: NDArray[np.uint8], out: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell which bytes are not ASCII."""
    return np.greater(data, 127, out=out)
