"""The logs of PostgreSQL and Redis."""

import re
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from concli.logs._shapes import month_and_day, offset_of
from concli.logs.entries import NO_VALUE
from concli.logs.formats._layouts import Draft, Part, Tools
from concli.logs.formats._looks import NUMBER, Look, Rows, Taken, only_where, until
from concli.logs.formats._vector import Grammar
from concli.logs.formats._words import Cursor, Template, Text, first_byte, holds_digits
from concli.logs.line_finder import Positions
from concli.logs.stamps import Moment, Place, Style, Words

__all__ = ["POSTGRESQL", "REDIS"]

_CLOCK = rb"([0-9]{2}):([0-9]{2}):([0-9]{2})((?:\.[0-9]+)?)"
_TIME = rb"[0-9]{2}:[0-9]{2}:[0-9]{2}"
_REST = rb"(?P<message>[^\n]*)"
_NO_MONTH = 0  # makes a moment impossible


def _read_postgresql(match: re.Match[bytes]) -> Moment:
    *numbers, fraction, zone = match.groups()
    year, month, day, hour, minute, second = map(int, numbers)
    try:
        offset = offset_of(zone)
    except ValueError:
        month, offset = _NO_MONTH, b""
    return Moment(year, month, day, hour, minute, second, fraction, offset)


def _read_redis(match: re.Match[bytes]) -> Moment:
    day, name, year, hour, minute, second, fraction = match.groups()
    month, number = month_and_day({"name": name, "day": day})
    return Moment(int(year), month, number, int(hour), int(minute), int(second), fraction)


def _read_seconds(match: re.Match[bytes]) -> Moment:
    return Moment(*(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(match[0]))).timetuple()[:6], b"", b"Z")


_POSTGRESQL = Style(
    re.compile(rb"([0-9]{4})-([0-9]{2})-([0-9]{2}) " + _CLOCK + rb" ([A-Z]{1,5}|[+-][0-9:]{2,5})"),
    _read_postgresql,
    key=13,
    time=11,
)
_REDIS = Style(re.compile(rb"([0-9]{2}) ([A-Z][a-z]{2}) ([0-9]{4}) " + _CLOCK), _read_redis, key=14, time=12)
_SECONDS = Style(re.compile(rb"[0-9]{10}"), _read_seconds, key=10, time=0)


_STATEMENT = b"STATEMENT"  # the one level of more than 8 letters


def _postgresql(rows: Rows, width: int) -> Taken:
    cursor = rows.cursor(width, b"]", b":", b"@", b" ")
    pid = until(cursor, b"]")
    cursor.step()
    cursor.step_if(cursor.is_at(b":"))
    lost = ~rows.are_numbers(pid)
    cursor.expect(b" ")
    number = _numbered(rows, cursor, lost)
    user = until(cursor, b"@", b":", b" ")
    has_user = cursor.is_at(b"@")
    start = cursor.places + 1
    cursor.find_if(has_user, b" ")
    database = Part(start, cursor.places)
    cursor.step_if(has_user)
    level = Part(np.where(has_user, cursor.places, user.starts), cursor.places)
    cursor.find(b":")
    level = Part(level.starts, cursor.places)
    cursor.expect(b":  ")
    lengths = level.ends - level.starts
    levels = rows.tools.levels.find(rows.words_at(level.starts), lengths)
    is_long = lengths == len(_STATEMENT)
    if is_long.any():
        is_long &= rows.are_at(level.starts, _STATEMENT[:8]) & (rows.bytes_at(level.ends - 1) == _STATEMENT[-1])
        levels[is_long] = 1
    lost |= cursor.lost | (levels == 0)
    fields = {
        "pid": pid,
        "number": number,
        "user": only_where(has_user & (user.ends > user.starts), user),
        "database": only_where(has_user & (database.ends > database.starts), database),
    }
    return Taken(lost, levels, cursor.places, fields)


def _numbered(rows: Rows, cursor: Cursor, lost: NDArray[np.bool_]) -> Part:
    """Take the number of a line of its session, ``[7-1] ``, where there is one."""
    is_there = cursor.is_at(b"[")
    if not is_there.any():
        none = np.full(len(lost), NO_VALUE, np.int64)
        return Part(none, none)
    start = cursor.places + 1
    number = Part(start, start + first_byte(rows.words_at(start), ord("-")))
    cursor.find_if(is_there, b"]")
    more = number.ends + 1
    is_good = rows.are_numbers(number) & holds_digits(rows.words_at(more), cursor.places - more)
    is_good &= (rows.bytes_at(number.ends) == ord("-")) & rows.are_at(cursor.places, b"] ")
    lost |= is_there & ~is_good
    cursor.step_if(is_there)
    cursor.step_if(is_there)
    return only_where(is_there, number)


