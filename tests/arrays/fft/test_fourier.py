"""The transforms; chains of them are tested with the plans."""

import numpy as np
import pytest

from concli.arrays.fft.fourier import Fourier


@pytest.mark.parametrize("norm", ["backward", "ortho", "forward"])
def test_the_results_are_numpys_bit_for_bit(norm: str) -> None:
    x = np.random.default_rng(0).standard_normal((13, 18))
    fourier, z, half = Fourier(norm), x + 1j * x[::-1], np.fft.rfft2(x)
    out, left, back = np.empty(x.shape, complex), np.empty(half.shape, complex), np.empty(x.shape)
    fourier.fft2(z, out)
    assert np.array_equal(out, np.fft.fft2(z, norm=norm))  # type: ignore[arg-type]
    fourier.ifft2(z, out)
    assert np.array_equal(out, np.fft.ifft2(z, norm=norm))  # type: ignore[arg-type]
    fourier.rfft2(x, left)
    assert np.array_equal(left, np.fft.rfft2(x, norm=norm))  # type: ignore[arg-type]
    fourier.irfft2(half, back, half)
    assert np.array_equal(back, np.fft.irfft2(np.fft.rfft2(x), s=x.shape, norm=norm))  # type: ignore[arg-type]
