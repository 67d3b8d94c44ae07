"""Strassen's product is the product, within the bound of its error."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concli.arrays.strassen import Strassen, error_bound, levels_for, strassen_bytes
from tests.arrays.products import crew_of, random

LENGTHS = st.integers(4, 70)


@settings(deadline=None, max_examples=40)
@given(LENGTHS, LENGTHS, LENGTHS, st.integers(1, 2), st.integers(1, 3), st.sampled_from(["f8", "f4", "c16"]))
def test_it_is_the_product_for_every_shape(
    rows: int, inner: int, columns: int, levels: int, workers: int, kind: str
) -> None:
    a, b = random(rows, inner, 1).astype(kind), np.asfortranarray(random(inner, columns, 2).astype(kind))
    product = np.empty((rows, columns), kind)
    quick = Strassen(a, b, product, levels=levels)
    crew_of(workers, quick.look, quick.program)
    assert quick.is_usable
    assert np.abs(product - a @ b).max() <= quick.element_bound()


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("left", [True, False])
def test_it_sees_what_would_spread(value: float, left: bool) -> None:
    a, b = random(8, 8, 1), random(8, 8, 2)
    (a if left else b)[3, 4] = value
    quick = Strassen(a, b, np.empty((8, 8)), levels=1)
    crew_of(1, quick.look)
    assert not quick.is_usable


def test_the_bound_and_the_memory_grow_with_the_levels() -> None:
    assert levels_for(8192, 8192, 8192) == 1
    assert levels_for(16384, 16384, 16384) == 2
    assert levels_for(100, 100, 100) == 1
    bounds = [error_bound(8192, 8192, 8192, np.dtype("f8"), levels) for levels in (1, 2, 3)]
    assert bounds == sorted(bounds)
    assert strassen_bytes(8, 8, 8, 8, 2) == 8 * 8 * 8 * 5 // 4
