"""Finding text and regular expressions in many values at once."""

import re
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from concli.logs.choice.values import begin_with, texts
from concli.logs.entries import Column
from concli.logs.line_finder import Positions

__all__ = ["find_all", "find_any", "plain_text", "search"]

_SPECIAL = frozenset(r"\.^$*+?{}[]|()")
_FEW_HITS = 200
_FAR = np.iinfo(np.int64).max >> 1
# With more hits than this to a value, by a sample of so many bytes, looking into the values one by one is quicker
# than noting all hits.
_MANY_HITS, _SAMPLE = 2, 1 << 16


def plain_text(pattern: re.Pattern[str]) -> bytes | None:
    r"""Return what a pattern without any special character looks for, None if it has some.

    >>> plain_text(re.compile("café")), plain_text(re.compile("caf."))
    (b'caf\xc3\xa9', None)
    """
    text = pattern.pattern
    if not text or _SPECIAL & set(text) or pattern.flags & ~re.UNICODE:
        return None
    return text.encode("utf-8", "surrogateescape")


def find_all(buffer: bytes | bytearray, starts: Positions, ends: Positions, needle: bytes) -> NDArray[np.bool_]:
    """Tell which spans of ``buffer`` hold ``needle``; one that starts below 0 does not."""
    if not len(starts):
        return np.zeros(0, bool)
    first, last = max(0, int(starts.min())), max(0, int(ends.max()))
    sampled = min(_SAMPLE, last - first)
    if buffer.count(needle, first, first + sampled) * (last - first) > _MANY_HITS * len(starts) * sampled:
        spans = zip(starts.tolist(), ends.tolist(), strict=True)
        return np.array([start >= 0 and buffer.find(needle, start, end) >= 0 for start, end in spans])
    return find_any(_hits(buffer, first, last, needle), len(needle), starts, ends)


def _hits(buffer: bytes | bytearray, first: int, last: int, needle: bytes) -> Positions:
    """Return where ``needle`` is between ``first`` and ``last``."""
    width = len(needle)
    overlaps = any(needle[:n] == needle[-n:] for n in range(1, width))
    hits, at = [], buffer.find(needle, first, last)
    while at >= 0:
        hits.append(at)
        at = buffer.find(needle, at + 1, last)
        if at >= 0 and len(hits) == _FEW_HITS and not overlaps:
            # Splitting is the quickest way to find many that can't overlap.
            pieces = bytes(memoryview(buffer)[at:last]).split(needle)
            gaps = np.fromiter(map(len, pieces), np.int64, len(pieces))
            return np.append(hits, np.cumsum(gaps[:-1] + width) - width + at)
    return np.array(hits, np.int64)


def find_any(hits: Positions, width: int, starts: Positions, ends: Positions) -> NDArray[np.bool_]:
    """Tell which spans hold any of ``hits``, which are in order and ``width`` wide; one below 0 does not."""
    if not hits.size:
        return np.zeros(len(starts), bool)
    next_hits = np.append(hits, _FAR)[np.searchsorted(hits, starts)]
    found: NDArray[np.bool_] = (next_hits + width <= ends) & (starts >= 0)
    return found


def search(column: Column, patterns: Iterable[re.Pattern[str]], keep: NDArray[np.bool_], *, found: bool) -> None:
    """Take those out of ``keep`` in whose value a pattern is not ``found``, or is if it is not to be.

    An entry without a value is taken out, too.
    """
    keep &= column.starts >= 0
    for pattern in patterns:
        needle = plain_text(pattern)
        prefix = None if needle is not None or pattern.pattern[:1] != "^" else _plain_prefix(pattern)
        if needle is not None:
            keep &= find_all(column.buffer, column.starts, column.ends, needle) == found
        elif prefix is not None:
            keep &= begin_with(column, prefix) == found
        else:
            chosen, look = np.flatnonzero(keep), pattern.search
            keep[chosen] = [(look(text) is not None) == found for text in texts(column, chosen)]


def _plain_prefix(pattern: re.Pattern[str]) -> bytes | None:
    text = pattern.pattern[1:]
    if _SPECIAL & set(text) or pattern.flags & ~re.UNICODE:
        return None
    return text.encode("utf-8", "surrogateescape")
