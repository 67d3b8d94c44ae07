"""The product by tiles is the product."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from concli.arrays.blocked import Blocked, flops_of
from tests.arrays.products import crew_of, random

LENGTHS = st.integers(0, 300)


@settings(deadline=None, max_examples=30)
@given(LENGTHS, LENGTHS, LENGTHS, st.integers(1, 4))
def test_it_is_the_product_for_every_shape(rows: int, inner: int, columns: int, workers: int) -> None:
    a, b = random(rows, inner, 1), random(inner, columns, 2)
    product = np.empty((rows, columns))
    crew = crew_of(workers, Blocked(a, b, product).program)
    np.testing.assert_allclose(product, a @ b, rtol=0, atol=1e-11)
    assert crew.flops() == flops_of(rows, inner, columns, product.dtype)
