"""Scanners that take all lines of a chunk apart at once.

A format is defined by a regular expression. Its layouts are the common cases of it, each told by the first bytes
of a line and taken apart by vector operations; a line that a layout does not settle goes to the expression.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from concli.logs.chunk import Chunk
from concli.logs.entries import NO_VALUE, Column, Entries, Scan
from concli.logs.formats._layouts import Draft, Layout, Part, Tools
from concli.logs.formats._lines import Lines, fold_lines, lines_of, nothing
from concli.logs.formats._word_table import WordTable
from concli.logs.formats._words import Template, Text
from concli.logs.formats.format import Format, Reading
from concli.logs.line_finder import LineFinder, Positions
from concli.logs.stamps import Stamper, Style, Words

__all__ = ["Grammar", "VectorScanner", "group_level"]

_IMPOSSIBLE = "impossible date"
_TOO_MANY = "too many levels"


def group_level(match: re.Match[bytes]) -> bytes:
    """Return the level that a line says."""
    level: bytes = match["level"]
    return level


@dataclass(frozen=True)
class Grammar:
    """What defines a format: ``pattern`` matches a whole line that is an entry.

    Its groups are ``timestamp``, of one of ``styles``, ``message`` and the fields. ``level`` makes a level of a
    match, of at most 255 ``words``; ``known`` are the first of these. The fields in ``numbers`` are numbers; a dash
    for one in ``dashed`` says that it is not there. ``message_is_last`` if it goes on to the end of the line.
    No line is an entry that does not begin with ``head``, in which 0 is any digit and ? any byte.
    """

    pattern: re.Pattern[bytes]
    styles: tuple[Style, ...]
    layouts: Sequence[Layout]
    head: bytes = b""
    level: Callable[[re.Match[bytes]], bytes] = group_level
    fields: tuple[str, ...] = ()
    numbers: frozenset[str] = frozenset()
    dashed: frozenset[str] = frozenset()
    words: re.Pattern[bytes] = re.compile(rb"[A-Za-z][A-Za-z0-9_]*")
    known: tuple[bytes, ...] = ()
    message_is_last: bool = True
    joins: bool = True

    def format(self, name: str, title: str, example: bytes, *, begins: bytes = b"", month: str = "") -> Format:
        """Return the format; ``begins``, if it is simpler, matches where an entry begins."""
        pattern = re.compile(begins) if begins else self.pattern
        return Format(
            name,
            title,
            example,
            pattern,
            lambda reading: VectorScanner(reading, self, name),
            self.fields,
            self.joins,
            month,
            holds_gil=False,
        )


class VectorScanner:
    """Scans chunks, one after the other, for one thread."""

    def __init__(self, reading: Reading, grammar: Grammar, name: str) -> None:
        self._reading = reading
        self._grammar = grammar
        self._reason = f"not {name}"
        self._layouts = list(grammar.layouts)  # that which fitted last comes first
        self._tools = Tools(Stamper(reading.zone), WordTable(grammar.words, *grammar.known))
        self._head = Template(grammar.head)
        self._finder = LineFinder()

    def scan(self, chunk: Chunk) -> Scan:
        """Tell what became of every line of ``chunk``."""
        if chunk.full_length:
            return nothing(chunk)
        tools, grammar = self._tools, self._grammar
        if tools.levels.is_filling:
            self._tools = tools = tools._replace(levels=WordTable(grammar.words, *grammar.known))
        tools.stamper.begin(chunk.year, chunk.modified)
        lines = lines_of(chunk, self._finder)
        text = Text(*lines)
        words = text.heads(lines.starts)
        lines_like, is_odd = self._choose(words)
        starts, ends = lines.starts, lines.ends
        if len(lines_like) < len(starts):
            starts, ends, words = starts[lines_like], ends[lines_like], words[:, lines_like]
        if not len(lines_like):  # take the first line for one, which is then found to be none
            lines_like, is_odd = np.zeros(1, np.int64), np.ones(1, bool)
            starts, ends, words = lines.starts[:1], lines.ends[:1], text.heads(lines.starts[:1])
        draft = self._layouts[0].take_apart(text, starts, ends, words, tools)
        good = ~(draft.lost | is_odd)
        good &= draft.stamped.is_good
        good &= draft.messages.starts <= ends
        rows = _Rows(draft, good, Part(starts, ends))
        slow = np.flatnonzero(~good)
        refused = rows.settle(text, slow, grammar, tools) if slow.size else {}
        return self._finish(lines, rows, lines_like, refused)

    def _choose(self, words: Words) -> tuple[Positions, NDArray[np.bool_]]:
        """Put the layout first that most lines fit; return those that may be entries, and which of them fit it not."""
        fits = self._layouts[0].heads(words)
        count = int(np.count_nonzero(fits))
        if count == len(fits):
            return np.arange(count), np.zeros(count, bool)
        may_fit = self._head.fits(words)
        missing = int(np.count_nonzero(may_fit)) - count
        for number, layout in enumerate(self._layouts[1:], 1):
            if missing <= count:
                break
            others = layout.heads(words)
            if (more := int(np.count_nonzero(others))) > count:
                fits, count = others, more
                self._layouts.insert(0, self._layouts.pop(number))
        chosen = np.flatnonzero(may_fit)
        return chosen, ~fits[chosen]

    def _finish(self, lines: Lines, rows: "_Rows", lines_like: Positions, refused: dict[str, list[int]]) -> Scan:
        """Fold the lines, and make columns of the rows of those that begin an entry."""
        grammar, count = self._grammar, len(lines.starts)
        begins = np.zeros(count, bool)
        begins[lines_like] = rows.good
        masks: dict[str, NDArray[np.bool_]] = {}
        for reason, numbers in refused.items():
            masks[reason] = np.zeros(count, bool)
            masks[reason][lines_like[numbers]] = True
        folded, rejected, reasons = fold_lines(
            lines, begins, self._reading, joins=grammar.joins, refused=masks, reason=self._reason
        )
        firsts = folded.firsts
        if len(firsts) < len(lines_like):
            begins[:] = False
            begins[firsts] = True
            rows.choose(np.flatnonzero(begins[lines_like]))
        raw = Column(lines.buffer, lines.starts[firsts], lines.ends[folded.lasts])
        messages = Column(
            lines.buffer, rows.messages.starts, raw.ends if grammar.message_is_last else rows.messages.ends
        )
        fields = {
            name: Column(lines.buffer, *part, "number" if name in grammar.numbers else "text")
            for name, part in rows.fields.items()
        }
        names = self._tools.levels.names
        entries = Entries(firsts, raw, Column(rows.stamps, *rows.stamp_part), rows.levels, names, messages, fields)
        return Scan(entries, folded.continued, folded.blank, rejected, reasons)


class _Rows:
    """The parts of the lines that may be entries, one row each."""

    def __init__(self, draft: Draft, good: NDArray[np.bool_], whole: Part) -> None:
        self._whole = whole
        self.good = good
        self.levels = draft.levels
        self.messages = draft.messages
        self.fields = dict(draft.fields)
        self.stamps = draft.stamped.buffer
        starts = np.arange(0, len(good) * draft.stamped.width, draft.stamped.width)
        self.stamp_part = Part(starts, starts + draft.stamped.lengths)

    def choose(self, numbers: Positions) -> None:
        """Keep only some rows."""
        self.good, self.levels = self.good[numbers], self.levels[numbers]
        self.messages = Part(self.messages.starts[numbers], self.messages.ends[numbers])
        self.stamp_part = Part(self.stamp_part.starts[numbers], self.stamp_part.ends[numbers])
        self.fields = {name: Part(part.starts[numbers], part.ends[numbers]) for name, part in self.fields.items()}

    def settle(self, text: Text, slow: Positions, grammar: Grammar, tools: Tools) -> dict[str, list[int]]:
        """Have the expression say what the lines are that are left; return those refused by reason."""
        refused: dict[str, list[int]] = {}
        found: list[int] = []
        spans: list[list[tuple[int, int]]] = []
        levels: list[int] = []
        groups = ["message", *self.fields]
        whole_starts, whole_ends = self._whole.starts[slow].tolist(), self._whole.ends[slow].tolist()
        at = len(self.stamps)
        more_stamps: list[bytes] = []
        for number, start, end in zip(slow.tolist(), whole_starts, whole_ends, strict=True):
            match = grammar.pattern.fullmatch(text.buffer, start, end)
            if match is None:
                continue
            moments = (style.moment(match["timestamp"]) for style in grammar.styles)
            moment = next((moment for moment in moments if moment), None)
            stamp = tools.stamper.text(moment) if moment else None
            level = tools.levels.number(grammar.level(match))
            if stamp is None or level is None:
                refused.setdefault(_IMPOSSIBLE if stamp is None else _TOO_MANY, []).append(number)
                continue
            found.append(number)
            levels.append(level)
            more_stamps.append(stamp)
            row = [match.span(group) for group in groups]
            spans.append([(at, at + len(stamp)), *row])
            at += len(stamp)
            for place, group in enumerate(groups):
                if group in grammar.dashed and match[group] == b"-":
                    spans[-1][place + 1] = NO_VALUE, NO_VALUE
        if found:
            self.good[found] = True
            self.stamps += b"".join(more_stamps)
            self.levels = self.levels.copy()
            self.levels[found] = levels
            table = np.array(spans, np.int64)
            self.stamp_part = _changed(self.stamp_part, found, table[:, 0])
            self.messages = _changed(self.messages, found, table[:, 1])
            for place, name in enumerate(self.fields, 2):
                self.fields[name] = _changed(self.fields[name], found, table[:, place])
        return refused


def _changed(part: Part, rows: list[int], spans: Positions) -> Part:
    """Return a part with other places in some rows."""
    starts, ends = part.starts.copy(), part.ends.copy()
    starts[rows], ends[rows] = spans[:, 0], spans[:, 1]
    return Part(starts, ends)
