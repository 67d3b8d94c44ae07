"""Which lines belong to which entry."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from concli.logs.entries import NO_VALUE, Column, fold

kinds = st.lists(st.sampled_from(["begins", "rejected", "blank", "other"]), max_size=30)


def plainly(kinds: list[str], *, joins: bool) -> tuple[list[tuple[int, int]], list[int], int]:
    """Return the first and last line of each entry, the strays and the number of blank lines, a line at a time."""
    entries: list[tuple[int, int]] = []
    strays: list[int] = []
    is_open = False
    for number, kind in enumerate(kinds):
        if kind == "begins":
            entries.append((number, number))
            is_open = joins
        elif kind == "rejected":
            is_open = False
        elif kind == "other" and is_open:
            entries[-1] = (entries[-1][0], number)
        elif kind == "other":
            strays.append(number)
    inside = {line for first, last in entries for line in range(first, last + 1)}
    return entries, strays, sum(kind == "blank" and number not in inside for number, kind in enumerate(kinds))


@given(kinds, st.booleans())
def test_lines_are_folded_as_one_at_a_time_would_be(kinds: list[str], joins: bool) -> None:
    begins, rejected, blank = (np.array([kind == of for kind in kinds], bool) for of in ("begins", "rejected", "blank"))
    folded = fold(begins, rejected, blank, joins=joins)
    entries, strays, blanks = plainly(kinds, joins=joins)
    assert list(zip(folded.firsts.tolist(), folded.lasts.tolist(), strict=True)) == entries
    assert folded.strays.tolist() == strays
    assert folded.blank == blanks
    assert len(entries) + folded.continued + folded.blank + len(strays) + int(rejected.sum()) == len(kinds)


@pytest.mark.parametrize(("number", "value"), [(0, b"one"), (1, None), (2, b"")])
def test_a_column_has_a_value_or_none(number: int, value: bytes | None) -> None:
    column = Column(b"one", np.array([0, NO_VALUE, 3]), np.array([3, NO_VALUE, 3]))
    assert column.value(number) == value
