"""Logfmt: names and values, such as ``level=info msg="it works" took=3ms``."""

import json
import re
from typing import Any

from concli.logs.formats._record_shapes import logfmt_shape
from concli.logs.formats.format import EntryScanner, Format, Reading
from concli.logs.formats.records import RecordScanner, Roles

__all__ = ["LOGFMT"]

_ROLES = Roles(
    ("timestamp", "@timestamp", "time", "ts", "t", "at_time", "datetime", "date"),
    ("level", "lvl", "severity", "levelname", "loglevel", "log_level"),
    ("message", "msg", "text", "event"),
    {},
)

_NAME = r'[^\s="\x00-\x1f]+'
_QUOTED = r'"(?:[^"\\]|\\.)*+"'
# A name alone is true, but a line has to begin with one that has a value. What is no pair is the last group's.
_PAIRS = re.compile(rf'({_NAME})(?:=({_QUOTED}|[^\s"]*+))?+(?!\S)[ \t]*+|(.+)')


def _parse(line: str) -> dict[str, Any] | None:
    pairs = _PAIRS.findall(line)
    if not pairs or pairs[-1][2] or line[len(pairs[0][0]) : len(pairs[0][0]) + 1] != "=":
        return None
    if '="' in line:
        return {name: _unquoted(value) if value[:1] == '"' else value for name, value, _ in pairs}
    return {name: value for name, value, _ in pairs}


def _unquoted(text: str) -> str:
    if "\\" not in text:
        return text[1:-1]
    try:
        return str(json.loads(text, strict=False))
    except ValueError:  # some other way of escaping
        return re.sub(r"\\(.)", r"\1", text[1:-1])


def _logfmt(reading: Reading) -> EntryScanner:
    return RecordScanner(reading, _parse, _ROLES, "not logfmt", logfmt_shape)


LOGFMT = Format(
    "logfmt",
    "logfmt: names and values",
    b'time=2026-11-22T16:35:43Z level=info msg="it works" took=3ms',
    re.compile(rb'[^\s="\x00-\x1f{\[]+=(?:"(?:[^"\\\n]|\\.)*"|[^\s"]*)(?=[ \t\r\n]+|\Z)'),
    _logfmt,
    joins=False,
)
