"""Who computes; what they compute is tested with the plans."""

import sys

import pytest

from concli.arrays.fft.backends import BACKENDS, backend
from concli.errors import UsageError


def test_numpy_is_always_there() -> None:
    assert BACKENDS[0] == "numpy"
    assert backend("numpy", "ortho").name == "numpy"


def test_a_missing_package_is_named_with_the_line_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyfftw", None)
    with pytest.raises(UsageError, match=r"concli\[fftw\]"):
        backend("fftw", "backward")
