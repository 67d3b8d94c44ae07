"""Frequent counts: exact while they can be, and within what they promise after that."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from concli.logs.stats.frequent import Frequent

things = st.lists(st.sampled_from("aaaaabbbccdefghijk"), max_size=120)


@settings(deadline=None)
@given(st.lists(things, min_size=1, max_size=4), st.integers(1, 8))
def test_a_count_is_never_too_high_and_too_low_by_no_more_than_the_error(parts: list[list[str]], capacity: int) -> None:
    merged: Frequent[str] = Frequent(capacity)
    for part in parts:
        counts: Frequent[str] = Frequent(capacity)
        for thing in part:
            counts.add({thing: 1})
        merged.merge(counts)
    truth = Counter(thing for part in parts for thing in part)
    assert merged.total == truth.total()
    assert len(merged.counts) <= 2 * capacity
    for thing, count in truth.items():
        assert count - merged.error <= merged.counts.get(thing, 0) <= count
    assert merged.error * (capacity + 1) <= merged.total
    if len(truth) <= 2 * capacity:
        assert merged.is_exact
        assert merged.counts == truth
    else:
        assert not merged.is_exact
    assert merged.other == merged.total - sum(merged.counts.values())


def test_equal_counts_are_in_the_order_of_the_things() -> None:
    counts: Frequent[str] = Frequent(5)
    counts.add({"b": 2, "c": 3, "a": 2})
    assert counts.most_common(2) == [("c", 3), ("a", 2)]
