"""Timestamps of one width, each a row of bytes, to ISO 8601.

Neighbours mostly share all but minutes, seconds and fraction: what there is to know of an hour is asked once, for
its first and its last moment, and those digits are copied.
"""

import re
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["iso_rows"]

_TIME = re.compile(rb"[0-9]{2}:([0-9]{2}):([0-9]{2})(?![0-9:])(?:[.,]([0-9]+))?")
_SECONDS = re.compile(rb"[0-9]{10}(?:[0-9]{3}|[0-9]{6}|[0-9]{9})?")
_FEWEST = 16  # rows to a run; for fewer it is no gain
_MINUTE, _SECOND, _FRACTION = 14, 17, 20  # in ISO 8601
_HOUR = 3600
_TWO_DIGITS = np.frombuffer(b"".join(b"%02d" % number for number in range(60)), "u1").reshape(60, 2)

Rows = NDArray[np.uint8]
Found = tuple[Rows, NDArray[np.bool_]]


def iso_rows(rows: Rows, iso: Callable[[bytes], bytes]) -> Found | None:
    """Return the timestamps as rows, and which of them are right; the others are for ``iso``, which does one.

    None if they are nothing for this. ``iso`` raises a ``ValueError`` for what is no timestamp.
    """
    first = rows[0].tobytes()
    if _SECONDS.fullmatch(first):
        return _since_1970(rows, iso)
    time = _TIME.search(first)
    if not time:
        return None
    varies = np.zeros(rows.shape[1], bool)
    for group in (1, 2, 3):
        varies[slice(*time.span(group)) if time[group] else slice(0)] = True
    fixed = rows[:, ~varies]
    firsts = _runs((fixed[1:] != fixed[:-1]).any(axis=1))
    if _FEWEST * (len(firsts) - 1) > len(rows):
        return None
    counts = np.diff(firsts, append=len(rows))
    texts = [_hour(rows[number].tobytes(), time, iso) for number in firsts.tolist()]
    widths = [len(text) for text in texts if text]
    if not widths:
        return None
    found = np.repeat(
        np.frombuffer(b"".join(text.ljust(widths[0])[: widths[0]] for text in texts), "u1").reshape(len(texts), -1),
        counts,
        axis=0,
    )
    right = np.repeat([len(text) == widths[0] for text in texts], counts)
    right &= (rows[:, varies] - ord("0") < 10).all(axis=1)
    for group, place in ((1, _MINUTE), (2, _SECOND)):
        right &= rows[:, time.start(group)] < ord("6")
        found[:, place : place + 2] = rows[:, slice(*time.span(group))]
    if time[3]:
        found[:, _FRACTION : _FRACTION + len(time[3])] = rows[:, slice(*time.span(3))]
    return found, right


def _runs(changes: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return where each run begins, given where neighbours differ."""
    return np.append(0, np.flatnonzero(changes) + 1)


def _hour(stamp: bytes, time: re.Match[bytes], iso: Callable[[bytes], bytes]) -> bytes:
    """Return a timestamp's hour in ISO 8601, b"" if it is none or is not the same from its beginning to its end."""
    first, last = bytearray(stamp), bytearray(stamp)
    digits = len(time[3] or b"")
    for group, low, high in ((1, b"00", b"59"), (2, b"00", b"59"), (3, b"0" * digits, b"9" * digits)):
        if time[group]:
            first[slice(*time.span(group))], last[slice(*time.span(group))] = low, high
    try:
        texts = iso(bytes(first)), iso(bytes(last))
    except ValueError:
        return b""
    point = b"." * bool(digits)
    rest = texts[0][_FRACTION - 1 + len(point) + digits :]
    expected = tuple(
        texts[0][:_MINUTE] + time_of + point + digit * digits + rest
        for time_of, digit in ((b"00:00", b"0"), (b"59:59", b"9"))
    )
    return texts[0] if texts == expected else b""


def _since_1970(rows: Rows, iso: Callable[[bytes], bytes]) -> Found | None:
    """Do the same for numbers of seconds, or of parts of them, without a point."""
    are_digits: NDArray[np.bool_] = rows - ord("0") < 10
    right: NDArray[np.bool_] = np.asarray(are_digits.all(axis=1))
    seconds = (rows[:, :10] - np.int64(ord("0"))) @ (10 ** np.arange(9, -1, -1))
    hours = seconds // _HOUR
    firsts = _runs(hours[1:] != hours[:-1])
    if _FEWEST * (len(firsts) - 1) > len(rows):
        return None
    digits = rows.shape[1] - 10
    fraction = b"." * bool(digits) + b"0" * digits
    texts = []
    for hour in hours[firsts].tolist():
        try:
            text = iso(b"%010d" % (hour * _HOUR))
        except (ValueError, OverflowError):
            return None
        texts.append(text[: _FRACTION - 1] + fraction + b"Z")
    found = np.repeat(
        np.frombuffer(b"".join(texts), "u1").reshape(len(texts), -1), np.diff(firsts, append=len(rows)), axis=0
    )
    found[:, _MINUTE : _MINUTE + 2] = _TWO_DIGITS.take(seconds // 60 % 60, axis=0)
    found[:, _SECOND : _SECOND + 2] = _TWO_DIGITS.take(seconds % 60, axis=0)
    if digits:
        found[:, _FRACTION : _FRACTION + digits] = rows[:, 10:]
    return found, right
