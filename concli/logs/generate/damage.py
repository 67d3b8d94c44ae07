"""Lines as a crash, a full disk or a wrong encoding leaves them.

``torn`` has lost its beginning; ``nul`` has NULs before it, as after a crash; ``cut`` has lost most of its
timestamp. None of them is an entry any more. ``utf8`` has bytes that are not UTF-8 in its message and ``long``
has a very long one; both still are entries.
"""

from collections.abc import Callable

from concli.logs.generate.events import Event
from concli.logs.generate.layout import Line

__all__ = ["break_line", "make_odd"]

_LONG = 64 * 1024  # characters
_FEW = 8
_BEGINS_NOTHING = frozenset("ghijklmnopqrstuvwxyz")  # no format's timestamp, level or priority begins so


def break_line(line: Line, kind: str, random: Callable[[], float]) -> str:
    """Return what is left of an entry's first line, which begins no entry."""
    text = line.text.partition("\n")[0]
    start, end = line.stamp
    if kind == "nul":
        return "\0" * (1 + int(random() * 16)) + text
    if kind == "cut":
        return text[: start + 1 + int(random() * 2)] + text[end:]
    at = end + int(random() * _FEW)
    while at < len(text) - 1 and text[at] not in _BEGINS_NOTHING:
        at += 1
    return text[at:]


def make_odd(event: Event, kind: str, random: Callable[[], float]) -> Event:
    """Return the event with a message that is odd; bytes that are not UTF-8 are surrogates."""
    message = event.message
    if kind == "long":
        return event._replace(message=message + " " + "x" * _LONG)
    at = int(random() * len(message))
    return event._replace(message=f"{message[:at]}\udcff\udcfe{message[at:]}")
