"""The shapes that records have, by which many lines are taken apart in one call.

A program writes few shapes of records: the same names in the same order. From one line is made an expression for
all of its shape; a line that it does not match is taken apart by itself.
"""

import re
from collections.abc import Callable, Sequence
from json.decoder import scanstring  # type: ignore[attr-defined] # typeshed has none
from typing import Any, NamedTuple

__all__ = ["Number", "Shape", "ShapeOf", "json_shape", "logfmt_shape"]


_Maker = Callable[[Sequence[str]], Sequence[Any]]


class Number(str):
    """A number as it was spelled."""

    __slots__ = ()


class Shape(NamedTuple):
    """``pattern`` matches any one line with its line feed; its last group is not empty if it is of another shape.

    The other groups are the values of ``names``, which ``makers`` make of a column of texts.
    """

    pattern: re.Pattern[str]
    names: tuple[str, ...]
    makers: tuple[_Maker, ...]


#: Makes a shape of a line and the names in it, None if it is nothing for that.
ShapeOf = Callable[[str, tuple[str, ...]], Shape | None]

_MOST_NAMES = 60
_CONSTANTS: dict[str, Any] = {"true": True, "false": False, "null": None}
_JSON_ITEM = re.compile(
    r'(?P<name>[{,][ \t]*"(?P<key>[^"\\\n]+)"[ \t]*:[ \t]*)'
    r'(?:(?P<text>"(?:[^"\\\n]|\\.)*")|(?P<number>-?[0-9][0-9.]*)|(?P<constant>true|false|null))(?P<after>[ \t]*)'
)
_JSON_TEXT = r'"([^"\\\n]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\n]*+)*+)"'
_JSON_NUMBER = r"(-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]+)?(?![0-9.eE]))"
_LOGFMT_ITEM = re.compile(r'([^\s="\x00-\x1f]+)=("(?:[^"\\]|\\.)*"|[^\s"]*)(?:[ \t]+|\Z)')
_LOGFMT_VALUE = r'("[^"\\\n]*+"|[^\s"]*+)'


def json_shape(line: str, names: tuple[str, ...]) -> Shape | None:
    """Make a shape of a JSON object without others within it."""
    at = 0
    parts: list[str] = []
    found: list[str] = []
    makers: list[_Maker] = []
    while (item := _JSON_ITEM.match(line, at)) and len(found) < _MOST_NAMES:
        found.append(item["key"])
        parts.append(re.escape(item["name"]))
        if item["text"]:
            parts.append(_JSON_TEXT)
            makers.append(_texts)
        elif item["number"]:
            parts.append(_JSON_NUMBER)
            makers.append(_numbers)
        else:
            parts.append("(true|false|null)")
            makers.append(_constants)
        parts.append(re.escape(item["after"]))
        at = item.end()
    if line[at:].rstrip(" \t") != "}":
        return None
    return _shape("".join(parts) + r"\}", found, names, makers)


def logfmt_shape(line: str, names: tuple[str, ...]) -> Shape | None:
    """Make a shape of a line of names and values."""
    at = 0
    parts: list[str] = []
    found: list[str] = []
    while (item := _LOGFMT_ITEM.match(line, at)) and len(found) < _MOST_NAMES:
        found.append(item[1])
        parts.append(re.escape(item[1]) + "=" + _LOGFMT_VALUE)
        at = item.end()
    if at < len(line):
        return None
    return _shape(r"[ \t]++".join(parts), found, names, [_unquoted] * len(found))


def _shape(source: str, found: list[str], names: tuple[str, ...], makers: list[_Maker]) -> Shape | None:
    if tuple(found) != names:
        return None
    return Shape(re.compile(source + r"[ \t]*+()\n|[^\n]*(\n)"), names, tuple(makers))


def _texts(column: Sequence[str]) -> Sequence[Any]:
    if "\\" not in "".join(column):
        return column
    return [scanstring(text + '"', 0, False)[0] if "\\" in text else text for text in column]


def _numbers(column: Sequence[str]) -> Sequence[Any]:
    if "." not in "".join(column):
        return list(map(int, column))
    return [Number(text) if "." in text else int(text) for text in column]


def _constants(column: Sequence[str]) -> Sequence[Any]:
    return list(map(_CONSTANTS.__getitem__, column))


def _unquoted(column: Sequence[str]) -> Sequence[Any]:
    if '"' not in "".join(column):
        return column
    return [text[1:-1] if text[:1] == '"' else text for text in column]
