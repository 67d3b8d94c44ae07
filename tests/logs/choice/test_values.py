import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concli.logs.choice.values import (
    are_equal_to,
    begin_with,
    keep_repeated,
    level_column,
    no_values,
    select,
    select_column,
    texts,
    with_values,
)
from concli.logs.entries import Column
from tests.logs.columns import Row, column_of, entries_of, rows_of

# Few different bytes, so that values are often alike; some of these are no UTF-8, or are NULs.
VALUE = st.one_of(
    st.none(),
    st.binary(max_size=4),
    st.text("ab\0é", max_size=3).map(str.encode),
    st.sampled_from([b"a" * 40, b"a" * 39 + b"b"]),
)
VALUES = st.lists(VALUE, max_size=30)


def values_of(column: Column) -> list[bytes | None]:
    return [column.value(number) for number in range(len(column.starts))]


@settings(deadline=None)
@given(VALUES, VALUE)
def test_values_are_compared_as_they_are(values: list[bytes | None], other: bytes | None) -> None:
    column, wanted = column_of(values), other or b""
    assert are_equal_to(column, wanted).tolist() == [value == wanted for value in values]
    begins = [value is not None and value.startswith(wanted) for value in values]
    assert begin_with(column, wanted).tolist() == begins


@settings(deadline=None)
@given(VALUES)
def test_a_value_is_repeated_if_the_one_before_is_the_same_or_both_are_missing(values: list[bytes | None]) -> None:
    likely = np.arange(len(values)) > 0
    keep_repeated(column_of(values), likely)
    assert likely.tolist() == [n > 0 and value == values[n - 1] for n, value in enumerate(values)]


@pytest.mark.parametrize("difference", [0, 15, 16, 17, 999, 1100, 1999])
def test_long_values_that_differ_in_one_place_are_not_the_same(difference: int) -> None:
    one, other = bytearray(b"x" * 2000), bytearray(b"x" * 2000)
    other[difference] = 0
    likely = np.array([False, True, True])
    keep_repeated(column_of([bytes(one), bytes(one), bytes(other)]), likely)
    assert likely.tolist() == [False, True, False]


@settings(deadline=None)
@given(VALUES, st.integers(1, 40))
def test_texts_are_decoded_whatever_they_are(values: list[bytes | None], step: int) -> None:
    chosen = np.array([n for n, value in enumerate(values) if value is not None][::step], np.int64)
    expected = [(values[n] or b"").decode("utf-8", "surrogateescape") for n in chosen.tolist()]
    assert texts(column_of(values), chosen) == expected


@settings(deadline=None)
@given(VALUES, st.data())
def test_other_values_take_the_place_of_some(values: list[bytes | None], data: st.DataObject) -> None:
    chosen = [n for n in range(len(values)) if data.draw(st.booleans())]
    new = [data.draw(st.binary(max_size=3)) for _ in chosen]
    expected = {**dict(enumerate(values)), **dict(zip(chosen, new, strict=True))}
    column = column_of(values, "json")
    changed = with_values(column, np.array(chosen, np.int64), new)
    assert values_of(changed) == list(expected.values())
    assert changed.kind == "json"
    assert values_of(column) == values


def test_chosen_entries_keep_everything_they_had() -> None:
    rows: list[Row] = [{"level": "A", "message": "x", "n": 1}, {"timestamp": "t"}, {"message": "z", "n": 3}]
    entries = entries_of(rows)
    chosen = select(entries, np.array([True, False, True]))
    assert rows_of(chosen) == [rows_of(entries)[0], rows_of(entries)[2]]
    assert chosen.lines.tolist() == [0, 2]
    assert chosen.raw.value(1) == entries.raw.value(2)
    assert values_of(select_column(entries.messages, [2])) == [b"z"]


def test_levels_can_be_seen_as_a_field() -> None:
    entries = entries_of([{"level": "INFO"}, {}, {"level": "W"}, {"level": "INFO"}])
    assert values_of(level_column(entries)) == [b"INFO", None, b"W", b"INFO"]
    assert values_of(no_values(2)) == [None, None]
