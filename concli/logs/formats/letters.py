"""Formats whose levels are single letters: klog, as of Kubernetes and glog, and Android's logcat."""

import re
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from concli.logs._moments import NO_YEAR
from concli.logs.formats._layouts import Part
from concli.logs.formats._looks import NUMBER, Look, Rows, Taken, UnstampedScanner, no_moment, until
from concli.logs.formats._vector import Grammar
from concli.logs.stamps import ISO, Moment, Place, Style, bytes_at

__all__ = ["KLOG", "LOGCAT", "LOGCAT_BRIEF"]

_KLOG_LEVELS = {b"I": b"INFO", b"W": b"WARNING", b"E": b"ERROR", b"F": b"FATAL"}
_ANDROID_LEVELS = {
    b"V": b"VERBOSE",
    b"D": b"DEBUG",
    b"I": b"INFO",
    b"W": b"WARNING",
    b"E": b"ERROR",
    b"F": b"FATAL",
    b"A": b"ASSERT",
    b"S": b"SILENT",
}
_TIME = rb"[0-9]{2}:[0-9]{2}:[0-9]{2}"


def _month_first(match: re.Match[bytes]) -> Moment:
    month, day, hour, minute, second, fraction = match.groups()
    return Moment(NO_YEAR, int(month), int(day), int(hour), int(minute), int(second), fraction)


#: ``1122 16:35:43.123456``
_KLOG_STYLE = Style(
    re.compile(rb"([0-9]{2})([0-9]{2}) ([0-9]{2}):([0-9]{2}):([0-9]{2})((?:\.[0-9]+)?)"), _month_first, key=7, time=5
)
#: ``11-22 16:35:43.123``
_ANDROID_STYLE = Style(
    re.compile(rb"([0-9]{2})-([0-9]{2}) ([0-9]{2}):([0-9]{2}):([0-9]{2})((?:\.[0-9]+)?)"), _month_first, key=8, time=6
)


