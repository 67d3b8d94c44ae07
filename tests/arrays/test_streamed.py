"""What is cut stays within its memory; products by parts are tested with the job."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from concli.arrays.npy import Matrix
from concli.arrays.streamed import LEAST_BYTES, Cut, Streamed, cut
from tests.arrays.products import crew_of, random

LENGTHS = st.integers(0, 1 << 24)


@settings(deadline=None, max_examples=100)
@given(LENGTHS, LENGTHS, LENGTHS, st.sampled_from([4, 8, 16]), st.integers(LEAST_BYTES, 1 << 34))
def test_parts_stay_within_the_memory(rows: int, inner: int, columns: int, itemsize: int, budget: int) -> None:
    parts = cut(rows, inner, columns, itemsize, budget=budget)
    assert parts.bytes <= budget
    for part, length in zip(parts, (rows, inner, columns), strict=False):
        assert 1 <= part <= max(1, length)


def test_with_room_the_inner_length_is_not_cut() -> None:
    assert cut(50_000, 50_000, 50_000, 8, budget=1 << 31).inner == 50_000


@settings(deadline=None, max_examples=50)
@given(st.tuples(*[st.integers(1, 60)] * 3), st.tuples(*[st.integers(1, 60)] * 3), st.integers(1, 9))
def test_it_is_the_product_however_it_is_cut(
    lengths: tuple[int, int, int], parts: tuple[int, int, int], workers: int
) -> None:
    rows, inner, columns = lengths
    a, b, c = random(rows, inner, 1), random(inner, columns, 2), np.full((rows, columns), np.nan)
    few = Cut(min(rows, parts[0]), min(inner, parts[1]), min(columns, parts[2]), 0)
    streamed = Streamed(Matrix(a), Matrix(b), Matrix(c), few, budget=1000, workers=workers)
    crew = crew_of(workers, streamed.program)
    np.testing.assert_allclose(c, a @ b, rtol=0, atol=1e-12)
    assert crew.flops() == 2 * rows * inner * columns
    assert sum(worker.items for worker in crew.workers) == streamed.tiles
