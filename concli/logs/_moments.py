"""Timestamps as logs have them, one by one: their layouts, and whether there can be such a moment."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

__all__ = ["ACCESS", "BSD", "ISO", "NO_YEAR", "SHORT", "Moment", "Style"]

NO_YEAR = -1
_MONTHS = {name: n for n, name in enumerate(b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)}
_MONTH = b"(" + b"|".join(_MONTHS) + b")"
_TIME = rb"([0-9]{2}):([0-9]{2}):([0-9]{2})"


class Moment(NamedTuple):
    """A timestamp as it was written. Without a year that is ``NO_YEAR``; ``fraction`` begins with a point.

    ``offset`` is ``Z`` or like ``+01:00``, if there is one.
    """

    year: int
    month: int
    day: int
    hour: int
    minute: int
    second: int
    fraction: bytes = b""
    offset: bytes = b""

    @property
    def start(self) -> datetime:
        """The moment without zone and fraction, a leap second as the one before, a ValueError if there is none."""
        if self.second > 60 or (len(self.offset) == 6 and not (self.offset[1:3] < b"24" and self.offset[4:] < b"60")):
            raise ValueError
        moment = datetime(*self[:5], min(self.second, 59), tzinfo=UTC)
        return moment.replace(tzinfo=None)

    @property
    def text(self) -> bytes:
        """The moment in ISO 8601."""
        return b"%04d-%02d-%02dT%02d:%02d:%02d" % self[:6] + self.fraction + self.offset


class Style(NamedTuple):
    """A layout of timestamps. ``pattern`` matches one, and ``read`` makes a moment of the match.

    The first ``key`` bytes, at most 16, end with the hour, and ``time`` is where ``HH:MM:SS`` is; a fraction
    stands right behind it. No two styles have the same ``key``.
    """

    pattern: re.Pattern[bytes]
    read: Callable[[re.Match[bytes]], Moment]
    key: int
    time: int

    def moment(self, stamp: bytes) -> Moment | None:
        """Read a timestamp, None if it is not of this style."""
        match = self.pattern.fullmatch(stamp)
        return self.read(match) if match else None


def _in_order(match: re.Match[bytes]) -> Moment:
    """Read year, month, day, hour, minute, second, fraction and offset."""
    *numbers, fraction, offset = match.groups()
    offset = (offset or b"").strip()
    if len(offset) == 5:
        offset = offset[:3] + b":" + offset[3:]
    year, month, day, hour, minute, second = map(int, numbers)
    century = 2000 if len(numbers[0]) == 2 else 0
    return Moment(year + century, month, day, hour, minute, second, b"." + fraction[1:] if fraction else b"", offset)


def _day_first(match: re.Match[bytes]) -> Moment:
    day, month, year, hour, minute, second, offset = match.groups()
    numbers = int(year), _MONTHS[month], int(day), int(hour), int(minute), int(second)
    return Moment(*numbers, b"", offset[:3] + b":" + offset[3:])


def _month_first(match: re.Match[bytes]) -> Moment:
    month, day, hour, minute, second = match.groups()
    return Moment(NO_YEAR, _MONTHS[month], int(day), int(hour), int(minute), int(second))


#: ``2026-11-22 16:35:43,989 +0100``, from the fraction on with what there is.
ISO = Style(
    re.compile(
        rb"([0-9]{4})-([0-9]{2})-([0-9]{2})[T ]" + _TIME + rb"([.,][0-9]{1,9})?(Z| ?[+-][0-9]{2}:?[0-9]{2}(?![0-9]))?"
    ),
    _in_order,
    key=13,
    time=11,
)
#: ``26/11/22 16:35:43``
SHORT = Style(re.compile(rb"([0-9]{2})/([0-9]{2})/([0-9]{2}) " + _TIME + rb"([.,][0-9]{1,9})?()"), _in_order, 11, 9)
#: ``22/Nov/2026:16:35:43 +0100``
ACCESS = Style(
    re.compile(rb"([0-9]{2})/" + _MONTH + rb"/([0-9]{4}):" + _TIME + rb" ([+-][0-9]{4})"), _day_first, key=14, time=12
)
#: ``Nov  2 16:35:43``
BSD = Style(re.compile(_MONTH + rb" ([ 0-3][0-9]) " + _TIME), _month_first, key=9, time=7)
