import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from concli.logs.choice.head import Head, first_of


@settings(deadline=None)
@given(st.lists(st.lists(st.booleans(), max_size=8), max_size=6), st.integers(0, 20))
def test_of_all_chunks_together_the_first_are_allowed(chunks: list[list[bool]], count: int) -> None:
    head, left = Head(count), []
    for chunk in chunks:
        keep = first_of(np.array(chunk, bool), count)
        left += first_of(keep, head.allow(int(keep.sum()))).tolist()
    everything = [keep for chunk in chunks for keep in chunk]
    assert [keep and sum(everything[:n]) < count for n, keep in enumerate(everything)] == left
    assert head.is_reached == (sum(everything) >= count)


def test_without_a_count_everything_is_allowed() -> None:
    head = Head(None)
    assert head.allow(10**9) == 10**9
    assert not head.is_reached
