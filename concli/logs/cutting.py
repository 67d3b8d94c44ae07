"""Where a text may be cut so that no entry is torn apart, and the months it goes through."""

import re
from collections.abc import Iterator
from itertools import pairwise

from concli.logs.formats.format import Format, Reading

__all__ = ["entry_begin", "last_begin", "last_finished", "month_of", "months_in", "years_between"]

_LF = b"\n"
# A text up to this size is looked at line by line for months. Of a larger one, as many bytes are passed over between
# two entries of the same month: 64 looks at a chunk cost less than a tenth of what it costs to read it.
_LOOK_AT_ALL = 256 * 1024
_STRIDE = 32 * 1024
# A fall by more months than this is a New Year, and not two entries out of order.
_FALL = 6


def entry_begin(chosen: Format, reading: Reading) -> re.Pattern[bytes] | None:
    """Return what matches at the beginning of an entry, None if each line is one."""
    if not reading.joins(chosen.joins):
        return None
    return reading.multiline if isinstance(reading.multiline, re.Pattern) else chosen.begins


def last_begin(begins: re.Pattern[bytes], text: bytearray, start: int, end: int) -> int:
    r"""Return where the last line begins in ``text[start:end]``, whole lines, that ``begins`` matches; -1 if none.

    >>> last_begin(re.compile(b"[0-9]"), bytearray(b"1 a\n b\n2 c\n d\n"), 0, 14)
    7
    """
    while end > start:
        at = max(start, text.rfind(_LF, start, end - 1) + 1)
        # The line on its own, for what a pattern may say of its beginning and its end.
        if begins.match(_line(text, at, end)):
            return at
        end = at
    return -1


def last_finished(unfinished: re.Pattern[bytes], text: bytearray, end: int) -> int:
    r"""Return where the last line ends in ``text[:end]``, whole lines, that ``unfinished`` does not match; 0 for none.

    >>> last_finished(re.compile(b"P "), bytearray(b"P a\nF b\nP c\nP d\n"), 16)
    8
    """
    while end > 0:
        at = text.rfind(_LF, 0, end - 1) + 1
        if not unfinished.match(_line(text, at, end)):
            break
        end = at
    return end


def _line(text: bytearray, start: int, end: int) -> bytes:
    """Return a line without its end."""
    line = bytes(memoryview(text)[start : end - 1])
    return line[:-1] if line.endswith(b"\r") else line


def month_of(text: bytes) -> int:
    """Return the number of a month written as a number or as an English name, 0 if it is none.

    >>> month_of(b"Nov"), month_of(b" 7"), month_of(b"x")
    (11, 7, 0)
    """
    number = b"janfebmaraprmayjunjulaugsepoctnovdec".find(text[:3].lower()) if len(text) > 2 else -1
    if number >= 0:
        return number // 3 + 1 if number % 3 == 0 else 0
    return int(text) if text.strip().isdigit() and 0 < int(text) < 13 else 0


def years_between(months: list[int]) -> int:
    """Return how many New Years there are in months in a row.

    >>> years_between([11, 12, 1, 2, 1, 12, 2])
    2
    """
    return sum(before - after > _FALL for before, after in pairwise(months))


def months_in(text: bytearray, size: int, chosen: Format) -> list[int]:
    """Return the months of the entries in ``text[:size]``, whole lines, without those that repeat the one before.

    In a large text, entries of one month near to each other are taken to have no others between them.
    """
    if size <= _LOOK_AT_ALL:
        return _without_repeats(_months(text, 0, size, chosen))
    places = [text.rfind(_LF, 0, at) + 1 for at in range(0, size, _STRIDE)]
    places = sorted({*places, max(0, last_begin(chosen.begins, text, 0, size))})
    months: list[int] = []
    for before, at, after in zip([0, *places], places, [*places[1:], size], strict=False):
        month = next(_months(text, at, after, chosen), 0)
        if months and month and month != months[-1]:
            months += _months(text, before, at, chosen)
        if month:
            months.append(month)
    return _without_repeats(iter(months))


def _months(text: bytearray, start: int, end: int, chosen: Format) -> Iterator[int]:
    while start < end:
        stop = text.find(_LF, start, end) + 1 or end
        found = chosen.begins.match(_line(text, start, stop))
        month = month_of(found[chosen.month] or b"") if found else 0
        if month:
            yield month
        start = stop


def _without_repeats(months: Iterator[int]) -> list[int]:
    kept: list[int] = []
    for month in months:
        if not kept or kept[-1] != month:
            kept.append(month)
    return kept
