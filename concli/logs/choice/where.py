"""Which entries an expression holds for, a column at a time."""

import operator
from collections.abc import Callable
from typing import Any as Anything

import numpy as np
from numpy.typing import NDArray

from concli.logs.choice.levels import rank_of, same_level
from concli.logs.choice.moments import Moment, compare
from concli.logs.choice.numbers import Numbers, number_of, numbers
from concli.logs.choice.text_search import search
from concli.logs.choice.tree import All, Any, Comparison, Expression, Literal, Match, Name, Not, OneOf
from concli.logs.choice.values import are_equal_to, are_there, level_column, no_values
from concli.logs.entries import Column, Entries

__all__ = ["Where", "column_of"]

_Mask = NDArray[np.bool_]

_OPERATORS: dict[str, Callable[[Anything, Anything], Anything]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_SWAPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def column_of(entries: Entries, name: str) -> Column | None:
    """Return the column with this name, be it of a field or one that all entries have; None if there is none."""
    if name == "timestamp":
        return entries.timestamps
    if name == "message":
        return entries.messages
    return level_column(entries) if name == "level" else entries.fields.get(name)


class Where:
    """Evaluates an expression on one chunk's entries after the other, for one thread.

    ``moment`` says what a timestamp is compared with.
    """

    def __init__(self, expression: Expression, moment: Callable[[bytes], Moment]) -> None:
        self._expression = expression
        self._moment = moment
        self._entries: Entries
        self._columns: dict[str, Column] = {}
        self._numbers: dict[str, Numbers] = {}

    def mask(self, entries: Entries, keep: _Mask) -> _Mask:
        """Tell for which of the entries to ``keep`` the expression holds."""
        self._entries = entries
        self._columns, self._numbers = {}, {}
        return keep & self._holds(self._expression, keep)

    def _holds(self, part: Expression, among: _Mask) -> _Mask:
        """Tell where ``part`` holds; what it says of entries not ``among`` those of interest does not matter."""
        if isinstance(part, All):
            for each in part.parts:
                among = among & self._holds(each, among)
            return among
        if isinstance(part, Any):
            held = np.zeros(len(among), bool)
            for each in part.parts:
                held |= among & ~held & self._holds(each, among & ~held)
            return held
        if isinstance(part, Not):
            return ~self._holds(part.part, among)
        if isinstance(part, Comparison):
            return self._relates(part, among)
        column = self._column(part.name)
        held = are_there(column)
        if isinstance(part, Match):
            held &= among
            search(column, [part.pattern], held, found=not part.negated)
        elif isinstance(part, OneOf):
            one_of = np.zeros(len(among), bool)
            for value in part.values:
                one_of |= self._compares(Name(part.name), "==", value, among)
            held &= one_of != part.negated
        return held

    def _column(self, name: str) -> Column:
        column = self._columns.get(name)
        if column is None:
            column = self._columns[name] = column_of(self._entries, name) or no_values(self._entries.size)
        return column

    def _numbers_of(self, name: str) -> Numbers:
        found = self._numbers.get(name)
        if found is None:
            found = self._numbers[name] = numbers(self._column(name))
        return found

    def _relates(self, part: Comparison, among: _Mask) -> _Mask:
        left, sign, right = part.left, part.operator, part.right
        if isinstance(left, Literal) and isinstance(right, Name):
            left, sign, right = right, _SWAPPED.get(sign, sign), left
        if isinstance(left, Name):
            if isinstance(right, Literal):
                return self._compares(left, sign, right, among)
            return self._compares_columns(left.name, sign, right.name, among)
        return np.full(len(among), _literals_relate(left, sign, right))

    def _compares(self, left: Name, sign: str, right: Literal, among: _Mask) -> _Mask:
        relate = _OPERATORS[sign]
        if left.name == "level" and right.number is None:
            entries, text = self._entries, right.text.decode("utf-8", "surrogateescape")
            by_number = np.zeros(256, bool)
            by_number[1 : len(entries.names)] = [_level_relates(name, sign, text) for name in entries.names[1:]]
            held: _Mask = by_number[entries.levels]
            return held
        column = self._column(left.name)
        there = are_there(column)
        if left.name == "timestamp":
            held = there & relate(compare(column, self._moment(right.text)), 0)
        elif right.number is not None:
            held = _relate_numbers(self._numbers_of(left.name), relate, right.number)
            if sign == "!=":
                held |= np.isnan(self._numbers_of(left.name).values)
            held &= there
        elif sign in ("==", "!="):
            held = there & (are_equal_to(column, right.text) == (sign == "=="))
        else:
            held = np.zeros(len(among), bool)
            chosen = np.flatnonzero(there & among)
            spans = zip(column.starts[chosen].tolist(), column.ends[chosen].tolist(), strict=True)
            held[chosen] = [relate(column.buffer[start:end], right.text) for start, end in spans]
        return held

    def _compares_columns(self, left: str, sign: str, right: str, among: _Mask) -> _Mask:
        """Compare two values of each entry: as numbers if both are, else as text."""
        relate, columns = _OPERATORS[sign], (self._column(left), self._column(right))
        known = self._numbers_of(left), self._numbers_of(right)
        held: _Mask = relate(known[0].values, known[1].values)
        is_open = among & are_there(columns[0]) & are_there(columns[1])
        held &= is_open
        are_numbers = ~np.isnan(known[0].values + known[1].values)
        are_numbers[[*known[0].large, *known[1].large]] = False
        for entry in np.flatnonzero(is_open & ~are_numbers).tolist():
            values = [column.value(entry) or b"" for column in columns]
            as_numbers = [number_of(value) for value in values]
            held[entry] = relate(*(values if None in as_numbers else as_numbers))
        return held


def _relate_numbers(column: Numbers, relate: Callable[[Anything, Anything], Anything], number: float) -> _Mask:
    try:
        other = float(number)
    except OverflowError:
        other = np.inf if number > 0 else -np.inf
    signs = (column.values > other).astype(np.int8) - (column.values < other)
    # A whole number that no float is lies beside the float that is nearest.
    signs[column.values == other] = (other > number) - (other < number)
    held: _Mask = relate(signs, 0) & ~np.isnan(column.values)
    for entry, value in column.large.items():
        held[entry] = relate(value, number)
    return held


def _level_relates(name: bytes, sign: str, text: str) -> bool:
    level = name.decode("utf-8", "surrogateescape")
    if sign in ("==", "!="):
        return same_level(level, text) == (sign == "==")
    ranks = rank_of(level), rank_of(text)
    return None not in ranks and bool(_OPERATORS[sign](*ranks))


def _literals_relate(left: Name | Literal, sign: str, right: Name | Literal) -> bool:
    """Compare two values that are both given, of which neither is a name."""
    if isinstance(left, Name) or isinstance(right, Name):
        raise TypeError
    if left.number is None or right.number is None:
        return bool(_OPERATORS[sign](left.text, right.text))
    return bool(_OPERATORS[sign](left.number, right.number))