_MARKS = {b"#": b"WARNING", b"*": b"NOTICE", b"-": b"VERBOSE", b".": b"DEBUG"}
_MARK_NUMBERS = np.zeros(256, np.uint8)
_MARK_NUMBERS[list(b"".join(_MARKS))] = range(1, len(_MARKS) + 1)


class _Redis:
    """Lines with a process of at most 7 digits and its role."""

    _template = Template(b"00 ??? 0000 00:00:00.000 ? ")
    _width = len("01 Mar 2026 06:00:00.000 * ")

    def heads(self, words: Words) -> NDArray[np.bool_]:
        """Tell which lines begin with a process."""
        return holds_digits(words[0], first_byte(words[0], ord(":")))

    def take_apart(self, text: Text, starts: Positions, ends: Positions, words: Words, tools: Tools) -> Draft:
        """Take lines apart."""
        rows = Rows(text, starts, ends, words, tools)
        pid = Part(starts, starts + first_byte(words[0], ord(":")))
        role = Part(pid.ends + 1, pid.ends + 2)
        stamps = pid.ends + 3
        words = text.heads(np.minimum(stamps, ends))
        letters = rows.bytes_at(role.starts)
        levels = _MARK_NUMBERS.take(rows.bytes_at(stamps + self._width - 2))
        lost = ~self._template.fits(words) | (levels == 0) | ~rows.are_numbers(pid)
        lost |= (letters < ord("A")) | (letters > ord("Z")) | (rows.bytes_at(role.ends) != ord(" "))
        stamped = tools.stamper.stamps(words, Place(_REDIS, 3))
        return Draft(lost, stamped, levels, Part(stamps + self._width, ends), {"pid": pid, "role": role})


# What an error has besides, each a line with a head of its own, and by it an entry.
POSTGRESQL = Grammar(
    re.compile(
        rb"(?P<timestamp>[0-9]{4}-[0-9]{2}-[0-9]{2} " + _TIME + rb"(?:\.[0-9]+)? (?:[A-Z]{1,5}|[+-][0-9:]{2,5})) "
        rb"\[0*(?P<pid>" + NUMBER + rb")\]:?(?: \[0*(?P<number>" + NUMBER + rb")-[0-9]+\])? "
        rb"(?:(?P<user>[^@ \n]+)?@(?P<database>[^ \n]+)? )?(?P<level>[A-Z]+[1-5]?):  " + _REST
    ),
    (_POSTGRESQL,),
    [
        Look(
            b"0000-00-00 00:00:00" + fraction + b" " + b"?" * zone + b" [",
            Place(_POSTGRESQL, max(0, len(fraction) - 1), slice(20 + len(fraction), 20 + len(fraction) + zone)),
            _postgresql,
        )
        for fraction in (b".000", b"")
        for zone in (3, 4, 5, 6)
    ],
    head=b"0000-00-00 00:00:00",
    fields=("pid", "number", "user", "database"),
    numbers=frozenset({"pid", "number"}),
    words=re.compile(rb"[A-Z]+[1-5]?"),
    known=(_STATEMENT, b"LOG", b"ERROR", b"DETAIL", b"WARNING"),
).format(
    "postgresql",
    "PostgreSQL, log_line_prefix '%m [%p] ' or '%m [%p] %q%u@%d '",
    b"2026-11-22 16:37:15.219 UTC [21105] clerk@library ERROR:  division by zero\n"
    b"2026-11-22 16:37:15.219 UTC [21105] clerk@library STATEMENT:  SELECT 1\n"
    b"\t       / 0;",
    begins=rb"[0-9]{4}-[0-9]{2}-[0-9]{2} " + _TIME + rb"(?:\.[0-9]+)? (?:[A-Z]{1,5}|[+-][0-9:]{2,5}) "
    rb"\[[0-9]+\](?::)?(?: \[[0-9]+-[0-9]+\])? (?:[^@ \n]*@[^ \n]* )?[A-Z]+[1-5]?:  ",
)

REDIS = Grammar(
    re.compile(
        rb"0*(?P<pid>" + NUMBER + rb"):(?:(?P<role>[A-Z]) |signal-handler \()"
        rb"(?P<timestamp>[0-9]{2} [A-Z][a-z]{2} [0-9]{4} " + _TIME + rb"\.[0-9]{3}|[0-9]{10})"
        rb"(?: (?P<level>[#*.-])|\)) " + _REST
    ),
    (_REDIS, _SECONDS),
    [_Redis()],
    level=lambda match: _MARKS.get(match["level"], b""),
    fields=("pid", "role"),
    numbers=frozenset({"pid"}),
    known=tuple(_MARKS.values()),
).format(
    "redis",
    "Redis 3 and later",
    b"19743:M 22 Nov 2026 16:34:44.391 # Server initialized",
)
