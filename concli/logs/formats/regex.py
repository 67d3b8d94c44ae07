"""Formats that a regular expression defines, by named groups.

``timestamp``, ``level`` and ``message`` are what they say, any other group is a field. A line is an entry if the
expression matches at its beginning. Without a group ``message``, what follows the match is the message.

A chunk is matched a few hundred lines at a time, in one call each, with an expression that also matches whatever
is no entry; then the values of a group are joined to one text, in which numpy finds them again.
"""

import re
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from concli.logs.chunk import Chunk
from concli.logs.entries import NO_VALUE, Column, Entries, Scan
from concli.logs.formats._lines import Levels, Lines, fold_lines, lines_of, no_column, nothing, text_column
from concli.logs.formats._wrapping import Wrapped, wrap
from concli.logs.formats.format import Format, Reading
from concli.logs.line_finder import LineFinder
from concli.logs.timestamps import Stamper

__all__ = ["Layout", "RegexScanner", "regex_format"]

# Bytes matched at once: the values of their lines, as objects, fit into the processor's cache.
_AT_ONCE = 128 * 1024
_ENOUGH_FAILURES = 4
_NUMBERS = re.compile(rb"(?:(?:-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)?\n)*")

Row = tuple[bytes, ...]


class Layout(NamedTuple):
    """What defines a format: its pattern, and what that does not say.

    ``words`` are the levels for what stands in the log, where that is no word. The fields in ``numbers`` are
    numbers wherever all of a chunk's are. ``reason`` is why a line that is no entry is rejected.
    """

    pattern: re.Pattern[bytes]
    reason: str
    joins: bool = True
    words: Mapping[bytes, bytes] = {}
    numbers: frozenset[str] = frozenset()


def regex_format(
    name: str,
    title: str,
    example: bytes,
    pattern: bytes | re.Pattern[bytes],
    *,
    words: Mapping[bytes, bytes] | None = None,
    numbers: Sequence[str] = (),
    joins: bool = True,
    month: str = "",
    begins: bytes = b"",
) -> Format:
    """Return the format that ``pattern`` defines; ``begins``, if it is simpler, matches where an entry begins."""
    compiled = re.compile(pattern) if isinstance(pattern, bytes) else pattern
    layout = Layout(compiled, f"not {name}", joins, words or {}, frozenset(numbers))
    wrapped = wrap(compiled)
    return Format(
        name,
        title,
        example,
        re.compile(begins) if begins else wrapped.begins,
        partial(RegexScanner, layout=layout, wrapped=wrapped),
        tuple(group for group in compiled.groupindex if group not in {"timestamp", "level", "message"}),
        joins,
        month,
    )


class RegexScanner:
    """Scans chunks by a regular expression, one after the other, for one thread."""

    def __init__(self, reading: Reading, layout: Layout, wrapped: Wrapped | None = None) -> None:
        self._reading = reading
        self._layout = layout
        self._wrapped = wrapped or wrap(layout.pattern)
        self._failures = 0 if self._wrapped.whole else _ENOUGH_FAILURES
        # The groups by their place in a row, which has all the pattern's groups, what follows if there is no
        # message, and whether the line did not match.
        self._places = {name: number - 1 for name, number in layout.pattern.groupindex.items()}
        self._places.setdefault("message", layout.pattern.groups)
        self._message_is_last = self._wrapped.message_is_last or "message" not in layout.pattern.groupindex
        self._stamper = Stamper(reading)
        self._levels = Levels(dict(layout.words))
        self._finder = LineFinder()

    def scan(self, chunk: Chunk) -> Scan:
        """Tell what became of every line of ``chunk``."""
        if chunk.full_length:
            return nothing(chunk)
        self._stamper.start(chunk.year, chunk.modified)
        lines = lines_of(chunk, self._finder)
        matches = _Matches(self, lines)
        begins = matches.begins
        verdict = fold_lines(
            lines,
            begins,
            self._reading,
            joins=self._layout.joins,
            refused=matches.refused(),
            reason=self._layout.reason,
        )
        folded = verdict.folded
        firsts, lasts = folded.firsts, folded.lasts
        raw_starts, raw_ends = lines.starts[firsts], lines.ends[lasts]
        rows = None if len(firsts) == len(begins) else firsts
        fields = {
            name: self._field(name, _chosen(matches.column(name), rows))
            for name in self._places
            if name not in {"timestamp", "level", "message"}
        }
        entries = Entries(
            firsts,
            Column(lines.buffer, raw_starts, raw_ends),
            _without_empty(_chosen(matches.stamps, rows)) if matches.stamps else no_column(len(firsts)),
            matches.levels if rows is None else matches.levels[rows],
            self._levels.names,
            self._messages(lines, matches, firsts, raw_ends),
            fields,
        )
        return Scan(entries, folded.continued, folded.blank, verdict.rejected, verdict.reasons)

    def rows(self, lines: Lines, first: int, last: int) -> list[Row]:
        """Return the groups of the lines from ``first`` to before ``last``, one row a line."""
        start, end = int(lines.starts[first]), int(lines.ends[last - 1]) + 1
        if self._wrapped.whole and self._failures < _ENOUGH_FAILURES:
            rows: list[Row] = self._wrapped.whole.findall(lines.buffer, start, end)
            if len(rows) == last - first:  # each match has at least one line feed, so it has exactly one
                return rows
            self._failures += 1
        match, groups = self._layout.pattern.match, self._layout.pattern.groups
        has_message = "message" in self._layout.pattern.groupindex
        unmatched: Row = (b"",) * (groups + (not has_message)) + (b"\n",)
        rows = []
        text = bytes(memoryview(lines.buffer)[start:end])
        for line in text.split(b"\n")[:-1]:
            found = match(line)
            if not found:
                rows.append(unmatched)
            elif has_message:
                rows.append((*found.groups(b""), b""))
            else:
                rows.append((*found.groups(b""), line[found.end() :].lstrip(b" \t"), b""))
        return rows

    def _field(self, name: str, column: Column) -> Column:
        column = _without_empty(column)
        if name in self._layout.numbers and _NUMBERS.fullmatch(column.buffer):
            return column._replace(kind="number")
        return column

    def _messages(
        self, lines: Lines, matches: "_Matches", firsts: NDArray[np.int64], raw_ends: NDArray[np.int64]
    ) -> Column:
        first_ends = lines.ends[firsts]
        if self._message_is_last:
            return Column(lines.buffer, first_ends - matches.message_lengths[firsts], raw_ends)
        column = _chosen(matches.column("message"), firsts)
        longer = np.flatnonzero(raw_ends > first_ends)
        if not longer.size:
            return column
        starts, ends, parts, at = column.starts.copy(), column.ends.copy(), [column.buffer], len(column.buffer)
        for number in longer.tolist():
            more = lines.buffer[first_ends[number] : raw_ends[number]]
            text = bytes(column.buffer[starts[number] : ends[number]]) + more
            parts.append(text)
            starts[number], at = at, at + len(text)
            ends[number] = at
        return Column(b"".join(parts), starts, ends)


