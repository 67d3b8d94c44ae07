"""Where in a text something may be that is to be hidden: seldom wrong, never missing one, and by vectors alone.

A pattern is tried on a value only if this finds a place in it, so that a chunk without any costs little.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from concli.logs.choice.values import at
from concli.logs.line_finder import Positions

__all__ = ["suspicious_places"]

Bytes = NDArray[np.uint8]

# What tokens begin with, and the names end with that have a secret for their value, in lower case.
_BEGINNINGS = b"eyj akia asia ghp_ gho_ ghu_ ghs_ ghr_ gith glpa xox sk_ rk_ sk- aiza bear basi"
_ENDINGS = b"pass word sswd rase pwd cret tial ials oken ikey _key -key skey tkey ekey onid n_id n-id ture"

# What a byte may be: in a word, the first or second of a beginning, in a token, a sign behind a name, between the two.
_WORD, _FIRST, _SECOND, _TOKEN, _SIGN, _BETWEEN = (1 << n for n in range(6))


def _table() -> bytes:
    table = bytearray(256)
    word = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"
    first, second = (bytes(beginning[n] for beginning in _BEGINNINGS.split()) for n in (0, 1))
    members = {_WORD: word, _FIRST: first + first.upper(), _SECOND: second + second.upper(), _TOKEN: word + b"+/-"}
    for flag, those in {**members, _SIGN: b"=:", _BETWEEN: b" \t\"'\\"}.items():
        for byte in those:
            table[byte] |= flag
    return bytes(table)


_FLAGS = _table()
_IS_WORD = (np.frombuffer(_FLAGS, np.uint8) & _WORD) != 0
_WHOLE = np.uint64(0x0101010101010101 * _TOKEN)
_LOWER = np.uint32(0x20202020)
_MARGIN = 8  # bytes before and behind a block that may be read
_BLOCK, _LONGEST = 1 << 17, 64  # no finder looks at more than so many bytes for one place
_LONG_BEGINNINGS, _LONG_ENDINGS = (
    [(int.from_bytes(bytes(c | 0x20 for c in word), "little"), len(word)) for word in words.split()]
    for words in (_BEGINNINGS, _ENDINGS)
)


def _addresses(data: Bytes) -> list[Positions]:
    """Find three points, each between digits, close together, and colons as only IPv6 has them."""
    points = np.flatnonzero(data[1:-1] == ord(".")) + 1
    digits = (data[points - 1] - np.uint8(48) <= 9) & (data[points + 1] - np.uint8(48) <= 9)
    points = points[digits]
    colons = np.flatnonzero(data == ord(":"))
    return [
        points[:-2][points[2:] - points[:-2] <= 8],
        colons[:-1][np.diff(colons) == 1],
        colons[:-6][colons[6:] - colons[:-6] <= 30],
    ]


def _emails(data: Bytes) -> list[Positions]:
    return [np.flatnonzero(data == ord("@"))]


def _tokens(data: Bytes) -> list[Positions]:
    flags = np.frombuffer(data.tobytes().translate(_FLAGS), np.uint8)
    # A run of 32 holds at least three whole words of eight bytes in a row.
    whole = (flags[: len(flags) // 8 * 8] & np.uint8(_TOKEN)).view(np.uint64) == _WHOLE
    runs = np.flatnonzero(whole[2:] & whole[1:-1] & whole[:-2]) * 8
    begins = (flags[:-2] & _WORD) < (flags[1:-1] & _FIRST)
    begins &= (flags[2:] & _SECOND) != 0
    words = np.flatnonzero(begins) + 1
    words = words[_are_any(at(data.data, "<u4", words), _LONG_BEGINNINGS, at_end=False)]
    signs = np.flatnonzero((flags & _SIGN) != 0)
    names = signs - 1
    for _ in range(4):
        names -= (flags[names] & _BETWEEN) != 0
    ends = signs[_are_any(at(data.data, "<u4", names - 3), _LONG_ENDINGS, at_end=True)]
    found = [runs, words, ends]
    if (data == ord("@")).any():
        colons = np.flatnonzero(data == ord(":"))
        found.append(colons[at(data.data, "<u2", colons + 1) == int.from_bytes(b"//", "little")])
    return found


def _are_any(words: NDArray[np.uint32], wanted: Sequence[tuple[int, int]], *, at_end: bool) -> NDArray[np.bool_]:
    """Tell which four bytes, as numbers and in any case, begin with one that is wanted, or end with it."""
    words = words | _LOWER
    found = np.zeros(len(words), bool)
    for number, width in wanted:
        shift = np.uint32(32 - 8 * width)
        found |= (words >> shift if at_end else words << shift >> shift) == number
    return found


_FINDERS: dict[str, Callable[[Bytes], list[Positions]]] = {"ip": _addresses, "email": _emails, "token": _tokens}


def suspicious_places(rule: str, buffer: bytes | bytearray, starts: Sequence[Positions], size: int) -> Positions:
    """Return, in order, places in ``buffer[:size]`` so that each value with something to hide has one of them in it.

    ``rule`` is the name of a built-in one, and ``starts`` are where values start, by column. A place may come twice.
    """
    whole = np.frombuffer(buffer, np.uint8, size)
    found = [_packed_tokens(whole, column) for column in starts] if rule == "token" else []
    # By blocks that stay in the cache. Each is seen with the beginning of the next and a margin on both sides.
    for begin in range(0, size, _BLOCK):
        first, last = max(0, begin - _MARGIN), min(size, begin + _BLOCK + _LONGEST)
        block = np.zeros(last - begin + 2 * _MARGIN, np.uint8)
        block[_MARGIN - (begin - first) : -_MARGIN] = whole[first:last]
        found += [places + (begin - _MARGIN) for places in _FINDERS[rule](block)]
    places = np.concatenate(found) if found else np.empty(0, np.int64)
    return np.sort(places[(places >= 0) & (places < size)])


def _packed_tokens(data: Bytes, starts: Positions) -> Positions:
    """Return where a value begins as a token does, and what is in front of it is part of another word."""
    starts = starts[(starts > 0) & (starts <= len(data) - 4)]
    inside: Positions = starts[_IS_WORD[data[starts - 1]]]
    begins = _are_any(at(data.data, "<u4", inside), _LONG_BEGINNINGS, at_end=False)
    return inside[begins]
