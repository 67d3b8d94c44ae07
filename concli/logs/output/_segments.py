"""What an entry is made of, and what is known of it before it is laid out."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from concli.logs.entries import Column
from concli.logs.line_finder import Positions
from concli.logs.output._ranks import Mask, Ranks

__all__ = ["Choice", "Segment", "Value", "expected_count", "some", "take"]


class Value(NamedTuple):
    """A column's value with what stands around it; if the value is missing, nothing.

    A ``raw`` one is never escaped.
    """

    column: Column
    prefix: bytes = b""
    suffix: bytes = b""
    raw: bool = False


class Choice(NamedTuple):
    """One of some constants, ``options[numbers[i]]`` for entry ``i``."""

    options: list[bytes]
    numbers: NDArray[Any]


Segment = bytes | Value | Choice


def take(column: Column, rows: Positions) -> Column:
    """Return the column of some entries."""
    return column._replace(starts=column.starts[rows], ends=column.ends[rows])


def some(segments: list[Segment], rows: Positions) -> list[Segment]:
    """Return the segments of some entries."""
    return [_some(segment, rows) for segment in segments]


def expected_count(segments: list[Segment], members: bytes, mask: Mask) -> Any:
    """Return how many of some bytes are in the segments, a number, or one for each entry.

    Of values only raw ones count, by ``mask``; elsewhere it is ``members`` that count.
    """
    expected: Any = 0
    for segment in segments:
        if isinstance(segment, bytes):
            expected = expected + _count(segment, members)
        elif isinstance(segment, Choice):
            expected = expected + np.array([_count(option, members) for option in segment.options])[segment.numbers]
        else:
            around, column = _count(segment.prefix + segment.suffix, members), segment.column
            if around:
                expected = expected + (around if int(column.starts.min()) >= 0 else around * (column.starts >= 0))
            if segment.raw:
                expected = expected + Ranks(column.buffer, mask).within(column.starts, column.ends)
    return expected


def _count(text: bytes, members: bytes) -> int:
    return len(text) - len(text.translate(None, members))


def _some(segment: Segment, rows: Positions) -> Segment:
    if isinstance(segment, bytes):
        return segment
    if isinstance(segment, Choice):
        return segment._replace(numbers=segment.numbers[rows])
    return segment._replace(column=take(segment.column, rows))
