"""Columns laid out by blocks are what joining them one by one gives."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from concli.logs.entries import Column
from concli.logs.output.columns import Choice, Segment, Value, lay_out

CONSTANTS = st.binary(max_size=6) | st.binary(min_size=60, max_size=70)
LENGTHS = st.sampled_from([None, 0, 1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 63, 64, 65, 127, 128, 129, 300, 5000])


def column_of(values: list[bytes | None], padding: int) -> Column:
    buffer, starts, ends = b"", [], []
    for value in values:
        starts.append(-1 if value is None else len(buffer))
        buffer += value or b""
        ends.append(-1 if value is None else len(buffer))
    return Column(buffer + bytes(padding), np.array(starts, np.int64), np.array(ends, np.int64))


@st.composite
def segments(draw: st.DrawFn) -> tuple[list[Segment], list[bytes]]:
    size = draw(st.sampled_from([1, 2, 5, 40]))
    made: list[Segment] = []
    expected = [b""] * size
    for _ in range(draw(st.integers(0, 6))):
        kind = draw(st.sampled_from(["constant", "column", "fixed", "choice"]))
        if kind == "constant":
            made.append(draw(CONSTANTS))
            expected = [text + made[-1] for text in expected]  # type: ignore[operator]
        elif kind == "choice":
            options = draw(st.lists(CONSTANTS, min_size=1, max_size=3))
            numbers = draw(st.lists(st.integers(0, len(options) - 1), min_size=size, max_size=size))
            made.append(Choice(options, np.array(numbers, np.uint8)))
            expected = [text + options[number] for text, number in zip(expected, numbers, strict=True)]
        else:
            few = draw(st.lists(LENGTHS, min_size=1, max_size=1 if kind == "fixed" else 8))
            which = draw(st.lists(st.sampled_from(few), min_size=size, max_size=size))
            values = [None if n is None else bytes((i + k) % 251 for k in range(n)) for i, n in enumerate(which)]
            prefix, suffix = draw(CONSTANTS), draw(CONSTANTS)
            made.append(Value(column_of(values, draw(st.sampled_from([0, 64]))), prefix, suffix))
            expected = [
                text + (b"" if value is None else prefix + value + suffix)
                for text, value in zip(expected, values, strict=True)
            ]
    return made, expected


@settings(deadline=None, max_examples=50)
@given(segments())
def test_it_is_what_joining_gives(case: tuple[list[Segment], list[bytes]]) -> None:
    made, expected = case
    laid = lay_out(made, len(expected))
    assert laid.data.tobytes() == b"".join(expected)
    assert np.diff(laid.starts).tolist() == list(map(len, expected))


def test_no_entries_are_no_bytes() -> None:
    laid = lay_out([b"x", Value(column_of([], 0))], 0)
    assert (laid.data.tobytes(), laid.starts.tolist()) == (b"", [0])


def test_many_values_of_many_blocks_arrive_whole() -> None:
    values: list[bytes | None] = [b"%d," % n * (n * 7 % 900) for n in range(200)]
    laid = lay_out([Value(column_of(values, 0), b"(", b")")], len(values))
    assert laid.data.tobytes() == b"".join(b"(%s)" % value for value in values if value is not None)
