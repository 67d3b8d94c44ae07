"""The timeline: the same however entries are shared out, with bursts and gaps where they are."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import concli.logs.stats.timeline
from concli.logs.stats.timeline import WIDTHS, Gap, Timeline

S = 1_000_000


def timeline(moments: list[int], errors: list[int] | None = None) -> Timeline:
    made = Timeline()
    made.add(np.array(moments, np.int64), np.isin(np.arange(len(moments)), errors or []))
    return made


def test_each_width_divides_the_next() -> None:
    assert all(wider % width == 0 for width, wider in pairwise(WIDTHS))


def test_a_bar_is_as_long_as_suits_the_whole_span() -> None:
    hour = timeline([n * S for n in range(3600)]).bars()
    assert (hour.width_s, len(hour.bars), hour.bars[0].entries) == (60, 60, 60)
    assert timeline([0, 9 * S]).bars().width_s == 1
    month = timeline([n * 3600 * S for n in range(31 * 24)]).bars()
    assert (month.width_s, sum(bar.entries for bar in month.bars)) == (86400, 744)
    assert timeline([]).bars().bars == []


@pytest.mark.parametrize("years", [1, 50, 9000])
def test_there_are_never_many_bars(years: int) -> None:
    made = timeline([0, years * 365 * 86400 * S])
    assert 2 <= len(made.bars().bars) <= 62


def test_a_burst_of_errors_is_marked_and_errors_all_the_time_are_none() -> None:
    moments = [n * S for n in range(60)] + [30 * S] * 20
    burst = timeline(moments, [5, 40, *range(60, 80)]).bars()
    assert [bar.start // S for bar in burst.bars if bar.is_burst] == [30]
    steady = [n * S for n in range(60) for _ in range(20)]
    assert not any(bar.is_burst for bar in timeline(steady, list(range(1200))).bars().bars)
    few = timeline(moments, [60, 61, 62, 63]).bars()
    assert not any(bar.is_burst for bar in few.bars)


def test_an_entry_far_off_does_not_shrink_the_others_bars() -> None:
    shown = timeline([0] + [(10**9 + n) * S for n in range(3600)]).bars()
    assert shown.width_s == 60
    assert 1 <= shown.before <= 4  # a thousandth may be left out at either end
    assert shown.before + shown.after + sum(bar.entries for bar in shown.bars) == 3601


def test_the_longest_silences_are_found_exactly() -> None:
    moments = [0, 10 * S, 500 * S + 7, 520 * S, 9000 * S]
    assert timeline(moments).gaps(2) == [Gap(520 * S, 9000 * S), Gap(10 * S, 500 * S + 7)]
    assert timeline([5, 5]).gaps(3) == []


def as_lists(made: Timeline) -> list[list[int]]:
    return [array.tolist() for array in (made.numbers, made.entries, made.errors, made.firsts, made.lasts)]


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(-(10**6), 10**8), st.booleans(), st.integers(0, 2)), max_size=60),
    st.integers(1, 12),
)
def test_the_same_entries_give_the_same_timeline_however_they_are_shared_out(
    rows: list[tuple[int, bool, int]], limit: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(concli.logs.stats.timeline, "MAX_BUCKETS", limit)
        alone, shared = Timeline(), Timeline()
        parts = [Timeline(), Timeline(), Timeline()]
        for second, is_error, part in rows:
            for target in (alone, parts[part]):
                target.add(np.array([second * S]), np.array([is_error]))
        for made in parts:
            shared.merge(made)
        assert (shared.level, as_lists(shared)) == (alone.level, as_lists(alone))
        assert int(alone.entries.sum()) == len(rows)
        assert len(alone.numbers) <= limit or alone.level == len(WIDTHS) - 1
