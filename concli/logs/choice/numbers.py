"""Values read as numbers, all of a column at once."""

import re
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from concli.logs.choice.values import at
from concli.logs.entries import Column
from concli.logs.line_finder import Positions

__all__ = ["Numbers", "number_of", "numbers"]

_NUMBER = re.compile(rb"-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]{1,9})?")
_WIDTH = 16  # bytes; of that many, up to 15 are digits, and such a number is exact
_PLACES = np.arange(_WIDTH)
_POWERS = 10 ** np.arange(_WIDTH - 1, -1, -1, dtype=np.int64)
_EXACT = 1 << 53
_MANY_DIGITS = 400

# Digits are made numbers by taking away _ZERO, modulo 256.
_ZERO = np.uint8(ord("0"))
_POINT, _MINUS = ((ord(c) - ord("0")) % 256 for c in ".-")


class Numbers(NamedTuple):
    """The numbers in a column: ``values``, NaN where there is none, and the whole ones that no float is exactly."""

    values: NDArray[np.float64]
    large: dict[int, int]


def number_of(text: bytes) -> int | float | None:
    """Return the number that a value is, None if it is not one.

    >>> number_of(b"12"), number_of(b"1e3"), number_of(b"-0.5"), number_of(b"1_000"), number_of(b"inf")
    (12, 1000.0, -0.5, None, None)
    """
    if not _NUMBER.fullmatch(text):
        return None
    return int(text) if len(text) < _MANY_DIGITS and text.lstrip(b"-").isdigit() else float(text)


def numbers(column: Column) -> Numbers:
    """Read all values of a column as numbers."""
    starts, ends, buffer = column.starts, column.ends, column.buffer
    values = np.full(len(starts), np.nan)
    large: dict[int, int] = {}
    widths = ends - starts
    is_open = (starts >= 0) & (widths > 0)
    short = np.flatnonzero(is_open & (widths <= _WIDTH) & (ends >= _WIDTH))
    if short.size:
        # What stands before the value is made zeros.
        rows = at(buffer, f"V{_WIDTH}", ends[short] - _WIDTH).view(np.uint8).reshape(-1, _WIDTH)
        firsts = _WIDTH - widths[short]
        rows[firsts[:, None] > _PLACES] = _ZERO
        rows -= _ZERO
        is_whole = (rows <= 9).all(axis=1) & (firsts > 0)
        values[short[is_whole]] = rows[is_whole] @ _POWERS.astype(float)
        is_open[short[is_whole]] = False
        others = np.flatnonzero(~is_whole)
        if others.size:
            known, found = _decimals(rows[others], firsts[others])
            values[short[others[known]]] = found
            # Without an exponent that could not have been another number.
            is_open[short[others]] = ~known & _may_be_number(rows[others])
    for entry in np.flatnonzero(is_open).tolist():
        number = number_of(bytes(buffer[starts[entry] : ends[entry]]))
        if isinstance(number, int) and abs(number) > _EXACT:
            large[entry] = number
        if number is not None:
            values[entry] = _as_float(number)
    return Numbers(values, large)


def _as_float(number: float) -> float:
    try:
        return float(number)
    except OverflowError:
        return np.inf if number > 0 else -np.inf


def _may_be_number(rows: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Tell in which rows, of digits as numbers, the last is a digit and nothing stands that no number has."""
    may_be: NDArray[np.bool_] = (rows[:, -1] <= 9) & _IN_NUMBERS[rows].all(axis=1)
    return may_be


_IN_NUMBERS = np.zeros(256, bool)
_IN_NUMBERS[[(c - ord("0")) % 256 for c in b"0123456789+-.eE"]] = True


def _decimals(rows: NDArray[np.uint8], firsts: Positions) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Tell which rows are numbers with a sign or a point, and which numbers.

    A row's value starts at its place in ``firsts``, with zeros before it; its digits are numbers, not characters.
    """
    lines = np.arange(len(rows))
    is_negative = rows[lines, firsts] == _MINUS
    rows[lines[is_negative], firsts[is_negative]] = 0
    firsts = firsts + is_negative
    is_point = rows == _POINT
    points = is_point.sum(axis=1)
    point = np.where(points == 1, is_point.argmax(axis=1), _WIDTH - 1)
    known = ((rows <= 9) | is_point).all(axis=1) & (firsts < _WIDTH) & (points <= 1)
    known &= np.where(points == 0, firsts > 0, (point > firsts) & (point < _WIDTH - 1))
    digits = rows[known].astype(np.int64)
    digits[is_point[known]] = 0
    decimals = _WIDTH - 1 - point[known]
    # With a zero for the point the digits before it are worth ten times too much.
    whole, fraction = np.divmod(digits @ _POWERS, 10 ** (decimals + (points[known] == 1)))
    scale = 10**decimals
    # The quotient of two numbers that floats hold exactly is the float nearest to the true one.
    found = (whole * scale + fraction) / scale
    return known, np.where(is_negative[known], -found, found)
