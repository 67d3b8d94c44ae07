"""Timestamps of many lines at once: from where a layout has its digits to ISO 8601.

Neighbouring lines mostly share their date and hour, so all that is slow is done once for each such run:
whether there is such a date, what its year is, and what the zone's offset. The minutes, seconds and
fractions of all lines are put behind it with vector operations on 64-bit words.
"""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from concli.logs._moments import ACCESS, BSD, ISO, NO_YEAR, SHORT, Moment, Style
from concli.logs.line_finder import Positions

__all__ = ["ACCESS", "BSD", "ISO", "SHORT", "Moment", "Place", "Stamped", "Stamper", "Style", "Words", "bytes_at"]

Words = NDArray[np.uint64]

_TIME_PATTERN, _TOP_BITS = np.frombuffer(b"00:00:00" + b"\x80" * 8, "<u8")
# Adding it to the difference sets the top bit of a byte that is more than a digit there may be.
_TIME_LIMIT = np.frombuffer(bytes(0x7F - limit for limit in b"\x09\x09\x00\x05\x09\x00\x05\x09"), "<u8")[0]
_DATE = len("YYYY-MM-DDT")
_SECONDS = len("HH:MM:SS")
_A_DAY = timedelta(days=1)
_YEARS_BACK = 9  # among so many there is one with a February 29
_MOST_KNOWN = 10_000


class Place(NamedTuple):
    """Where in the lines a timestamp is what: its style, the digits of its fraction, and the offset's bytes."""

    style: Style
    digits: int = 0
    offset: slice = slice(0, 0)


class Stamped(NamedTuple):
    """Timestamps: that of line ``i`` begins at byte ``i * width`` of ``buffer`` and has ``lengths[i]`` bytes.

    Where ``is_good`` is not true it is of no meaning.
    """

    buffer: bytearray
    width: int
    lengths: Positions
    is_good: NDArray[np.bool_]


class _Run(NamedTuple):
    """What the timestamps of an hour share, if they do; an impossible date has none of it."""

    date: bytes = b""
    offset: bytes = b""
    is_even: bool = True  # the offset is the same throughout the hour


class Stamper:
    """Writes timestamps, for one thread. ``zone`` is that of those without one."""

    def __init__(self, zone: tzinfo | None) -> None:
        self._zone = zone
        self._year: int | None = None
        self._modified = 0.0
        self._month = 0  # of the last timestamp without a year
        self._moments: dict[tuple[int, bytes, bytes], Moment | None] = {}
        self._runs: dict[Moment, _Run] = {}
        self._years: dict[Moment, int] = {}

    def begin(self, year: int | None, modified: float) -> None:
        """Begin a chunk, of whose timestamps without a year the first is of ``year``.

        If that is not known they are of the last year in which they are not later than a day after ``modified``,
        in seconds since the epoch.
        """
        self._year, self._month = year, 0
        if modified != self._modified or len(self._moments) > _MOST_KNOWN:
            self._modified = modified
            for known in (self._moments, self._runs, self._years):
                known.clear()

    def text(self, moment: Moment) -> bytes | None:
        """Return a moment in ISO 8601, None if there is none such."""
        try:
            if moment.year == NO_YEAR:
                moment = moment._replace(year=self._year_of(moment))
            start = moment.start
            offset = b"" if moment.offset else self._offset(start)
        except (ValueError, OverflowError):
            return None
        return moment.text + offset

    def stamps(self, words: Words, place: Place) -> Stamped:
        """Write the timestamps that begin with the four words ``words[:, i]``; of those there is at least one."""
        style, offset = place.style, place.offset
        changed = _differs(words[0], min(style.key, 8)) | _differs(words[1], max(0, style.key - 8))
        if offset.stop:
            changed |= _differs(bytes_at(words, offset.start), offset.stop - offset.start)
        firsts = np.append(0, np.flatnonzero(changed) + 1)
        heads = words[:, firsts].T.tobytes()
        width = 8 * len(words)
        runs, uneven = [], []
        for number in range(len(firsts)):
            head = heads[number * width : (number + 1) * width]
            run = self._run_of(self._hour_of(head, place))
            if not run.is_even:
                uneven.append(number)
            runs.append(run)
        stamped = _join(words, place, firsts, runs)
        for number in uneven:
            last = int(firsts[number + 1]) if number + 1 < len(firsts) else words.shape[1]
            stamped.is_good[int(firsts[number]) : last] = False
        return stamped

    def _hour_of(self, head: bytes, place: Place) -> Moment | None:
        """Return the hour that a timestamp is in, None if it is no timestamp."""
        style = place.style
        key = style.key, head[: style.key], head[place.offset]
        if key not in self._moments:
            tail = head[style.time + _SECONDS : place.offset.stop]
            moment = style.moment(head[: style.key] + b":00:00" + tail)
            self._moments[key] = moment and moment._replace(fraction=b"")
        return self._moments[key]

    def _run_of(self, hour: Moment | None) -> _Run:
        if hour is None:
            return _Run()
        if hour.year == NO_YEAR:
            hour = hour._replace(year=self._year_of(hour))
        run = self._runs.get(hour)
        if run is None:
            run = self._runs[hour] = self._new_run(hour)
        return run

    def _new_run(self, hour: Moment) -> _Run:
        text = self.text(hour)
        end = self.text(hour._replace(minute=59, second=59))
        if text is None or end is None:
            return _Run()
        offset, at_end = text[_DATE + _SECONDS :], end[_DATE + _SECONDS :]
        return _Run(text[:_DATE], offset, is_even=offset == at_end)

    def _offset(self, moment: datetime) -> bytes:
        """Return the zone's offset at a moment."""
        if self._zone is None:
            return b""
        offset = self._zone.utcoffset(moment) or timedelta()
        minutes = abs(offset) // timedelta(minutes=1)
        return b"%c%02d:%02d" % (b"-" if offset < timedelta() else b"+", *divmod(minutes, 60))

    def _year_of(self, moment: Moment) -> int:
        """Return the year of a moment that has none, given that it comes after those before it."""
        if self._year is not None:
            if self._month - moment.month > 6:
                self._year += 1
            elif self._month and moment.month - self._month > 6:
                return self._year - 1  # a straggler
            self._month = moment.month
            return self._year
        if moment not in self._years:
            self._years[moment] = self._latest_year_of(moment)
        return self._years[moment]

    def _latest_year_of(self, moment: Moment) -> int:
        last = datetime.fromtimestamp(self._modified, self._zone or UTC).replace(tzinfo=None) + _A_DAY
        for year in range(last.year, max(last.year - _YEARS_BACK, 1), -1):
            try:
                if moment._replace(year=year).start <= last:
                    return year
            except ValueError:
                continue
        return last.year


