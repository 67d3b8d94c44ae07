import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concli.logs.choice.numbers import number_of, numbers
from tests.logs.columns import column_of

NUMBER = st.one_of(
    st.integers(-(10**17), 10**17).map(str),
    st.integers(0, 999).map(str),
    st.decimals(-(10**9), 10**9, places=3).map(str),
    st.decimals(0, 10, places=14).map(str),
    st.floats().map(str),
    st.text("0123456789.-+eE", max_size=18),
    st.text("0a", max_size=3),
).map(str.encode)


@settings(deadline=None)
@given(st.lists(st.one_of(st.none(), NUMBER), max_size=20), st.booleans())
def test_each_value_is_the_number_it_is_alone(values: list[bytes | None], at_the_beginning: bool) -> None:
    read = numbers(column_of(values, before=b"" if at_the_beginning else b"7" * 20))
    for entry, value in enumerate(values):
        number = None if value is None else number_of(value)
        found = read.values[entry]
        if number is None:
            assert math.isnan(found)
            assert entry not in read.large
        else:
            assert found == float(number)
            assert read.large.get(entry, found) == number


@pytest.mark.parametrize(
    "text", [b"", b"-", b".5", b"5.", b"1.2.3", b"1-2", b"+1", b"1e", b" 1", b"1 ", b"0x1", b"nan", b"\xff"]
)
def test_what_is_not_spelled_as_a_number_is_none(text: bytes) -> None:
    assert number_of(text) is None
    assert math.isnan(numbers(column_of([text], before=b"1" * 20)).values[0])


def test_numbers_beyond_all_bounds_are_still_numbers() -> None:
    read = numbers(column_of([b"9" * 10_000, b"-" + b"9" * 390, b"1e999999999", b"123456789012345678901"]))
    assert read.values.tolist()[:3] == [math.inf, -math.inf, math.inf]
    assert read.large[1] == -(10**390) + 1
    assert read.large[3] == 123456789012345678901


@pytest.mark.parametrize(
    "text", [b"0.1", b"999999999999999", b"0.99999999999999", b"-12345678.901234", b"0000000000000.1"]
)
def test_numbers_read_at_once_are_rounded_as_one_alone_is(text: bytes) -> None:
    assert numbers(column_of([text], before=b"1" * 20)).values[0] == float(text)
