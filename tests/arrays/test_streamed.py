"""What is cut stays within its memory; products by parts are tested with the job."""

from hypothesis import given, settings
from hypothesis import strategies as st

from concli.arrays.streamed import LEAST_BYTES, cut

LENGTHS = st.integers(1, 1 << 24)


@settings(deadline=None, max_examples=50)
@given(LENGTHS, LENGTHS, LENGTHS, st.sampled_from([4, 8, 16]), st.integers(LEAST_BYTES, 1 << 34), st.integers(1, 64))
def test_parts_stay_within_the_memory(
    rows: int, inner: int, columns: int, itemsize: int, budget: int, workers: int
) -> None:
    parts = cut(rows, inner, columns, itemsize, budget=budget, workers=workers)
    assert parts.bytes <= budget
    assert 1 <= parts.rows <= rows
    assert 1 <= parts.inner <= inner
    assert 1 <= parts.columns <= columns


def test_with_room_the_inner_length_is_not_cut() -> None:
    assert cut(50_000, 50_000, 50_000, 8, budget=1 << 31, workers=2).inner == 50_000
