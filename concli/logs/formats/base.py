"""The base format, as one of the formats; it has a scanner of its own for when nothing but it is asked for."""

from concli.logs.formats._layouts import Part, Parts, StepLayout
from concli.logs.formats._vector import Grammar
from concli.logs.formats._words import Cursor
from concli.logs.scanner import ENTRY
from concli.logs.stamps import ISO, Place

__all__ = ["BASE"]


def _steps(cursor: Cursor) -> Parts:
    start = cursor.places
    cursor.find(b"]")
    level = Part(start, cursor.places)
    cursor.expect(b"] ")
    return level, {}


BASE = Grammar(
    ENTRY,
    (ISO,),
    [StepLayout(b"0000-00-00 00:00:00 [", Place(ISO), (b"]",), _steps)],
    head=b"0000-00-00 00:00:00 [",
    known=(b"INFO", b"DEBUG", b"WARNING", b"ERROR", b"CRITICAL"),
).format(
    "base",
    "the base format: time, [LEVEL], message",
    b"2026-11-22 16:35:43 [INFO] listening on 127.0.0.1:8731\n",
)
