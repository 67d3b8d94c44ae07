"""Tiles cover a product, each element once."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from concli.arrays.tiles import bands, tiles


@settings(deadline=None)
@given(st.integers(0, 3000), st.integers(0, 3000), st.integers(0, 1 << 22), st.integers(1, 70))
def test_every_element_is_in_one_tile(rows: int, columns: int, inner: int, workers: int) -> None:
    covered = np.zeros((rows, columns), np.uint8)
    for tile in tiles(rows, columns, inner, workers):
        covered[tile.rows, tile.columns] += 1
        assert tile.rows.stop > tile.rows.start
        assert tile.columns.stop > tile.columns.start
    assert (covered == 1).all()


def test_every_worker_gets_a_tile_of_a_large_product() -> None:
    for shape in ((1024, 1024), (4096, 4096), (64, 100_000), (100_000, 64)):
        for workers in (1, 2, 7, 32):
            assert len(tiles(*shape, 512, workers)) >= workers * 3 / 4


def test_no_tile_takes_very_long() -> None:
    for tile in tiles(20_000, 20_000, 20_000, 2):
        size = (tile.rows.stop - tile.rows.start) * (tile.columns.stop - tile.columns.start)
        assert 2 * size * 20_000 <= 1 << 35


def test_bands_are_of_one_length_but_for_the_last() -> None:
    assert bands(5, 2) == [slice(0, 2), slice(2, 4), slice(4, 5)]
    assert bands(0, 2) == []
