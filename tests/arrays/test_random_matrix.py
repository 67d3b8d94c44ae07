"""Random matrices depend on their seed and on nothing else."""

import numpy as np
import pytest

from concli.arrays.random_matrix import fill_items


@pytest.mark.parametrize("kind", ["f8", "f4"])
def test_the_order_of_the_parts_does_not_matter(kind: str) -> None:
    made = []
    for reverse in (False, True):
        a, b = np.empty((700, 900), kind), np.empty((900, 300), kind)
        items = fill_items(a, b, 3)
        assert len(items) > 2
        for fill in reversed(items) if reverse else items:
            fill()
        made.append((a, b))
    for one, other in zip(*made, strict=True):
        np.testing.assert_array_equal(one, other)
    assert 0.49 < made[0][0].mean() < 0.51
    assert not np.array_equal(made[0][0][:300, :300], made[0][1][:300, :300])
