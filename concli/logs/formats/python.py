"""What Python's ``logging`` writes if nobody sets it up otherwise."""

import re

from concli.logs.formats._looks import Look, Rows, Taken, UnstampedScanner, no_moment, until
from concli.logs.formats._vector import Grammar
from concli.logs.stamps import ISO

__all__ = ["PYTHON"]

_LEVEL = rb"DEBUG|INFO|WARNING|ERROR|CRITICAL|NOTSET|Level [0-9]+"


def _parts(rows: Rows, width: int) -> Taken:
    cursor = rows.cursor(width, b":", b" ", b"\t")
    level = until(cursor, b":")
    cursor.step()
    logger = until(cursor, b":", b" ", b"\t")
    cursor.expect(b":")
    levels = rows.tools.levels.find(rows.words[0], level.ends - level.starts)
    lost = cursor.lost | (levels == 0) | (logger.starts == logger.ends)
    return Taken(lost, levels, cursor.places, {"logger": logger})


_GRAMMAR = Grammar(
    re.compile(rb"(?P<timestamp>)(?P<level>" + _LEVEL + rb"):(?P<logger>[^: \t\n]+):(?P<message>[^\n]*)"),
    (no_moment(ISO),),
    [Look(b"", None, _parts)],
    fields=("logger",),
    words=re.compile(_LEVEL),
    known=(b"INFO", b"DEBUG", b"WARNING", b"ERROR", b"CRITICAL"),
)
PYTHON = _GRAMMAR.format(
    "python",
    "Python logging's default: level:logger:message, without a timestamp",
    b"WARNING:root:disk is nearly full",
)._replace(scanner=lambda reading: UnstampedScanner(reading, _GRAMMAR, "python"))
