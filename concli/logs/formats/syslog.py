"""System logs: as RFC 3164 describes them, and as RFC 5424 prescribes them."""

import re
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from concli.logs.entries import NO_VALUE
from concli.logs.formats._layouts import Draft, Part, Tools, without_dashes
from concli.logs.formats._vector import Grammar
from concli.logs.formats._words import Cursor, Template, Text, first_byte, holds_digits
from concli.logs.line_finder import Positions
from concli.logs.stamps import BSD, ISO, Place, Words

__all__ = ["SYSLOG", "SYSLOG5424"]

#: By the number that a priority has modulo 8.
_SEVERITIES = b"EMERG", b"ALERT", b"CRIT", b"ERR", b"WARNING", b"NOTICE", b"INFO", b"DEBUG"

_ISO = rb"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
_MONTH = rb"(?P<month>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_RFC3164 = (
    rb"(?:<(?P<priority>[0-9]{1,3})>)?(?P<timestamp>"
    + _MONTH
    + rb" [ 0-3][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2}|"
    + _ISO
    + rb") (?P<host>[^ \n]+) "
    rb"(?:(?P<program>[^ \n:\[\]]+)(?:\[(?P<pid>[^\]\n]*)\])?:(?: |\Z))?(?P<message>[^\n]*)"
)
_RFC5424 = (
    rb"<(?P<priority>[0-9]{1,3})>1 (?P<timestamp>" + _ISO + rb") (?P<host>[^ \n]+) (?P<program>[^ \n]+) "
    rb"(?P<pid>[^ \n]+) (?P<msgid>[^ \n]+) (?P<data>-|(?:\[(?:[^\]\\\n]|\\[^\n])*\])+)(?: (?:\xef\xbb\xbf)?|\Z)"
    rb"(?P<message>[^\n]*)"
)
_DASHED = frozenset({"host", "program", "pid", "msgid", "data"})
_OPEN, _CLOSE, _BACKSLASH, _MARK = b"<>\\\xef"
_MOST_DIGITS = 3


def _level(match: re.Match[bytes]) -> bytes:
    return _SEVERITIES[int(match["priority"]) % 8] if match["priority"] else b""


class _Stamp(NamedTuple):
    """A timestamp of ``width`` bytes and the blank behind it."""

    template: Template
    width: int
    place: Place


def _stamp(text: bytes, place: Place) -> _Stamp:
    return _Stamp(Template(text[:32]), len(text), place)


_BSD = _stamp(b"??? ?0 00:00:00", Place(BSD))
_ISOS = [
    _stamp(b"0000-00-00T00:00:00.000Z", Place(ISO, 3, slice(23, 24))),
    _stamp(b"0000-00-00T00:00:00.000000Z", Place(ISO, 6, slice(26, 27))),
    _stamp(b"0000-00-00T00:00:00.000000?00:00", Place(ISO, 6, slice(26, 32))),
    _stamp(b"0000-00-00T00:00:00.000?00:00", Place(ISO, 3, slice(23, 29))),
    _stamp(b"0000-00-00T00:00:00?00:00", Place(ISO, 0, slice(19, 25))),
    _stamp(b"0000-00-00T00:00:00Z", Place(ISO, 0, slice(19, 20))),
]


