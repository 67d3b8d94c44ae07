"""Python's logging with ``%(asctime)s``, its fields between dashes as the documentation has them."""

import re

from concli.logs.formats._layouts import Part, Parts, StepLayout
from concli.logs.formats._vector import Grammar
from concli.logs.formats._words import Cursor
from concli.logs.stamps import ISO, Place

__all__ = ["ASCTIME"]

_LEVEL = rb"(?P<level>[A-Z][A-Z0-9_]*|Level [0-9]+)"


def _named(cursor: Cursor) -> Parts:
    """Find logger - LEVEL - message."""
    start = cursor.places
    cursor.find(b" ")
    logger = Part(start, cursor.places)
    cursor.lost |= logger.starts == logger.ends
    cursor.expect(b" - ")
    start = cursor.places
    cursor.find(b" ")
    level = Part(start, cursor.places)
    cursor.expect(b" - ")
    return level, {"logger": logger}


ASCTIME = Grammar(
    re.compile(
        rb"(?P<timestamp>[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(?:[,.][0-9]{1,9})?) - "
        rb"(?:(?P<logger>[^ \n]+) - )?" + _LEVEL + rb" - (?P<message>[^\n]*)"
    ),
    (ISO,),
    [
        StepLayout(b"0000-00-00 00:00:00,000 - ", Place(ISO, digits=3), (b" ",), _named),
        StepLayout(b"0000-00-00 00:00:00 - ", Place(ISO), (b" ",), _named),
    ],
    fields=("logger",),
    words=re.compile(rb"[A-Z][A-Z0-9_]*"),
    head=b"0000-00-00 00:00:00",
    known=(b"INFO", b"DEBUG", b"WARNING", b"ERROR", b"CRITICAL"),
).format(
    "asctime",
    "Python's logging: time - logger - LEVEL - message",
    b"2026-11-22 16:35:43,989 - shop.orders - INFO - order 17 accepted\n",
)
