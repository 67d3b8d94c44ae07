"""Which values are shown, and which of them are numbers."""

import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from concli.logs.output.members import Members, split_column, valid_numbers
from tests.logs.output.rows import NUMBER, entries_of

_NUMBER = re.compile(rb"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")


@given(st.lists(st.one_of(st.none(), NUMBER, st.text("0123456789/:.e-", max_size=20).map(str.encode)), min_size=1))
def test_numbers_are_told_as_the_grammar_of_json_does(values: list[bytes | None]) -> None:
    entries = entries_of([{} if value is None else {"n": value} for value in [*values, b"0"]], padding=0)
    expected = [value is not None and _NUMBER.fullmatch(value) is not None for value in values]
    assert valid_numbers(entries.fields["n"]).tolist() == [*expected, True]


def test_a_column_is_split_in_two_only_if_both_have_values() -> None:
    column = entries_of([{"a": b"x"}, {}, {"a": b"y"}]).fields["a"]
    assert split_column(column, np.array([True, False, True])) == (column, None)
    assert split_column(column, np.zeros(3, bool)) == (None, column)
    first, second = split_column(column, np.array([True, True, False]))
    assert first is not None
    assert second is not None
    assert [first.value(n) for n in range(3)] == [b"x", None, None]
    assert [second.value(n) for n in range(3)] == [None, None, b"y"]


def test_members_are_in_the_order_asked_for_and_of_the_kept_entries() -> None:
    entries = entries_of([{"message": b"m", "a": b"x"}, {"a": b"y", "b": b"z"}])
    members, size = Members(("b", "a", "b")).of(entries, np.array([False, True]))
    assert (size, [(m.name, m.column.value(0)) for m in members]) == (1, [("b", b"z"), ("a", b"y")])
    everything, _ = Members(None).of(entries, np.ones(2, bool))
    assert [member.name for member in everything] == ["timestamp", "level", "message", "a", "b"]
