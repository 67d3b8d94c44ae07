"""Windows."""

import numpy as np
import pytest

from concli.arrays.fft.windows import WINDOWS, window


@pytest.mark.parametrize("name", WINDOWS[1:])
def test_a_window_is_symmetric_and_highest_in_the_middle(name: str) -> None:
    factors = window(name, 9)
    assert np.allclose(factors, factors[::-1])
    assert factors.argmax() == 4
    assert factors[4] == pytest.approx(1)


def test_a_name_that_is_none_is_refused() -> None:
    with pytest.raises(KeyError):
        window("none", 3)
