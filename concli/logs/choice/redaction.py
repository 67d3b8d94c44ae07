"""Hiding what is not to be seen in the messages and fields of entries."""

import json
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from concli.logs.choice.secrets import SECRET_NAME, Rule
from concli.logs.choice.suspicion import suspicious_places
from concli.logs.choice.text_search import find_any, search
from concli.logs.choice.values import no_values, texts, with_values
from concli.logs.entries import Column, Entries
from concli.logs.line_finder import Positions

__all__ = ["Redactor"]


class Redactor:
    """Hides what the rules find, in chunk after chunk, for one thread. ``counts`` says by rule how often.

    Messages, lines as they stand and all fields are looked at, be they text, numbers or JSON, not the timestamps
    and levels. What is counted in a message or a field is not counted again in the line. Without ``keeps_raw`` the
    lines are left out instead, as looking at them, too, is twice the work.
    """

    def __init__(self, rules: Sequence[Rule], *, keeps_raw: bool = True) -> None:
        self.counts: Counter[str] = Counter()
        self._rules = rules
        self._keeps_raw = keeps_raw
        self._hides_tokens = any(rule.name == "token" for rule in rules)

    def redact(self, entries: Entries) -> Entries:
        """Return the entries with marks in place of what is hidden."""
        if not self._keeps_raw:
            entries = entries._replace(raw=no_values(entries.size))
        places = _Places([entries.raw, entries.messages, *entries.fields.values()])
        messages = self._hidden(entries.messages, places, self.counts)
        fields = {}
        for name, column in entries.fields.items():
            if self._hides_tokens and SECRET_NAME.search(name):
                fields[name] = self._all_hidden(column)
            else:
                fields[name] = self._hidden(column, places, self.counts)
        raw = self._hidden(entries.raw, places, Counter())
        return entries._replace(raw=raw, messages=messages, fields=fields)

    def _hidden(self, column: Column, places: "_Places", counts: Counter[str]) -> Column:
        before: dict[int, str] = {}
        after: dict[int, str] = {}
        for rule in self._rules:
            holding = places.holding(rule, column)
            holding[[*after]] = True  # what an earlier rule has changed may be otherwise now
            likely = np.flatnonzero(holding)
            new = likely[[entry not in after for entry in likely.tolist()]]
            read = dict(zip(new.tolist(), texts(column, new), strict=True))
            before.update(read)
            after.update(read)
            hidden, count = rule.hide_all([after[entry] for entry in likely.tolist()])
            after.update(zip(likely.tolist(), hidden, strict=True))
            counts[rule.name] += count
        changed = [entry for entry, text in after.items() if text is not before[entry] and text != before[entry]]
        if not changed:
            return column
        values = [_spelled(column.kind, after[entry]) for entry in changed]
        return _as_json(with_values(column, np.array(changed), values))

    def _all_hidden(self, column: Column) -> Column:
        there = np.flatnonzero(column.starts >= 0)
        if not there.size:
            return column
        self.counts["token"] += len(there)
        mark = b"[token]" if column.kind == "text" else b'"[token]"'
        return _as_json(with_values(column, there, [mark] * len(there)))


def _spelled(kind: str, text: str) -> bytes:
    """Return a redacted value as its column needs it: one of JSON as a string, if it is not JSON any more."""
    if kind != "text":
        try:
            json.loads(text)
        except (ValueError, RecursionError):
            text = json.dumps(text, ensure_ascii=False)
    return text.encode("utf-8", "surrogateescape")


def _as_json(column: Column) -> Column:
    """Return a column of numbers, some of which are marks now, as one of JSON; every other as it is."""
    return column._replace(kind="json") if column.kind == "number" else column


class _Places:
    """Where in the memory of some columns something may be hidden. Each memory is looked through once a rule."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns
        self._found: dict[tuple[str, int], Positions] = {}

    def holding(self, rule: Rule, column: Column) -> NDArray[np.bool_]:
        """Tell which values of one of the columns the rule is to be tried on."""
        if rule.name == "redacted":
            found = np.zeros(len(column.starts), bool)
            for pattern in rule.patterns:
                others = ~found
                search(column, [pattern], others, found=True)
                found |= others
            return found
        key = rule.name, id(column.buffer)
        places = self._found.get(key)
        if places is None:
            together = [other for other in self._columns if other.buffer is column.buffer]
            size = max((int(other.ends.max(initial=0)) for other in together), default=0)
            places = suspicious_places(rule.name, column.buffer, [other.starts for other in together], size)
            self._found[key] = places
        return find_any(places, 1, column.starts, column.ends)
