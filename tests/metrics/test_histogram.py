"""The histogram of durations."""

import math

from hypothesis import example, given, settings
from hypothesis import strategies as st

from concli.metrics.histogram import Histogram

durations = st.lists(st.floats(1e-9, 1e6), min_size=1, max_size=50)
shares = st.floats(0, 1, exclude_min=True)

law = settings(deadline=None)


def histogram(seconds: list[float]) -> Histogram:
    made = Histogram()
    for duration in seconds:
        made.add(duration)
    return made


@law
@given(durations, shares)
@example([1e-9], 1.0)
@example([2.0**power for power in range(-20, 20)], 0.5)
def test_a_quantile_is_at_most_a_sixteenth_above_the_true_one(seconds: list[float], q: float) -> None:
    true = sorted(seconds)[math.ceil(q * len(seconds)) - 1]
    found = histogram(seconds).quantile(q)
    assert found is not None
    assert true < found <= true * 1.0625


@law
@given(durations, shares, shares)
def test_a_larger_share_has_no_smaller_quantile(seconds: list[float], one: float, other: float) -> None:
    found = histogram(seconds)
    smaller, larger = found.quantile(min(one, other)), found.quantile(max(one, other))
    assert smaller is not None
    assert larger is not None
    assert smaller <= larger


@law
@given(durations, durations, shares)
def test_to_merge_is_to_add_all_to_one(some: list[float], others: list[float], q: float) -> None:
    merged, source = histogram(some), histogram(others)
    merged.merge(source)
    assert merged.quantile(q) == histogram(some + others).quantile(q)
    assert source.quantile(q) == histogram(others).quantile(q)  # it only gave


def test_nothing_counted_has_no_quantile() -> None:
    assert Histogram().quantile(0.5) is None


def test_what_is_too_short_or_too_long_for_its_buckets_is_counted_in_the_outermost() -> None:
    found = histogram([-1.0, 0.0, 1e-12, 1e12])
    shortest, longest = found.quantile(0.75), found.quantile(1)
    assert shortest is not None
    assert longest is not None
    assert shortest < 2e-9
    assert longest > 1e9
