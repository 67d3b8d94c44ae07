"""Timestamps of any common shape, one by one, to ISO 8601."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from concli.logs._shapes import IMPOSSIBLE, SHAPES, days_of, month_and_day, offset_of, spelled_offset
from concli.logs._stamp_rows import iso_rows
from concli.logs.formats.format import Reading

__all__ = ["Stamper"]

_UNKNOWN = "no timestamp"
_CACHED = 1 << 14
_LONGEST = 64
_ENOUGH_ROWS = 32
_NONE = b"!"
_MONTHS_BACK = 6
_NOON = 12
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# What a fraction stands behind: the rest is likely to be known already.
_FRACTION = re.compile(rb"(.*:[0-9]{2})[.,]([0-9]+)(.*)", re.DOTALL)
_FRACTIONS = re.compile(rb"^(?:(.*:[0-9]{2})[.,]([0-9]+)(.*)|.*)$", re.MULTILINE)


class Stamper:
    """Turns timestamps into ISO 8601, for one thread.

    What it takes are dates with a time: ISO 8601 and its kin, those of access logs, syslog, C's ``asctime``, klog
    and Android, and seconds, milli-, micro- or nanoseconds since 1970. Days and months as numbers with slashes
    are told apart only where one is more than 12, or an AM or PM shows which way round they are.

    >>> Stamper(Reading()).iso(b"22/Nov/2026:16:34:34 +0000")
    b'2026-11-22T16:34:34+00:00'
    """

    def __init__(self, reading: Reading) -> None:
        self._zone = reading.zone
        # What stands before and behind the fraction, by the timestamp without it.
        self._cache: dict[bytes, tuple[bytes, bytes]] = {}
        self._shapes = list(SHAPES)
        self._year: int | None = None
        self._modified = 0.0
        self._month = 0
        self._lacks_year = False  # whether any timestamp so far did

    def start(self, year: int | None, modified: float) -> None:
        """Take what is known of the year where timestamps have none, as ``iso`` does, for ``all`` that follow."""
        self._month = 0
        self._be_in(year, modified)

    def iso(self, raw: bytes, year: int | None = None, modified: float = 0.0) -> bytes:
        """Return one timestamp; ``ValueError`` says what is wrong with it.

        One without a year is of ``year``, or of that in which it is no more than a day later than ``modified``
        (seconds since 1970).
        """
        self._be_in(year, modified)
        return self._iso(raw)

    def all(self, raws: Sequence[bytes], refuse: Callable[[int, str], None]) -> list[bytes]:
        """Return many, in order; those refused are empty, and ``refuse`` is told the number and why.

        Of those without a year, one whose month is more than six before the last one's is of the next year.
        """
        different = set(raws)
        found = self._all_by_parts(raws) if 2 * len(different) > len(raws) else None
        if found is None:
            known = {raw: self._or_none(raw) for raw in different}
            found = list(map(known.__getitem__, raws))
        if self._lacks_year and self._year is not None:
            return self._by_months(raws, refuse)
        if _NONE in found:
            for number in [number for number, stamp in enumerate(found) if stamp == _NONE]:
                found[number] = self._refused(raws[number], number, refuse)
        return found

    def lines(self, raws: Sequence[bytes], refuse: Callable[[int, str], None]) -> bytes:
        """Return what ``all`` does with a line feed between one and the next; mostly it is much faster."""
        found = self._by_rows(raws) if len(raws) >= _ENOUGH_ROWS else None
        if found is None:
            return b"\n".join(self.all(raws, refuse))
        rows, right = found
        if right.all():
            lines = np.full((len(rows), rows.shape[1] + 1), ord("\n"), np.uint8)
            lines[:, :-1] = rows
            return lines.tobytes()[:-1]
        stamps = [row.tobytes() for row in rows]
        for number in np.flatnonzero(~right).tolist():
            stamps[number] = self._refused(raws[number], number, refuse)
        return b"\n".join(stamps)

    def _by_rows(self, raws: Sequence[bytes]) -> tuple[NDArray[np.uint8], NDArray[np.bool_]] | None:
        """Do those that are of one width and shape at once; None if they are not, or if they lack the year."""
        text, count = b"\n".join(raws) + b"\n", len(raws)
        width = len(raws[0]) + 1
        if not 1 < width <= _LONGEST or len(text) != count * width or text.count(b"\n") != count:
            return None
        rows = np.frombuffer(text, np.uint8).reshape(count, width)
        if not (rows[:, -1] == ord("\n")).all():
            return None
        try:
            self._iso(raws[0])
        except ValueError:
            return None
        found = None if self._lacks_year else iso_rows(rows[:, :-1], self._iso)
        return None if self._lacks_year else found

    def _all_by_parts(self, raws: Sequence[bytes]) -> list[bytes] | None:
        """Do the same as ``_or_none`` for timestamps that differ in their fractions, if they are lines."""
        split = _FRACTIONS.findall(b"\n".join(raws))
        if len(split) != len(raws):
            return None
        cached, found = self._cache.get, []
        for raw, (head, fraction, tail) in zip(raws, split, strict=True):
            parts = cached(head + tail) if fraction else None
            found.append(b"%b.%b%b" % (parts[0], fraction, parts[1]) if parts else self._or_none(raw))
        return found

    def _or_none(self, raw: bytes) -> bytes:
        try:
            return self._iso(raw) if raw else raw
        except ValueError:
            return _NONE

    def _by_months(self, raws: Sequence[bytes], refuse: Callable[[int, str], None]) -> list[bytes]:
        found = []
        for number, raw in enumerate(raws):
            if raw and self._year is not None and self._is_of_next_year(raw):
                self._be_in(self._year + 1, self._modified)
                self._month = 0
            stamp = self._refused(raw, number, refuse) if raw else raw
            if stamp:
                self._month = int(stamp[5:7])
            found.append(stamp)
        return found

    def _is_of_next_year(self, raw: bytes) -> bool:
        """Tell whether the month has fallen; a date that there is not this year may be the next one's."""
        if self._month <= _MONTHS_BACK + 1 or self._year is None:
            return False
        year = self._year
        try:
            stamp = self._iso(raw)
        except ValueError:
            try:
                stamp = self.iso(raw, year + 1, self._modified)
            except ValueError:
                return False
            finally:
                self._be_in(year, self._modified)
        return self._month - int(stamp[5:7]) > _MONTHS_BACK

    def _refused(self, raw: bytes, number: int, refuse: Callable[[int, str], None]) -> bytes:
        try:
            return self._iso(raw)
        except ValueError as error:
            refuse(number, str(error))
            return b""

    def _be_in(self, year: int | None, modified: float) -> None:
        if (self._year, self._modified) != (year, modified):
            self._year, self._modified = year, modified
            if self._lacks_year:
                self._cache.clear()

    def _iso(self, raw: bytes) -> bytes:
        split = _FRACTION.match(raw)
        if not split:
            return b"".join(self._known(raw))
        head, fraction, tail = split.groups()
        before, after = self._known(head + tail)
        return b"%b.%b%b" % (before, fraction, after)

    def _known(self, raw: bytes) -> tuple[bytes, bytes]:
        parts = self._cache.get(raw)
        if parts is None:
            if len(raw) > _LONGEST:
                raise ValueError(_UNKNOWN)
            if len(self._cache) >= _CACHED:
                self._cache.clear()
            parts = self._cache[raw] = self._parse(raw)
        return parts

    def _parse(self, raw: bytes) -> tuple[bytes, bytes]:
        for number, shape in enumerate(self._shapes):
            match = shape.match(raw)
            if match:
                if number:  # no timestamp fits two shapes, so their order is that of use
                    self._shapes.insert(0, self._shapes.pop(number))
                return self._parts(match.groupdict())
        raise ValueError(_UNKNOWN)

    def _parts(self, found: dict[str, bytes | None]) -> tuple[bytes, bytes]:
        fraction = b"." + (found["fraction"] or b"") if found.get("fraction") else b""
        if found.get("epoch"):
            moment = _EPOCH + timedelta(seconds=int(found["epoch"] or 0))
            return moment.strftime("%Y-%m-%dT%H:%M:%S").encode() + fraction, b"Z"
        month, day = month_and_day(found)
        hour, minute, second = (int(found.get(name) or 0) for name in ("hour", "minute", "second"))
        half = (found.get("half") or b"").lower()
        if half:
            if not 1 <= hour <= _NOON:
                raise ValueError(IMPOSSIBLE)
            hour = hour % _NOON + (_NOON if half == b"p" else 0)
        if not 1 <= month <= 12 or hour > 23 or minute > 59 or second > 60:
            raise ValueError(IMPOSSIBLE)
        clock = (hour, minute, second)
        year = int(found["year"] or 0) if found.get("year") else self._year_of(month, day, clock)
        if not 1 <= day <= days_of(year, month) or not year:
            raise ValueError(IMPOSSIBLE)
        before = b"%04d-%02d-%02dT%02d:%02d:%02d" % (year, month, day, *clock)
        offset = offset_of(found.get("zone") or b"")
        if not offset and self._zone:
            offset = self._offset_at(datetime(year, month, day, hour, minute, min(second, 59)))  # noqa: DTZ001 - it gets its zone there
        return before + fraction, offset

    def _year_of(self, month: int, day: int, clock: tuple[int, int, int]) -> int:
        """Return the year of a timestamp that names none."""
        self._lacks_year = True
        if self._year is not None:
            return self._year
        zone = self._zone or UTC
        latest = datetime.fromtimestamp(self._modified, zone).replace(tzinfo=None) + timedelta(days=1)
        moment = (month, day, *clock)
        year = latest.year
        if moment > (latest.month, latest.day, latest.hour, latest.minute, latest.second):
            year -= 1
        if (month, day) == (2, 29):
            while days_of(year, 2) != day and year > 1:
                year -= 1
        return year

    def _offset_at(self, moment: datetime) -> bytes:
        shift = moment.replace(tzinfo=self._zone).utcoffset()
        return b"" if shift is None else spelled_offset(round(shift / timedelta(minutes=1)))
