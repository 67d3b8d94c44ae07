"""The functions and operators of expressions, and their bounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concli.tasks.stages.functions import FUNCTIONS, MOST_BITS, OPERATORS, compare, number, number_if_it_is_one

_SMALL = st.integers(-(10**6), 10**6)


@given(_SMALL, _SMALL.filter(bool))
def test_operators_are_pythons_also_on_texts_that_are_numbers(a: int, b: int) -> None:
    wanted = {"Mult": a * b, "Mod": a % b, "Sub": a - b, "Div": a / b, "FloorDiv": a // b, "BitXor": a ^ b}
    for name, value in wanted.items():
        assert OPERATORS[name](a, b) == value
        assert OPERATORS[name](str(a), str(b)) == value
    assert OPERATORS["Add"](str(a), b) == a + b
    assert OPERATORS["USub"](str(a)) == -a
    assert compare(["Lt"], str(a), b) is (a < b)


@given(st.integers(-(10**6), 10**6), st.integers(-(10**9), 10**12))
def test_no_whole_number_grows_beyond_what_can_be_written(a: int, b: int) -> None:
    for name in ("Mult", "Pow", "LShift"):
        try:
            value = OPERATORS[name](a, b)
        except (ArithmeticError, ValueError):
            continue
        assert not isinstance(value, int) or value.bit_length() <= MOST_BITS
        assert str(value)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("replace", ("a" * 1000, "a", "b" * 10**6)),
        ("replace", ("a" * 1000, "", "b" * 10**6)),
        ("join", ("b" * 10**6, ["a"] * 1000)),
        ("round", (1, -(10**10))),
        ("int", ("f" * 10_000, 16)),
    ],
)
def test_functions_that_could_fill_the_memory_are_bounded(name: str, arguments: tuple[object, ...]) -> None:
    with pytest.raises(OverflowError):
        FUNCTIONS[name](*arguments)


def test_lists_are_not_repeated() -> None:
    with pytest.raises(TypeError):
        OPERATORS["Mult"]([1], 2)


def test_only_texts_that_are_numbers_become_numbers() -> None:
    assert [number_if_it_is_one(x) for x in ("7", " -7 ", "007", "1.5", ".5e1", "x", "", "1_0", "nan", "٣", None)] == [
        *(7, -7, 7, 1.5, 5.0),
        *("x", "", "1_0", "nan", "٣", None),
    ]
    with pytest.raises(TypeError, match="'x' is not a number"):
        number("x")


def test_get_has_a_default() -> None:
    assert FUNCTIONS["get"]({"a": 1}, "a") == FUNCTIONS["get"]([1], 0) == FUNCTIONS["get"]({}, "b", 1) == 1
