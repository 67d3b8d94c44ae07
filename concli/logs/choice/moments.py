"""Moments as people write them, and which timestamps come before one."""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from concli.errors import UsageError
from concli.logs.choice.values import at
from concli.logs.entries import Column
from concli.logs.line_finder import Positions

__all__ = ["Moment", "compare", "parse_moment"]

_WALL = 19  # bytes of YYYY-MM-DDTHH:MM:SS
_EARLIEST, _LATEST = b"0000-00-00T00:00:00", b"9999-99-99T99:99:99"
_TIME = r"(?P<time>\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d{1,9})?)"
_ZONE = r"\s?(?P<zone>Z|[+-]\d\d(?::?\d\d)?)?"
_ABSOLUTE = re.compile(
    rf"(?:(?P<date>\d{{4}}-\d\d-\d\d)|(?P<day>today|yesterday))(?:[ T]\s*{_TIME}{_ZONE})?", re.IGNORECASE
)
_TODAY_AT = re.compile(rf"{_TIME}{_ZONE}", re.IGNORECASE)
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_STEP = re.compile(
    r"\s*(\d{1,9}(?:\.\d{1,9})?)\s*(s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?)(?![a-z])",
    re.IGNORECASE,
)
_AGO = re.compile(r"\s+ago", re.IGNORECASE)
_SECONDS = re.compile(r"@(\d{1,11})(\.\d{1,9})?")


class Moment(NamedTuple):
    """A moment: what a clock on the wall shows then, to the second or with a fraction, and when it is.

    ``wall`` is ``YYYY-MM-DDTHH:MM:SS`` without an offset, in the zone it was asked for. ``instant`` is in UTC,
    None if nothing says in which zone the clock is.
    """

    wall: bytes
    instant: datetime | None = None

    def seen_at(self, offset: timedelta) -> bytes:
        """Return what a clock shows that has this offset from UTC."""
        if self.instant is None:
            return self.wall
        try:
            return _wall(self.instant + offset)
        except OverflowError:
            return _LATEST if offset > timedelta(0) else _EARLIEST


def parse_moment(text: str, now: datetime, zone: tzinfo | None = None, option: str = "") -> Moment:
    """Return the moment that ``text`` says; ``now`` has a zone.

    It is an ISO date, with or without a time, fraction and offset; ``today``, ``yesterday`` or a time of today;
    ``now``; seconds since the epoch behind an ``@``; or how long ago it was: ``2h ago``, ``30m``, ``1d 12h ago``.
    Without an offset it is in ``zone``. If there is none either, a date is what a timestamp shows, whatever its
    offset, and all that starts from now is in the zone of ``now``. Raises ``UsageError``, with ``option`` in front.

    >>> from datetime import UTC
    >>> parse_moment("90m ago", datetime(2026, 1, 1, 0, 30, tzinfo=UTC)).wall
    b'2025-12-31T23:00:00'
    """
    home = zone or now.tzinfo or UTC
    words = text.strip()
    try:
        moment = _absolute(words, now, home, zone) or _relative(words, now, home)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"{option}{': ' * bool(option)}{text!r}: there is no such time") from error
    if moment is None:
        raise UsageError(
            f"{option}{': ' * bool(option)}{text!r} is not a time; "
            "write 2026-01-31, 2026-01-31T10:00, 10:00, yesterday or 2h ago"
        )
    return moment


def _absolute(text: str, now: datetime, home: tzinfo, zone: tzinfo | None) -> Moment | None:
    match = _ABSOLUTE.fullmatch(text) or _TODAY_AT.fullmatch(text)
    if match is None:
        return None
    parts = match.groupdict()
    if parts.get("date"):
        day = date.fromisoformat(parts["date"])
    else:
        day = now.astimezone(home).date() - timedelta((parts.get("day") or "").lower() == "yesterday")
    clock, _, fraction = (parts["time"] or "00:00").replace(",", ".").partition(".")
    hour, minute, second = [*map(int, clock.split(":")), 0][:3]
    naive = datetime.combine(day, time(hour, minute, second, int(fraction[:6].ljust(6, "0"))))
    if not parts["zone"]:
        known = zone is not None or not parts.get("date")
        return Moment(_wall(naive), naive.replace(tzinfo=home).astimezone(UTC) if known else None)
    offset = _offset(parts["zone"])
    instant = naive.replace(tzinfo=timezone(offset)).astimezone(UTC)
    return Moment(_wall(instant.astimezone(home)), instant)