def _differs(words: Words, width: int) -> NDArray[np.bool_]:
    """Tell of each word but the first whether its first bytes differ from those of the word before."""
    difference = words[1:] ^ words[:-1]
    if width < 8:
        difference &= np.uint64((1 << 8 * width) - 1)
    differs: NDArray[np.bool_] = difference != 0
    return differs


def bytes_at(words: Words, place: int) -> Words:
    """Return the 8 bytes from ``place`` on."""
    number, shift = place // 8, np.uint64(place % 8 * 8)
    row: Words = words[number]
    if not shift:
        return row
    found: Words = words[number] >> shift
    if number + 1 < len(words):
        found |= words[number + 1] << (np.uint64(64) - shift)
    return found


def _spread(texts: list[bytes], lengths: Positions) -> Words | np.uint64:
    """Return a word for each line from one for each run."""
    words = np.frombuffer(b"".join(text.ljust(8, b"\0") for text in texts), "<u8")
    one: np.uint64 = words[0]
    return one if len(texts) == 1 else np.repeat(words, lengths)


def _join(words: Words, place: Place, firsts: Positions, runs: list[_Run]) -> Stamped:
    """Put together the runs' dates, the lines' times and fractions, and the runs' offsets."""
    count = words.shape[1]
    of_runs = np.diff(firsts, append=count)
    time = bytes_at(words, place.style.time)
    wrong = time ^ _TIME_PATTERN
    wrong |= wrong + _TIME_LIMIT
    wrong &= _TOP_BITS
    is_good = wrong == 0
    if not all(run.date for run in runs):
        is_good &= np.repeat(np.array([bool(run.date) for run in runs]), of_runs)
    # The tail is what comes behind the seconds, in two words.
    lengths = {len(run.offset) for run in runs}
    tails = [_spread([run.offset for run in runs], of_runs)] if lengths != {0} else []
    fraction = place.digits + 1 if place.digits else 0
    if fraction:
        points = bytes_at(words, place.style.time + _SECONDS) & np.uint64((1 << 8 * fraction) - 256)
        points |= np.uint64(ord("."))
        shift = np.uint64(8 * fraction)
        tails = [points | (tails[0] << shift), tails[0] >> (np.uint64(64) - shift)] if tails else [points]
    width = -(-(_DATE + _SECONDS + fraction + max(lengths)) // 8)
    buffer = bytearray(count * 8 * width)
    rows = np.frombuffer(buffer, "<u8").reshape(count, width)
    dates = [run.date.ljust(_DATE, b"\0") for run in runs]
    rows[:, 0] = _spread([date[:8] for date in dates], of_runs)
    rows[:, 1] = (time << np.uint64(24)) | _spread([date[8:] for date in dates], of_runs)
    time >>= np.uint64(40)
    rows[:, 2] = time | (tails[0] << np.uint64(24)) if tails else time
    if width > 3:
        more = tails[0] >> np.uint64(40)
        rows[:, 3] = more | (tails[1] << np.uint64(24)) if len(tails) > 1 else more
    base = _DATE + _SECONDS + fraction
    if len(lengths) == 1:
        sizes = np.full(count, base + lengths.pop(), np.int64)
    else:
        sizes = np.repeat(np.array([base + len(run.offset) for run in runs]), of_runs)
    return Stamped(buffer, 8 * width, sizes, is_good)
