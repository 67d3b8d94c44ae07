"""Random chunks."""

import numpy as np
import pytest

from concli.arrays.fft.chance import Chance
from concli.errors import UsageError


def made(dtype: str, seed: int) -> list[np.ndarray]:
    source = Chance(3, (4, 5), np.dtype(dtype), seed)
    return [source.load(number, np.empty(source.spare_bytes, np.uint8)) for number in range(3)]


def test_random_chunks_depend_on_the_seed_and_the_number_alone() -> None:
    for dtype in ("f4", "f8", "c8", "c16"):
        one, again = made(dtype, 7), made(dtype, 7)
        assert np.array_equal(one, again)
        assert one[0].dtype == dtype
        assert not np.array_equal(one[0], one[1])
    assert not np.array_equal(one, made("c16", 8))
    with pytest.raises(UsageError):
        Chance(3, (4, 5), np.dtype("i2"), 0)
