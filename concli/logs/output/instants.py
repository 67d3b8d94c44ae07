"""Timestamps as numbers that can be compared, all of a column at once."""

import numpy as np
from numpy.typing import NDArray

from concli.logs.entries import Column
from concli.logs.line_finder import Positions

__all__ = ["NO_INSTANT", "instants"]

#: What stands for a timestamp that is missing, or is none.
NO_INSTANT = np.iinfo(np.int64).min

_WIDTH = 40  # bytes; the longest there are have 35
_SECONDS = len("YYYY-MM-DDTHH:MM:SS")
_OFFSET = len("+HH:MM")
_NANOSECONDS = 1_000_000_000
# What fits into 64 bits; years outside, of which there are none in logs, all count as the first or last of these.
_FIRST_YEAR, _LAST_YEAR = 1678, 2261


def instants(column: Column) -> Positions:
    """Return nanoseconds since the epoch; a timestamp without an offset counts as UTC.

    >>> stamps = [b"1970-01-01T00:00:01Z", b"1970-01-01T01:00:00.5+01:00", b"soon"]
    >>> ends = np.cumsum(list(map(len, stamps)))
    >>> instants(Column(b"".join(stamps), ends - list(map(len, stamps)), ends))[:2].tolist()
    [1000000000, 500000000]
    """
    found = np.full(len(column.starts), NO_INSTANT, np.int64)
    lengths = column.ends - column.starts
    rows = np.flatnonzero(lengths >= _SECONDS)
    if not rows.size:
        return found
    starts, lengths, buffer = column.starts[rows], lengths[rows], column.buffer
    if len(buffer) < int(starts.max()) + _WIDTH:
        buffer = b"".join((buffer, bytes(_WIDTH)))
    blocks = np.ndarray((len(buffer) - _WIDTH + 1,), f"V{_WIDTH}", buffer, strides=(1,))[starts]
    # A row a place, a column a timestamp. What is no digit becomes more than 9.
    digits = (blocks.view(np.uint8).reshape(-1, _WIDTH).T - np.uint8(ord("0"))).copy()
    fields = [digits[place] * np.int64(10) + digits[place + 1] for place in (0, 2, 5, 8, 11, 14, 17)]
    century, year, month, day, hour, minute, second = fields
    valid = np.all(digits[[0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18]] < 10, axis=0)
    year = np.clip(century * 100 + year, _FIRST_YEAR, _LAST_YEAR)
    seconds = ((_days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second
    seconds -= _offsets(column, starts, lengths) * 60
    found[rows[valid]] = (seconds * _NANOSECONDS + _fractions(digits, lengths))[valid]
    return found


def _days(year: Positions, month: Positions, day: Positions) -> Positions:
    """Return days since the epoch, by counting years from March as that puts the leap day last."""
    year = year - (month <= 2)
    era = year // 400
    of_era = year - era * 400
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    days: Positions = era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468
    return days


def _fractions(digits: NDArray[np.uint8], lengths: Positions) -> Positions:
    fractions = np.zeros(len(lengths), np.int64)
    point = (ord(".") - ord("0")) % 256
    goes_on = (digits[_SECONDS] == point) & (lengths > _SECONDS)
    unit = _NANOSECONDS
    for place in range(_SECONDS + 1, _SECONDS + 10):
        goes_on &= (digits[place] < 10) & (lengths > place)
        if not goes_on.any():
            break
        unit //= 10
        fractions += np.where(goes_on, digits[place], 0) * np.int64(unit)
    return fractions


def _offsets(column: Column, starts: Positions, lengths: Positions) -> Positions:
    """Return the offsets from UTC in minutes."""
    data = np.frombuffer(column.buffer, np.uint8)
    offsets = np.zeros(len(starts), np.int64)
    ends = starts + lengths
    rows = np.flatnonzero((lengths >= _SECONDS + _OFFSET) & (data[ends - 3] == ord(":")))
    at = ends[rows] - _OFFSET
    tens = [data[at + place].astype(np.int64) - ord("0") for place in (1, 2, 4, 5)]
    minutes = (tens[0] * 10 + tens[1]) * 60 + tens[2] * 10 + tens[3]
    offsets[rows] = minutes * ((data[at] == ord("+")).astype(np.int64) - (data[at] == ord("-")))
    return offsets