class _Letters:
    """The numbers of the levels that letters stand for, in the order of the format's ``known``; 0 for none."""

    def __init__(self, words: Mapping[bytes, bytes]) -> None:
        self._words = words
        self._numbers = np.zeros(256, np.uint8)
        for number, letter in enumerate(words, 1):
            self._numbers[ord(letter)] = number

    def of(self, letters: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return self._numbers.take(letters)

    def level(self, match: re.Match[bytes]) -> bytes:
        return self._words[match["level"]]


_KLOG_LETTERS, _ANDROID_LETTERS = _Letters(_KLOG_LEVELS), _Letters(_ANDROID_LEVELS)


def _klog(rows: Rows, width: int) -> Taken:
    levels = _KLOG_LETTERS.of(rows.words[0].astype(np.uint8))
    cursor = rows.cursor(width, b" ", b":", b"]")
    cursor.skip(b" ")
    thread = until(cursor, b" ")
    cursor.step()
    file = until(cursor, b":", b"]")
    cursor.expect(b":")
    line = until(cursor, b"]")
    cursor.step()
    cursor.step_if(cursor.is_at(b" "))
    lost = cursor.lost | (levels == 0) | (file.starts == file.ends)
    lost |= ~(rows.are_numbers(thread) & rows.are_numbers(line))
    return Taken(lost, levels, cursor.places, {"thread": thread, "file": file, "line": line})


def _logcat(rows: Rows, width: int) -> Taken:
    cursor = rows.cursor(width, b" ", b":")
    cursor.skip(b" ")
    pid = until(cursor, b" ")
    cursor.skip(b" ")
    tid = until(cursor, b" ")
    place = cursor.places
    levels = _ANDROID_LETTERS.of(rows.bytes_at(place + 1))
    lost = (levels == 0) | (rows.bytes_at(place + 2) != ord(" "))
    cursor.step(3)
    tag = until(cursor, b":")
    cursor.step()
    cursor.step_if(cursor.is_at(b" "))
    lost |= cursor.lost
    tag = rows.without_blanks(tag, lost)
    lost |= ~(rows.are_numbers(pid) & rows.are_numbers(tid))
    none = np.full(len(lost), -1, np.int64)
    return Taken(lost, levels, cursor.places, {"uid": Part(none, none), "pid": pid, "tid": tid, "tag": tag})


def _brief(rows: Rows, width: int) -> Taken:
    levels = _ANDROID_LETTERS.of(bytes_at(rows.words, width - 2).astype(np.uint8))
    cursor = rows.cursor(width, b" ", b"(", b")")
    tag = until(cursor, b"(")
    cursor.step()
    cursor.skip(b" ")
    pid = until(cursor, b")")
    cursor.expect(b"):")
    cursor.step_if(cursor.is_at(b" "))
    lost = cursor.lost | (levels == 0)
    tag = rows.without_blanks(tag, lost)
    lost |= ~rows.are_numbers(pid)
    return Taken(lost, levels, cursor.places, {"tag": tag, "pid": pid})


KLOG = Grammar(
    re.compile(
        rb"(?P<level>[IWEF])(?P<timestamp>[0-9]{4} " + _TIME + rb"\.[0-9]{6}) +0*(?P<thread>" + NUMBER + rb") "
        rb"(?P<file>[^:\]\n]+):0*(?P<line>" + NUMBER + rb")\] ?(?P<message>[^\n]*)"
    ),
    (_KLOG_STYLE,),
    [Look(b"?0000 00:00:00.000000 ", Place(_KLOG_STYLE, 6), _klog, at=1)],
    head=b"?0000 00:00:00.000000 ",
    level=_KLOG_LETTERS.level,
    fields=("thread", "file", "line"),
    numbers=frozenset({"thread", "line"}),
    known=tuple(_KLOG_LEVELS.values()),
).format(
    "klog",
    "klog and glog, as Kubernetes writes it",
    b'I1122 16:35:43.123456    1234 controller.go:116] "Starting workers" count=5',
    begins=rb"[IWEF](?P<month>[0-9]{2})[0-9]{2} " + _TIME + rb"\.[0-9]{6} +[0-9]+ [^:\]\n]+:[0-9]+\]",
    month="month",
)

LOGCAT = Grammar(
    re.compile(
        rb"(?P<timestamp>(?:[0-9]{4}-)?[0-9]{2}-[0-9]{2} " + _TIME + rb"\.[0-9]{3,9}(?: [+-][0-9]{4})?) +"
        rb"(?:(?P<uid>[a-z][a-z0-9_]*) +)?0*(?P<pid>"
        + NUMBER
        + rb") +0*(?P<tid>"
        + NUMBER
        + rb") (?P<level>[VDIWEFAS]) "
        rb"(?P<tag> *+[^ :\n]++(?: ++[^ :\n]++)*+)?+ *+: ?(?P<message>[^\n]*)"
    ),
    (_ANDROID_STYLE, ISO),
    [
        Look(b"00-00 00:00:00.000 ", Place(_ANDROID_STYLE, 3), _logcat),
        Look(b"00-00 00:00:00.000000 ", Place(_ANDROID_STYLE, 6), _logcat),
        Look(b"0000-00-00 00:00:00.000 ", Place(ISO, 3), _logcat),
        Look(b"0000-00-00 00:00:00.000000 ", Place(ISO, 6), _logcat),
    ],
    level=_ANDROID_LETTERS.level,
    fields=("uid", "pid", "tid", "tag"),
    numbers=frozenset({"pid", "tid"}),
    known=tuple(_ANDROID_LEVELS.values()),
).format(
    "logcat",
    "Android logcat -v threadtime",
    b"11-22 16:35:43.123  1234  5678 I ActivityManager: Displayed com.example/.Main: +350ms",
    begins=rb"(?:[0-9]{4}-)?(?P<month>[0-9]{2})-[0-9]{2} " + _TIME + rb"\.[0-9]{3,9}(?: [+-][0-9]{4})? +"
    rb"(?:[a-z][a-z0-9_]* +)?[0-9]+ +[0-9]+ [VDIWEFAS] [^:\n]*+:",
    month="month",
)

_BRIEF = Grammar(
    re.compile(
        rb"(?P<timestamp>[0-9]{2}-[0-9]{2} " + _TIME + rb"\.[0-9]{3}(?= )|(?! )) ?"
        rb"(?P<level>[VDIWEFAS])/(?P<tag> *+[^ (\n]++(?: ++[^ (\n]++)*+)?+ *+\( *+0*(?P<pid>" + NUMBER + rb")\): ?"
        rb"(?P<message>[^\n]*)"
    ),
    (no_moment(_ANDROID_STYLE),),
    [Look(b"?/", None, _brief), Look(b"00-00 00:00:00.000 ?/", Place(_ANDROID_STYLE, 3), _brief)],
    level=_ANDROID_LETTERS.level,
    fields=("tag", "pid"),
    numbers=frozenset({"pid"}),
    known=tuple(_ANDROID_LEVELS.values()),
)
LOGCAT_BRIEF = _BRIEF.format(
    "logcat-brief",
    "Android logcat -v brief, or -v time",
    b"I/ActivityManager( 1234): Displayed com.example/.Main: +350ms",
    begins=rb"(?:(?P<month>[0-9]{2})-[0-9]{2} " + _TIME + rb"\.[0-9]{3} )?[VDIWEFAS]/[^(\n]*+\( *[0-9]+\):",
    month="month",
)._replace(scanner=lambda reading: UnstampedScanner(reading, _BRIEF, "logcat-brief"))
