"""Formats of one's own: a pattern from the command line, or several in a TOML file."""

import difflib
import os
import re
import tomllib
from typing import Any

from concli.errors import InputError, UsageError
from concli.logs.formats.format import Format
from concli.logs.formats.regex import regex_format

__all__ = ["load_formats", "pattern_format"]

_COMMON = ("timestamp", "level", "message")
# What a table may hold, and the types of it.
_KEYS: dict[str, tuple[type, ...]] = {
    "name": (str,),
    "pattern": (str,),
    "title": (str,),
    "example": (str, list),
    "multiline": (bool,),
    "levels": (dict,),
    "types": (dict,),
}
_TYPES = {"text", "number"}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def pattern_format(regex: str) -> Format:
    r"""Return the format that a regular expression in Python's syntax defines.

    It has to match at the beginning of a line. Its groups ``timestamp``, ``level`` and ``message`` are those of an
    entry, and all others with a name are fields. ``UsageError`` if it does not compile or has no group with a name.

    >>> pattern_format(r"(?P<level>\w+) took (?P<took>\d+) ms").fields
    ('took',)
    """
    return regex_format("pattern", "the pattern given", b"", _compiled(regex, "--pattern"))


def load_formats(path: str) -> list[Format]:
    """Return the formats in a TOML file, each a table ``[[format]]`` with a ``name`` and a ``pattern``.

    It may have a ``title``, an ``example`` (text, or a list of texts), ``multiline`` (whether a line that begins no
    entry belongs to the one before it, as it does by default), a table ``levels`` with the levels for what stands in
    the log, and a table ``types`` that says which fields are numbers. ``InputError`` if the file can't be read,
    ``UsageError`` names the table and what is wrong with it.
    """
    try:
        with open(path, "rb") as file:
            document = tomllib.loads(file.read().decode("utf-8"))
    except OSError as error:
        raise InputError(path, error) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"{path}: not TOML: {error}; patterns are best put between three single quotes") from error
    tables = document.pop("format", [])
    if document:
        raise UsageError(f"{path}: {next(iter(document))!r} is not known here; begin each format with [[format]]")
    if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
        raise UsageError(f"{path}: no format; begin each with [[format]], then name = ... and pattern = ...")
    formats: list[Format] = []
    for number, table in enumerate(tables, 1):
        made = _format(path, number, table)
        if any(made.name == other.name for other in formats):
            raise UsageError(f"{path}: two formats are called {made.name!r}; rename one")
        formats.append(made)
    return formats


def _format(path: str, number: int, table: dict[str, Any]) -> Format:
    name = table.get("name")
    where = f"{path}: format {name if isinstance(name, str) and name else f'number {number}'}"
    for key, value in table.items():
        if key not in _KEYS:
            near = difflib.get_close_matches(key, _KEYS, 1)
            raise UsageError(
                f"{where}: {key!r} is not known; {f'write {near[0]}' if near else f'take {_listed(_KEYS)}'}"
            )
        if not isinstance(value, _KEYS[key]):
            raise UsageError(f"{where}: {key} is not {' or '.join(_SPOKEN[kind] for kind in _KEYS[key])}")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise UsageError(f"{where}: give it a name = ... of letters, digits, dots, dashes and underscores")
    if "pattern" not in table:
        raise UsageError(f"{where}: give it a pattern = ..., a regular expression with named groups")
    pattern = _compiled(table["pattern"], where)
    return regex_format(
        name,
        table.get("title") or f"of {os.path.basename(path)}",
        _examples(where, table.get("example", "")),
        pattern,
        words=_levels(where, table.get("levels", {}), pattern),
        numbers=_numbers(where, table.get("types", {}), pattern),
        joins=table.get("multiline", True),
    )


def _compiled(regex: str, where: str) -> re.Pattern[bytes]:
    try:
        pattern = re.compile(regex.encode("utf-8", "surrogateescape"))
    except (re.error, ValueError, OverflowError, RecursionError) as error:
        raise UsageError(f"{where}: {regex!r} is not a regular expression: {error}") from error
    if not pattern.groupindex:
        raise UsageError(
            f"{where}: {regex!r} has no named group; write (?P<timestamp>...), (?P<level>...), (?P<message>...)"
        )
    return pattern


def _examples(where: str, examples: str | list[Any]) -> bytes:
    texts = [examples] if isinstance(examples, str) else examples
    if not all(isinstance(text, str) for text in texts):
        raise UsageError(f"{where}: example is a text or a list of texts")
    return "\n".join(text.removesuffix("\n") for text in texts).encode()


def _levels(where: str, levels: dict[str, Any], pattern: re.Pattern[bytes]) -> dict[bytes, bytes]:
    if not all(isinstance(level, str) for level in levels.values()):
        raise UsageError(f'{where}: levels are texts, such as levels = {{ E = "ERROR" }}')
    if levels and "level" not in pattern.groupindex:
        raise UsageError(f"{where}: it has levels, but its pattern no group (?P<level>...)")
    return {word.encode(): level.encode() for word, level in levels.items()}


def _numbers(where: str, types: dict[str, Any], pattern: re.Pattern[bytes]) -> list[str]:
    for name, kind in types.items():
        if name not in pattern.groupindex or name in _COMMON:
            raise UsageError(f"{where}: types: its pattern has no field {name!r}, that is no group (?P<{name}>...)")
        if kind not in _TYPES:
            raise UsageError(f"{where}: types: {name} can't be {kind!r}; take {_listed(sorted(_TYPES))}")
    return [name for name, kind in types.items() if kind == "number"]


_SPOKEN = {str: "a text", list: "a list", bool: "true or false", dict: "a table"}


def _listed(words: Any) -> str:
    *most, last = words
    return f"{', '.join(most)} or {last}"
