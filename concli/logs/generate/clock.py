"""The time in a generated log: it never goes back, runs in bursts and rests now and then."""

import datetime as dt
from random import Random

__all__ = ["MICROS", "MONTHS", "Clock", "EvenClock"]

#: Microseconds in a second.
MICROS = 1_000_000
#: By number.
MONTHS = ("", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_CALM, _BUSY, _TROUBLE = range(3)
_PACE = {_CALM: 1.0, _BUSY: 0.15, _TROUBLE: 0.25}  # of the usual time between two entries
_CHANGE = 0.002  # of the entries the pace changes with
_GAP = 0.00005  # of the entries a silence comes before
_LONGEST_GAP = 900  # of the usual times between two entries


class Clock:
    """The moment of each entry, in UTC, with the parts that formats write.

    ``advance`` goes on to the next. Only arithmetic that is exact everywhere is used, so that a seed gives the
    same moments on every machine. While there ``is_trouble``, more entries are errors.
    """

    def __init__(self, random: Random, start: dt.datetime, mean_s: float) -> None:
        self._random = random.random
        self._mean = mean_s * MICROS
        self._state = _CALM
        self._now = int(start.timestamp()) * MICROS + start.microsecond
        self.is_trouble = False
        self._day = -1
        self.second = -1
        #: Of the moment: ``2026-03-01``, ``06:00:00``, microseconds within the second, and the date.
        self.date = self.time = ""
        self.micro = 0
        self.day = dt.date(1970, 1, 1)
        self._set()

    @property
    def millis(self) -> str:
        """The milliseconds within the second, three digits."""
        return f"{self.micro // 1000:03d}"

    def advance(self) -> None:
        """Go on to the next entry's moment."""
        random = self._random
        chance = random()
        if chance < _CHANGE:
            self._state = int(chance / _CHANGE * 3)
            self.is_trouble = self._state == _TROUBLE
        step = random()
        step *= step * 3 * _PACE[self._state] * self._mean  # the mean of 3x² is 1; most are short, a few long
        if random() < _GAP:
            step += random() * _LONGEST_GAP * self._mean
        self._now += int(step)
        self._set()

    def _set(self) -> None:
        second, self.micro = divmod(self._now, MICROS)
        if second == self.second:
            return
        self.second = second
        day, of_day = divmod(second, 86400)
        if day != self._day:
            self._day = day
            self.day = dt.date(1970, 1, 1) + dt.timedelta(days=day)
            self.date = self.day.isoformat()
        self.time = f"{of_day // 3600:02d}:{of_day // 60 % 60:02d}:{of_day % 60:02d}"


class EvenClock(Clock):
    """A clock that goes on by the same time at each entry."""

    def advance(self) -> None:
        """Go on to the next entry's moment."""
        self._now += int(self._mean)
        chance = self._random()
        if chance < _CHANGE:
            self.is_trouble = chance < _CHANGE / 3
        self._set()
