import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concli.logs.choice.text_search import find_all, find_any, plain_text, search
from tests.logs.columns import column_of

VALUE = st.one_of(st.none(), st.text("ab .\né\udcff", max_size=6).map(lambda t: t.encode("utf-8", "surrogateescape")))
PATTERNS = [
    "a",
    "ab",
    "é",
    "a\nb",
    "^a",
    "^",
    "^ab",
    "b$",
    "^a*$",
    "a.b",
    "(?i)A",
    r"\ba",
    "",
    "[^a]",
    "\udcff",
    "(?m)^b",
    "^é",
]


@settings(deadline=None)
@given(st.lists(VALUE, max_size=20), st.lists(st.sampled_from(PATTERNS), max_size=2), st.booleans(), st.data())
def test_a_search_says_what_one_by_one_says(
    values: list[bytes | None], patterns: list[str], found: bool, data: st.DataObject
) -> None:
    keep = np.array([data.draw(st.booleans()) for _ in values], bool)
    expected = [
        bool(keep[n])
        and value is not None
        and all(bool(re.search(p, value.decode("utf-8", "surrogateescape"))) == found for p in patterns)
        for n, value in enumerate(values)
    ]
    search(column_of(values), map(re.compile, patterns), keep, found=found)
    assert keep.tolist() == expected


@pytest.mark.parametrize("needle", [b"a", b"aa", b"x", b"ab"])
def test_spans_may_overlap_and_be_in_any_order(needle: bytes) -> None:
    text = b"aaaabaaxab" * 300
    spans = [
        (0, 50),
        (2900, 3000),
        (2901, 2902),
        (2907, 2908),
        (5, 9),
        (3, 8),
        (3, 3),
        (-1, -1),
        (48, 50),
        (0, 1),
        (7, 8),
        (44, 46),
    ]
    starts, ends = np.array(spans).T
    expected = [start >= 0 and needle in text[start:end] for start, end in spans]
    assert find_all(text, starts, ends, needle).tolist() == expected


def test_a_text_full_of_hits_is_searched_value_by_value() -> None:
    values = [b"a" * 1000, b"b", None, b"a"]
    column = column_of(values)
    assert find_all(column.buffer, column.starts, column.ends, b"a").tolist() == [True, False, False, True]


def test_nothing_is_found_in_nothing() -> None:
    nothing = np.empty(0, np.int64)
    assert find_all(b"", nothing, nothing, b"a").tolist() == []
    assert find_any(nothing, 1, np.array([0, -1]), np.array([3, -1])).tolist() == [False, False]


@pytest.mark.parametrize("pattern", ["", "a.", "(?i)a", r"\d", "a|b", "^a"])
def test_only_what_stands_for_itself_is_plain(pattern: str) -> None:
    assert plain_text(re.compile(pattern)) is None