class _Matches:
    """The groups of all lines of a chunk, by columns with one value a line."""

    def __init__(self, scanner: RegexScanner, lines: Lines) -> None:
        self._finder = scanner._finder  # noqa: SLF001 - they are one
        self._lines = len(lines.starts)
        self._refused: dict[str, list[int]] = {}
        self._texts: dict[str, list[bytes]] = {}
        stamps: list[bytes] = []
        levels: list[bytes] = []
        matched: list[NDArray[np.bool_]] = []
        lengths: list[NDArray[np.int64]] = []
        kept = {
            name: place
            for name, place in scanner._places.items()  # noqa: SLF001 - as above
            if name not in {"timestamp", "level"} and not (name == "message" and scanner._message_is_last)  # noqa: SLF001
        }
        self._texts = {name: [] for name in kept}
        places, number_of = scanner._places, scanner._levels.__getitem__  # noqa: SLF001 - as above
        for first, last in _pieces(lines):
            columns = list(zip(*scanner.rows(lines, first, last), strict=True))
            count = last - first
            matched.append(~np.fromiter(map(len, columns[-1]), bool, count))
            if "timestamp" in places:
                stamper = scanner._stamper  # noqa: SLF001 - as above
                stamps.append(stamper.lines(columns[places["timestamp"]], partial(self._refuse, first)))
            levels.append(bytes(map(number_of, columns[places["level"]])) if "level" in places else bytes(count))
            if scanner._message_is_last:  # noqa: SLF001 - as above
                lengths.append(np.fromiter(map(len, columns[places["message"]]), np.int64, count))
            for name, place in kept.items():
                self._texts[name].append(b"\n".join(columns[place]))
        self.begins = np.concatenate(matched)
        self.levels = np.frombuffer(b"".join(levels), np.uint8)
        self.message_lengths = np.concatenate(lengths) if lengths else np.empty(0, np.int64)
        self.stamps = text_column(stamps, self._lines, self._finder) if stamps else None

    def _refuse(self, first: int, place: int, reason: str) -> None:
        self._refused.setdefault(reason, []).append(first + place)

    def refused(self) -> dict[str, NDArray[np.bool_]]:
        """Tell which lines match but can't be, by reason."""
        masks = {}
        for reason, numbers in self._refused.items():
            masks[reason] = np.zeros(self._lines, bool)
            masks[reason][numbers] = True
        return masks

    def column(self, name: str) -> Column:
        """Return the values of a group."""
        return text_column(self._texts[name], self._lines, self._finder)


def _pieces(lines: Lines) -> list[tuple[int, int]]:
    """Cut the lines into runs of some bytes."""
    cuts = np.searchsorted(lines.starts, np.arange(0, lines.size, _AT_ONCE)).tolist()
    cuts = [*dict.fromkeys(cuts), len(lines.starts)]
    return [(first, last) for first, last in pairwise(cuts) if last > first]


def _chosen(column: Column, rows: NDArray[np.int64] | None) -> Column:
    return column if rows is None else column._replace(starts=column.starts[rows], ends=column.ends[rows])


def _without_empty(column: Column) -> Column:
    """Take what is empty for not there."""
    empty = column.starts == column.ends
    if empty.any():
        return column._replace(
            starts=np.where(empty, NO_VALUE, column.starts), ends=np.where(empty, NO_VALUE, column.ends)
        )
    return column
