"""Formats whose every line is a record of names and values, such as a JSON object.

The names differ from line to line, but a program has few sets of them; lines with the same names in the same order
are put together, so that what is to be done for each name is done for many lines at once.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import compress, pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from concli.logs.chunk import Chunk
from concli.logs.entries import NO_VALUE, Column, Entries, Scan
from concli.logs.formats._lines import Levels, fold_lines, lines_of, nothing, text_column
from concli.logs.formats._record_shapes import Number, Shape, ShapeOf
from concli.logs.formats._record_values import all_stamps, column_of, encoded, plain, spelled, texts_of
from concli.logs.formats.format import Reading
from concli.logs.line_finder import LineFinder
from concli.logs.timestamps import Stamper

# What the formats need of the modules behind this one, too.
__all__ = ["Number", "RecordScanner", "Roles", "encoded", "spelled"]

# The values of a chunk have at most so many places, names times lines; what has no column of its own is put
# together in one, as an object. There are always a few.
_PLACES = 2_000_000
_FEWEST, _MOST = 16, 256
_REST = "others"
_ROLES = ("timestamp", "level", "message")
_LOOKED_AT = 20
_NO_ROWS = np.empty(0, np.int64)


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
        texts, kind = texts_of(self.values)
        if as_text and kind != "text":
            texts, kind = [None if value is None else plain(value) for value in self.values], "text"
        return column_of(np.concatenate(self.rows) if self.rows else _NO_ROWS, texts, lines, kind)


# The names of some records, their lines, and the values by columns.
_Group = tuple[tuple[str, ...], NDArray[np.int64], list[Sequence[Any]]]
Parse = Callable[[str], dict[str, Any] | None]


class RecordScanner:
    """Scans chunks of records, one after the other, for one thread.

    ``parse`` takes a line apart, if it can; ``shape_of`` makes of a line that it takes a shape that many others have.
    With ``begin`` a record is more than a line: one that begins so, and those up to the next.
    """

    def __init__(
        self,
        reading: Reading,
        parse: Parse,
        roles: Roles,
        reason: str,
        shape_of: ShapeOf = lambda _line, _names: None,
        begin: str = "",
    ) -> None:
        self._reading = reading
        self._parse = parse
        self._shape_of = shape_of
        self._shape: Shape | None = None
        self._roles = roles
        self._reason = reason
        self._begin = begin
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
        text = str(memoryview(lines.buffer)[: lines.size], "utf-8", "surrogateescape")
        records = text.split("\n")[:count]
        refused: dict[str, NDArray[np.bool_]] = {}
        if self._begin:
            text, records = "", _joined(records, self._begin)
        begins, columns = self._columns(text, records)
        if self._begin:
            refused[self._reason] = np.fromiter(map(bool, records), bool, count) & ~begins
        stamps = self._stamps(columns.pop("timestamp", _Values()), count, refused)
        levels = self._level_numbers(columns.pop("level", _Values()), count)
        message = columns.pop("message", _Values()).column(count, as_text=True)
        verdict = fold_lines(
            lines, begins, self._reading, joins=bool(self._begin), refused=refused, reason=self._reason
        )
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

    def _columns(self, text: str, lines: list[str]) -> tuple[NDArray[np.bool_], dict[str, _Values]]:
        """Take all lines of ``text`` apart; tell which are records, and give their values by name."""
        begins = np.zeros(len(lines), bool)
        alike, others = self._of_shape(text, lines)
        groups: dict[tuple[str, ...], tuple[list[int], list[tuple[Any, ...]]]] = {}
        parse = self._parse
        for number in others:
            record = parse(lines[number])
            if record is not None:
                names = tuple(record)
                group = groups.get(names)
                if group is None:
                    group = groups[names] = ([], [])
                group[0].append(number)
                group[1].append(tuple(record.values()))
        most = max(_FEWEST, min(_MOST, _PLACES // max(len(lines), 1)))
        columns: dict[str, _Values] = {}
        found = list(alike)
        for names, (numbers, records) in groups.items():
            found.append((names, np.array(numbers, np.int64), list(zip(*records, strict=True))))
        # The names come in the order of the lines, whatever the shape is that is known.
        for names, rows, values in sorted(found, key=_first_row):
            begins[rows] = True
            roles = dict(zip(self._roles.of(names), _ROLES, strict=True))
            rest_of = []
            for name, column in zip(names, values, strict=False):
                own = roles.get(name) or (f"{name}_" if name in _ROLES else name)
                if own in columns or len(columns) < most:
                    columns.setdefault(own, _Values()).add(rows, column)
                else:
                    rest_of.append((own, column))
            if rest_of:
                rest = zip(*(column for _, column in rest_of), strict=True)
                keys = [name for name, _ in rest_of]
                objects = [dict(zip(keys, each, strict=True)) for each in rest]
                columns.setdefault(_REST, _Values()).add(rows, objects)
        return begins, columns

    def _of_shape(self, text: str, lines: list[str]) -> tuple[list[_Group], Sequence[int]]:
        """Take the lines apart that have the shape that most have; return them, and the numbers of the others."""
        shape = self._shape or self._new_shape(lines)
        self._shape = None  # unless it proves right
        if shape is None:
            return [], range(len(lines))
        found: list[tuple[str, ...]] = shape.pattern.findall(text)
        values: list[Sequence[str]] = list(zip(*found, strict=True))
        unlike = values.pop()
        if len(unlike) != len(lines):
            return [], range(len(lines))
        is_alike = ~np.fromiter(map(len, unlike), bool, len(lines))
        rows = np.flatnonzero(is_alike)
        if 2 * len(rows) < len(lines):
            return [], range(len(lines))
        self._shape = shape
        if len(rows) < len(lines):
            values = [list(compress(column, is_alike.tolist())) for column in values]
        columns = [make(column) for make, column in zip(shape.makers, values[: len(shape.makers)], strict=True)]
        return [(shape.names, rows, columns)], np.flatnonzero(~is_alike).tolist()

    def _new_shape(self, lines: list[str]) -> Shape | None:
        for line in lines[:_LOOKED_AT]:
            record = self._parse(line)
            shape = None if record is None else self._shape_of(line, tuple(record))
            if shape:
                return shape
        return None

    def _stamps(self, values: _Values, count: int, refused: dict[str, NDArray[np.bool_]]) -> Column:
        rows = np.concatenate(values.rows) if values.rows else _NO_ROWS
        raws: Sequence[Any] = values.values
        if len(values.rows) > 1:  # timestamps without a year are told by what came before
            order = np.argsort(rows, kind="stable")
            rows, raws = rows[order], [raws[place] for place in order.tolist()]

        def refuse(place: int, why: str) -> None:
            refused.setdefault(why, np.zeros(count, bool))[rows[place]] = True

        if not raws:
            return column_of(rows, (), count, "text")
        stamps = text_column([self._stamper.lines(all_stamps(raws), refuse)], len(raws), self._finder)
        there = stamps.starts < stamps.ends
        starts, ends = np.full(count, NO_VALUE, np.int64), np.full(count, NO_VALUE, np.int64)
        starts[rows] = np.where(there, stamps.starts, NO_VALUE)
        ends[rows] = np.where(there, stamps.ends, NO_VALUE)
        return Column(stamps.buffer, starts, ends)

    def _level_numbers(self, values: _Values, count: int) -> NDArray[np.uint8]:
        levels = np.zeros(count, np.uint8)
        if values.rows:
            words: Sequence[Any] = values.values
            if set(map(type, words)) != {str}:
                words = list(map(plain, words))
            # In the order in which they come, as all that follows from it has to be the same each time.
            numbers = {word: self._levels[encoded(word)] for word in dict.fromkeys(words)}
            levels[np.concatenate(values.rows)] = list(map(numbers.__getitem__, words))
        return levels


def _joined(lines: list[str], begin: str) -> list[str]:
    """Return each record whole in the place of the line that it begins with, and nothing in those of the others."""
    heads = [number for number, line in enumerate(lines) if line.startswith(begin)]
    records = [""] * len(lines)
    for first, after in pairwise([*heads, len(lines)]):
        records[first] = "\n".join(lines[first:after])
    return records


def _first_row(group: _Group) -> int:
    return int(group[1][0])