class _Syslog:
    """Lines with or without a priority, and a timestamp of one of some widths."""

    patterns: tuple[bytes, ...] = (b" ", b":", b"[", b"]")
    after_priority = b""
    dashed = False

    def __init__(self, *stamps: _Stamp) -> None:
        self._stamps = stamps

    def heads(self, words: Words) -> NDArray[np.bool_]:
        """Tell which lines begin with a priority or a timestamp."""
        fits: NDArray[np.bool_] = (words[0] & np.uint64(0xFF)) == _OPEN
        if not fits.all():
            for stamp in self._stamps:
                fits |= stamp.template.fits(words)
        return fits

    def take_apart(self, text: Text, starts: Positions, ends: Positions, words: Words, tools: Tools) -> Draft:
        """Take lines apart."""
        widths, levels = _priorities(words[0])
        lost = np.zeros(len(starts), bool)
        if self.after_priority or widths.any():
            starts = starts + widths
            for byte in self.after_priority:
                lost |= text.bytes[starts] != byte
                starts += 1
                np.minimum(starts, ends, out=starts)
            words = text.heads(starts)
        fits = np.zeros(0, bool)
        stamp = self._stamps[0]
        for candidate in self._stamps:
            now = candidate.template.fits(words)
            if not fits.size or np.count_nonzero(now) > np.count_nonzero(fits):
                fits, stamp = now, candidate
            if 2 * np.count_nonzero(fits) >= len(fits):
                break
        lost |= ~fits
        cursor = Cursor(text, np.minimum(starts + stamp.width, ends), ends, *self.patterns)
        cursor.expect(b" ")
        fields = self.find_parts(cursor, text)
        if self.dashed:
            fields = {name: without_dashes(text, part, ends) for name, part in fields.items()}
        lost |= cursor.lost
        messages = Part(cursor.places, ends)
        return Draft(lost, tools.stamper.stamps(words, stamp.place), levels, messages, fields)

    def find_parts(self, cursor: Cursor, text: Text) -> dict[str, Part]:  # noqa: ARG002 - for others
        """Move on to the message."""
        start = cursor.places
        cursor.find(b" ")
        host = Part(start, cursor.places)
        cursor.lost |= host.starts == host.ends
        cursor.step()
        start = cursor.places
        cursor.find(b":", b"[", b" ", b"]")
        program = Part(start, cursor.places)
        cursor.lost |= program.starts == program.ends
        has_pid = cursor.is_at(b"[")
        if has_pid.any():
            pid_start = cursor.places + 1
            cursor.find_if(has_pid, b"]")
            pid_end = cursor.places
            cursor.step_if(has_pid)
            pid = Part(np.where(has_pid, pid_start, NO_VALUE), np.where(has_pid, pid_end, NO_VALUE))
        else:
            none = np.full(len(start), NO_VALUE, np.int64)
            pid = Part(none, none)
        cursor.expect(b": ")
        return {"host": host, "program": program, "pid": pid}


class _Syslog5424(_Syslog):
    patterns = (b" ", b"]")
    after_priority = b"1 "
    dashed = True

    def find_parts(self, cursor: Cursor, text: Text) -> dict[str, Part]:
        """Move on to the message."""
        parts = {}
        for name in ("host", "program", "pid", "msgid"):
            start = cursor.places
            cursor.find(b" ")
            parts[name] = Part(start, cursor.places)
            cursor.lost |= parts[name].starts == parts[name].ends
            cursor.step()
        start = cursor.places
        has_data = cursor.is_at(b"[")
        cursor.lost |= ~(has_data | cursor.is_at(b"-"))
        if has_data.any():
            cursor.find_if(has_data, b"]")
            cursor.lost |= has_data & (text.bytes[cursor.places - 1] == _BACKSLASH)
        cursor.step()
        parts["data"] = Part(start, cursor.places)
        cursor.expect(b" ")
        # A byte order mark is no part of the message.
        cursor.lost |= text.bytes[cursor.places] == _MARK
        return parts


def _priorities(words: Words) -> tuple[Positions, NDArray[np.uint8]]:
    """Return the widths and the severities, from 1, of the priorities that lines begin with; 0 where there is none."""
    is_open = (words & np.uint64(0xFF)) == _OPEN
    if not is_open.any():
        return np.zeros(len(words), np.int64), np.zeros(len(words), np.uint8)
    close = first_byte(words, _CLOSE)
    digits = words >> np.uint64(8)
    is_priority = holds_digits(digits, close - 1)
    is_priority &= is_open
    is_priority &= close <= _MOST_DIGITS + 1
    number = digits & np.uint64(0xF)  # modulo 8 is all that is needed of it
    for place in (1, 2):
        more = number * np.uint64(10) + ((digits >> np.uint64(8 * place)) & np.uint64(0xF))
        number = np.where(close > place + 1, more, number)
    severities = ((number & np.uint64(7)) + np.uint64(1)).astype(np.uint8)
    return (close + 1) * is_priority, severities * is_priority


SYSLOG = Grammar(
    re.compile(_RFC3164),
    (BSD, ISO),
    [_Syslog(_BSD), _Syslog(*_ISOS)],
    level=_level,
    fields=("host", "program", "pid"),
    known=_SEVERITIES,
    joins=False,
).format(
    "syslog",
    "system logs (RFC 3164), also with full timestamps",
    b"Nov 22 16:35:43 web1 sshd[4711]: Accepted publickey for anna from 192.0.2.7 port 51022\n",
    begins=_RFC3164[: _RFC3164.index(rb"(?:(?P<program>")],
    month="month",
)

SYSLOG5424 = Grammar(
    re.compile(_RFC5424),
    (ISO,),
    [_Syslog5424(*_ISOS)],
    level=_level,
    fields=("host", "program", "pid", "msgid", "data"),
    dashed=_DASHED,
    known=_SEVERITIES,
    joins=False,
).format(
    "syslog5424",
    "system logs (RFC 5424)",
    b"<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - 'su root' failed for lonvick on /dev/pts/8\n",
)
