"""Single steps; chains of them are tested with the plans."""

import numpy as np
import pytest

from concli.arrays.fft import steps


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (4, 1), (3, 4), (4, 3), (5, 6), (2, 2)])
def test_the_right_half_is_filled_in_from_the_left(shape: tuple[int, int]) -> None:
    wanted = np.fft.fft2(np.random.default_rng(0).standard_normal(shape))
    full = wanted.copy()
    full[:, shape[1] // 2 + 1 :] = np.nan
    steps.fill(full, np.conjugate)
    assert np.allclose(full, wanted)


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (4, 1), (3, 4), (4, 3)])
@pytest.mark.parametrize("across", [True, False])
def test_a_shift_is_numpys(shape: tuple[int, int], across: bool) -> None:
    x = np.arange(shape[0] * shape[1]).reshape(shape)
    out = np.full_like(x, -1)
    steps.shift(x, out, across=across)
    assert np.array_equal(out, np.fft.fftshift(x, axes=(0, 1) if across else 0))


def test_a_band_has_both_its_ends() -> None:
    outside = steps.band((4, 3), 4, 0.25, 0.25)
    assert np.argwhere(~outside).tolist() == [[0, 1], [1, 0], [3, 0]]


def test_a_power_of_many_rows_is_made_block_by_block() -> None:
    x = np.random.default_rng(0).standard_normal((3000, 20)).view(complex)
    assert np.allclose(steps_power(x), np.abs(x) ** 2)


def steps_power(x: np.ndarray) -> np.ndarray:
    out = np.empty(x.shape)
    steps.power(x, out)
    return out
