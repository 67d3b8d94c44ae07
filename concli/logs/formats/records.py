"""Formats whose every line is a record of names and values, such as a JSON object.

The names differ from line to line, but a program has few sets of them; lines with the same names in the same order
are put together, so that what is to be done for each name is done for many lines at once.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from concli.logs.chunk import Chunk
from concli.logs.entries import NO_VALUE, Column, Entries, Scan
from concli.logs.formats._lines import Levels, fold_lines, lines_of, nothing
from concli.logs.formats.format import Reading
from concli.logs.line_finder import LineFinder
from concli.logs.timestamps import Stamper

__all__ = ["Number", "RecordScanner", "Roles", "encoded", "spelled"]

# The values of a chunk have at most so many places, names times lines; what has no column of its own is put
# together in one, as an object. There are always a few.
_PLACES = 2_000_000
_FEWEST, _MOST = 16, 256
_REST = "others"
_ROLES = ("timestamp", "level", "message")
_NO_ROWS = np.empty(0, np.int64)
_Kind = Literal["text", "number", "json"]


class Number(str):
    """A number as it was spelled."""

    __slots__ = ()


class Roles(NamedTuple):
    """Which names stand for the three that every entry has, each the first one of them that a record has.

    ``words`` are the levels for what stands in the log.
    """

    timestamp: Sequence[str]
    level: Sequence[str]
    message: Sequence[str]
    words: Mapping[bytes, bytes]

    def of(self, names: tuple[str, ...]) -> tuple[str | None, str | None, str | None]:
        """Return the names that stand for the three."""
        timestamp, level, message = (
            next((name for name in candidates if name in names), None)
            for candidates in (self.timestamp, self.level, self.message)
        )
        return timestamp, level, message


class _Values:
    """The values of one name: of some lines, and what they are."""

    def __init__(self) -> None:
        self.rows: list[NDArray[np.int64]] = []
        self.values: list[Any] = []

    def add(self, rows: NDArray[np.int64], values: Sequence[Any]) -> None:
        self.rows.append(rows)
        self.values.extend(values)

    def column(self, lines: int, *, as_text: bool = False) -> Column:
        """Return them as a column with a value a line; ``as_text`` those that are no text as they were spelled."""
        texts, kind = _texts(self.values)
        if as_text and kind != "text":
            texts, kind = [None if value is None else _plain(value) for value in self.values], "text"
        return _column(np.concatenate(self.rows) if self.rows else _NO_ROWS, texts, lines, kind)


def _column(rows: NDArray[np.int64], texts: Sequence[str | None], lines: int, kind: _Kind) -> Column:
    """Make a column of the values of some rows, those that are None not there."""
    starts, ends = np.full(lines, NO_VALUE, np.int64), np.full(lines, NO_VALUE, np.int64)
    if None in texts:
        there = np.fromiter((text is not None for text in texts), bool, len(texts))
        rows, texts = rows[there], [text for text in texts if text is not None]
    joined = "".join(texts)  # type: ignore[arg-type] # there is no None any more
    if joined.isascii():
        data, lengths = joined.encode(), np.fromiter(map(len, texts), np.int64, len(texts))  # type: ignore[arg-type] # as above
    else:
        parts = [encoded(text) for text in texts if text is not None]
        data, lengths = b"".join(parts), np.fromiter(map(len, parts), np.int64, len(parts))
    bounds = np.cumsum(lengths)
    starts[rows] = bounds - lengths
    ends[rows] = bounds
    return Column(data, starts, ends, kind)


Parse = Callable[[str], dict[str, Any] | None]


class RecordScanner:
    """Scans chunks of records, one after the other, for one thread. ``parse`` takes a line apart, if it can."""

    def __init__(self, reading: Reading, parse: Parse, roles: Roles, reason: str) -> None:
        self._reading = reading
        self._parse = parse
        self._roles = roles
        self._reason = reason
        self._stamper = Stamper(reading)
        self._levels = Levels(dict(roles.words))
        self._finder = LineFinder()

    def scan(self, chunk: Chunk) -> Scan:
        """Tell what became of every line of ``chunk``."""
        if chunk.full_length:
            return nothing(chunk)
        self._stamper.start(chunk.year, chunk.modified)
        lines = lines_of(chunk, self._finder)
        count = len(lines.starts)
        begins, columns = self._columns(str(memoryview(lines.buffer)[: lines.size], "utf-8", "surrogateescape"), count)
        refused: dict[str, NDArray[np.bool_]] = {}
        stamps = self._stamps(columns.pop("timestamp", _Values()), count, refused)
        levels = self._level_numbers(columns.pop("level", _Values()), count)
        message = columns.pop("message", _Values()).column(count, as_text=True)
        verdict = fold_lines(lines, begins, self._reading, joins=False, refused=refused, reason=self._reason)
        firsts, lasts = verdict.folded.firsts, verdict.folded.lasts

        def chosen(column: Column) -> Column:
            return column._replace(starts=column.starts[firsts], ends=column.ends[firsts])

        message = chosen(message)
        none = message.starts < 0
        message = message._replace(starts=np.where(none, 0, message.starts), ends=np.where(none, 0, message.ends))
        entries = Entries(
            firsts,
            Column(lines.buffer, lines.starts[firsts], lines.ends[lasts]),
            chosen(stamps),
            levels[firsts],
            self._levels.names,
            message,
            {name: chosen(values.column(count)) for name, values in columns.items()},
        )
        return Scan(entries, verdict.folded.continued, verdict.folded.blank, verdict.rejected, verdict.reasons)

    def _columns(self, text: str, count: int) -> tuple[NDArray[np.bool_], dict[str, _Values]]:
        """Take all lines apart; tell which are records, and give their values by name."""
        begins = np.zeros(count, bool)
        groups: dict[tuple[str, ...], tuple[list[int], list[tuple[Any, ...]]]] = {}
        parse = self._parse
        for number, line in enumerate(text.split("\n")[:count]):
            record = parse(line)
            if record is not None:
                names = tuple(record)
                group = groups.get(names)
                if group is None:
                    group = groups[names] = ([], [])
                group[0].append(number)
                group[1].append(tuple(record.values()))
        most = max(_FEWEST, min(_MOST, _PLACES // max(count, 1)))
        columns: dict[str, _Values] = {}
        for names, (numbers, values) in groups.items():
            rows = np.array(numbers, np.int64)
            begins[rows] = True
            roles = dict(zip(self._roles.of(names), _ROLES, strict=True))
            others = []
            for name, column in zip(names, zip(*values, strict=True), strict=False):
                own = roles.get(name) or (f"{name}_" if name in _ROLES else name)
                if own in columns or len(columns) < most:
                    columns.setdefault(own, _Values()).add(rows, column)
                else:
                    others.append((own, column))
            if others:
                rest = zip(*(column for _, column in others), strict=True)
                keys = [name for name, _ in others]
                objects = [dict(zip(keys, each, strict=True)) for each in rest]
                columns.setdefault(_REST, _Values()).add(rows, objects)
        return begins, columns

    def _stamps(self, values: _Values, count: int, refused: dict[str, NDArray[np.bool_]]) -> Column:
        rows = np.concatenate(values.rows) if values.rows else _NO_ROWS
        raws: Sequence[Any] = values.values
        if len(values.rows) > 1:  # timestamps without a year are told by what came before
            order = np.argsort(rows, kind="stable")
            rows, raws = rows[order], [raws[place] for place in order.tolist()]

        def refuse(place: int, why: str) -> None:
            refused.setdefault(why, np.zeros(count, bool))[rows[place]] = True

        stamps = self._stamper.all([_stamp(raw) for raw in raws], refuse)
        return _column(rows, [stamp.decode("ascii") or None for stamp in stamps], count, "text")

    def _level_numbers(self, values: _Values, count: int) -> NDArray[np.uint8]:
        levels = np.zeros(count, np.uint8)
        if values.rows:
            words: Sequence[Any] = values.values
            if set(map(type, words)) != {str}:
                words = list(map(_plain, words))
            # In the order in which they come, as all that follows from it has to be the same each time.
            numbers = {word: self._levels[encoded(word)] for word in dict.fromkeys(words)}
            levels[np.concatenate(values.rows)] = list(map(numbers.__getitem__, words))
        return levels


def _plain(value: Any) -> str:
    """Return text as it is, anything else as JSON, and nothing for null."""
    return "" if value is None else str(value) if isinstance(value, str) else spelled(value)


def _stamp(value: Any) -> bytes:
    """Return a timestamp as a Stamper takes it: a number has no exponent."""
    if isinstance(value, Number) and "e" in value.lower():
        return b"%.6f" % float(value)
    return encoded(_plain(value))


def _texts(values: Sequence[Any]) -> tuple[Sequence[str | None], _Kind]:
    """Return values as text, None for null, and of what kind they are."""
    kinds = set(map(type, values))
    if kinds <= {str, type(None)}:
        return values, "text"
    if kinds == {int}:
        return list(map(str, values)), "number"
    if kinds <= {int, Number, type(None)}:
        return [None if value is None else str(value) for value in values], "number"
    return [None if value is None else spelled(value) for value in values], "json"


def encoded(text: str) -> bytes:
    """Return text as it was in the log: what is not UTF-8 as the bytes that it was."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half a character, as JSON can spell it
        return text.encode("utf-8", "surrogatepass")


def spelled(value: Any) -> str:
    """Return a value as JSON, with numbers as they were spelled."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, dict):
        return (
            "{" + ", ".join(f"{json.dumps(key, ensure_ascii=False)}: {spelled(of)}" for key, of in value.items()) + "}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(map(spelled, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
