"""Tiles cover a product, each element once, and there are enough of them that are large enough."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concli.arrays.tiles import bands, even_bands, tiles


@settings(deadline=None)
@given(st.integers(0, 3000), st.integers(0, 3000), st.integers(0, 1 << 22))
def test_every_element_is_in_one_tile(rows: int, columns: int, inner: int) -> None:
    covered = np.zeros((rows, columns), np.uint8)
    for tile in tiles(rows, columns, inner):
        covered[tile.rows, tile.columns] += 1
        assert tile.rows.stop > tile.rows.start
        assert tile.columns.stop > tile.columns.start
    assert (covered == 1).all()


@pytest.mark.parametrize(
    ("shape", "most"),
    [
        ((1024, 1024, 1024), 4),
        ((2048, 2048, 2048), 8),
        ((8192, 8192, 8192), 32),
        ((64, 100_000, 512), 4),
        ((100_000, 64, 512), 8),
    ],
)
def test_workers_have_about_as_much_as_each_other(shape: tuple[int, int, int], most: int) -> None:
    parts = tiles(*shape)
    sizes = [(one.rows.stop - one.rows.start) * (one.columns.stop - one.columns.start) for one in parts]
    for workers in (1, 2, most):
        rounds = -(-len(sizes) // workers)
        assert sum(sizes) / workers >= 0.8 * rounds * max(sizes)


def test_no_tile_takes_very_long() -> None:
    for tile in tiles(20_000, 20_000, 20_000):
        size = (tile.rows.stop - tile.rows.start) * (tile.columns.stop - tile.columns.start)
        assert 2 * size * 20_000 <= 1.1 * (1 << 35)


@given(st.integers(1, 1 << 20), st.integers(6, 13))
def test_even_bands_are_never_vectors(length: int, power: int) -> None:
    step = 1 << power
    found = even_bands(length, step)
    assert [one.start for one in found] == [0, *(one.stop for one in found[:-1])]
    assert found[-1].stop == length
    sizes = [one.stop - one.start for one in found]
    assert len(found) == 1 or min(sizes) >= 64
    assert max(sizes) <= step + 64
    assert max(sizes) - min(sizes) < 128


def test_bands_are_of_one_length_but_for_the_last() -> None:
    assert bands(5, 2) == [slice(0, 2), slice(2, 4), slice(4, 5)]
    assert bands(0, 2) == []
