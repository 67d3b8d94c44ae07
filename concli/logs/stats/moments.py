"""ISO 8601 timestamps of many entries read at once, and moments written as such.

A moment is an integer: microseconds since 1970, in UTC where the timestamp has an offset and else as it stands.
"""

import datetime as dt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from concli.logs.entries import Column

__all__ = ["NO_MOMENT", "Moments", "iso", "moments_of"]

Integers = NDArray[np.int64]

#: That of an entry whose timestamp is none.
NO_MOMENT = -(1 << 62)

_WIDTH = 19  # of YYYY-MM-DDTHH:MM:SS
_DIGITS = (0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18)
_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - so that both kinds are added alike


class Moments(NamedTuple):
    """``at`` has a moment for each entry; ``zoned`` is how many of them have an offset."""

    at: Integers
    zoned: int


def moments_of(column: Column, chosen: Integers) -> Moments:
    """Return the moments of the chosen entries."""
    starts, ends = column.starts[chosen], column.ends[chosen]
    at = np.full(len(starts), NO_MOMENT, np.int64)
    long = ends - starts >= _WIDTH
    whole = bool(long.all())
    if not whole:
        starts, ends = starts[long], ends[long]
    if not len(starts):
        return Moments(at, 0)
    data = np.frombuffer(column.buffer, np.uint8)
    seconds, good = _seconds(data, starts)
    seconds *= 1_000_000
    zoned = 0
    if (ends - starts > _WIDTH).any():
        offsets, widths = _offsets(data, starts, ends)
        zoned = int(np.count_nonzero(good & (widths > 0)))
        seconds -= offsets * 1_000_000
        seconds += _fractions(data, starts + _WIDTH, ends - widths)
    seconds[~good] = NO_MOMENT
    if whole:
        return Moments(seconds, zoned)
    at[long] = seconds
    return Moments(at, zoned)


def _seconds(data: NDArray[np.uint8], starts: Integers) -> tuple[Integers, NDArray[np.bool_]]:
    """Return the whole seconds, and whether digits stand where they must."""
    records = np.ndarray((len(data) - _WIDTH + 1,), f"V{_WIDTH}", data, strides=(1,))[starts]
    rows = records.view(np.uint8).reshape(-1, _WIDTH)[:, _DIGITS] - np.uint8(ord("0"))
    good: NDArray[np.bool_] = np.logical_and.reduce(rows < 10, axis=1)
    d = np.ascontiguousarray(rows.T).astype(np.int32)
    year = d[0] * 1000 + d[1] * 100 + d[2] * 10 + d[3]
    month, day = d[4] * 10 + d[5], d[6] * 10 + d[7]
    # Days since 1970 of the proleptic Gregorian calendar; the year begins with March, so that leap days end it.
    early = month <= 2
    year -= early
    days = year * 365 + year // 4 - year // 100 + year // 400 + ((month + np.where(early, 9, -3)) * 153 + 2) // 5
    days += day - 719469
    of_day = (d[8] * 10 + d[9]) * 3600 + (d[10] * 10 + d[11]) * 60 + d[12] * 10 + d[13]
    return days.astype(np.int64) * 86400 + of_day, good


def _offsets(data: NDArray[np.uint8], starts: Integers, ends: Integers) -> tuple[Integers, Integers]:
    """Return the seconds that each is before UTC, and the bytes that say so, 0 if there are none."""
    widths = (data[ends - 1] == ord("Z")).astype(np.int64)
    offsets = np.zeros(len(starts), np.int64)
    long = np.flatnonzero((ends - starts >= _WIDTH + 6) & (data[ends - 3] == ord(":")))
    if long.size:
        last = ends[long]
        sign = data[last - 6]
        digits = [data[last - back].astype(np.int64) - ord("0") for back in (5, 4, 2, 1)]
        signed = (sign == ord("+")) | (sign == ord("-"))
        value = (digits[0] * 10 + digits[1]) * 3600 + (digits[2] * 10 + digits[3]) * 60
        offsets[long] = np.where(signed, np.where(sign == ord("-"), -value, value), 0)
        widths[long] = np.where(signed, 6, widths[long])
    return offsets, widths


def _fractions(data: NDArray[np.uint8], starts: Integers, ends: Integers) -> Integers:
    """Return the microseconds that stand behind a point or comma."""
    result = np.zeros(len(starts), np.int64)
    goes_on = ends - starts >= 2
    scale = 100_000
    for place in range(1, 7):
        goes_on = goes_on & (starts + place < ends)
        if not goes_on.any():
            break
        digit = data[np.where(goes_on, starts + place, 0)] - np.uint8(ord("0"))
        goes_on = goes_on & (digit < 10)
        result += np.where(goes_on, digit.astype(np.int64) * scale, 0)
        scale //= 10
    return result


def iso(moment: int, *, zoned: bool) -> str:
    """Write a moment as ISO 8601, with no more of a fraction than it has.

    >>> iso(1_500_000, zoned=True), iso(0, zoned=False)
    ('1970-01-01T00:00:01.5Z', '1970-01-01T00:00:00')
    """
    try:
        text = (_EPOCH + dt.timedelta(microseconds=moment)).isoformat()
    except OverflowError:
        return "beyond the calendar"
    return (text.rstrip("0") if "." in text else text) + ("Z" if zoned else "")