def _relative(text: str, now: datetime, home: tzinfo) -> Moment | None:
    ago, place = timedelta(0), 0
    if seconds := _SECONDS.fullmatch(text):
        instant = datetime.fromtimestamp(int(seconds[1]), UTC)
        instant += timedelta(seconds=float(seconds[2] or 0))
    else:
        if text.lower() != "now":
            while step := _STEP.match(text, place):
                ago += timedelta(seconds=float(step[1]) * _UNITS[step[2][0].lower()])
                place = step.end()
            if not place or (place < len(text) and not _AGO.fullmatch(text, place)):
                return None
        instant = now.astimezone(UTC) - ago
    return Moment(_wall(instant.astimezone(home)), instant)


def _offset(text: str) -> timedelta:
    if text in ("Z", "z"):
        return timedelta(0)
    digits = text[1:].replace(":", "").ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return -offset if text[0] == "-" else offset


def _wall(moment: datetime) -> bytes:
    shown = moment.replace(tzinfo=None).isoformat().encode()
    return shown.rstrip(b"0") if b"." in shown else shown


def compare(column: Column, moment: Moment) -> NDArray[np.int8]:
    """Return -1 for each timestamp before the moment, 1 for each behind it, 0 for the same.

    An offset is heeded where it and the moment's instant are known; else it is what the clocks show that is
    compared. Of an entry without a timestamp it says 0.
    """
    signs = np.zeros(len(column.starts), np.int8)
    widths = column.ends - column.starts
    whole = np.flatnonzero((widths >= _WALL) & (column.starts >= 0))
    starts, ends = column.starts[whole], column.ends[whole]
    if whole.size:
        groups = [(moment.wall, slice(None))] if moment.instant is None else _by_offset(column, moment, starts, ends)
        for wall, members in groups:
            signs[whole[members]] = _compare_walls(column.buffer, starts[members], ends[members], wall)
    if len(whole) < len(signs):
        for number in np.flatnonzero((widths < _WALL) & (column.starts >= 0)).tolist():
            shown = bytes(column.buffer[column.starts[number] : column.ends[number]])
            shown += b"0000-01-01T00:00:00"[len(shown) :]
            signs[number] = (shown > moment.wall) - (shown < moment.wall)
    return signs


def _by_offset(column: Column, moment: Moment, starts: Positions, ends: Positions) -> list[tuple[bytes, Positions]]:
    """Return what the clocks show at the moment, and where the timestamps are that are read off these clocks."""
    data = np.frombuffer(column.buffer, np.uint8)
    signs = data[ends - 6]
    has_offset = (ends - starts >= _WALL + 6) & ((signs == ord("+")) | (signs == ord("-")))
    # The last six bytes, and two that no offset has for UTC and for none.
    tails = np.where(has_offset, at(column.buffer, "<u8", ends - 8) >> np.uint64(16), data[ends - 1] == ord("Z"))
    if (tails == tails[0]).all():
        return [(_clock(moment, int(tails[0])), np.arange(len(starts)))]
    kinds, members = np.unique(tails, return_inverse=True)
    return [(_clock(moment, kind), np.flatnonzero(members == n)) for n, kind in enumerate(kinds.tolist())]


def _clock(moment: Moment, tail: int) -> bytes:
    if tail <= 1:
        return moment.seen_at(timedelta(0)) if tail else moment.wall
    text = tail.to_bytes(6, "little").decode("latin-1")
    if re.fullmatch(r"[+-]\d\d:\d\d", text, re.ASCII) is None:
        return moment.wall
    return moment.seen_at(_offset(text))


def _compare_walls(buffer: bytes | bytearray, starts: Positions, ends: Positions, wall: bytes) -> NDArray[np.int8]:
    signs = np.zeros(len(starts), np.int8)
    # Eight bytes at a time as numbers, the first byte being the most significant; the third overlaps the second.
    for place in (_WALL - 8, 8, 0):
        words = at(buffer, ">u8", starts + place)
        pivot = np.uint64(int.from_bytes(wall[place : place + 8], "big"))
        before, behind = words < pivot, words > pivot
        signs[before], signs[behind] = -1, 1
    ties = np.flatnonzero(signs == 0)
    if ties.size:
        fraction = wall[_WALL + 1 :]
        longer = ends[ties] - starts[ties] > _WALL
        has_fraction = np.zeros(len(ties), bool)
        has_fraction[longer] = np.frombuffer(buffer, np.uint8)[starts[ties][longer] + _WALL] == ord(".")
        signs[ties] = -bool(fraction)
        for tie in ties[has_fraction].tolist():
            digits = _DIGITS.match(buffer, starts[tie] + _WALL + 1, ends[tie])
            shown = digits[0].rstrip(b"0") if digits else b""
            signs[tie] = (shown > fraction) - (shown < fraction)
    return signs


_DIGITS = re.compile(rb"[0-9]*")
