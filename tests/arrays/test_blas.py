"""Which BLAS there is can be told, or is unknown; asking never fails."""

import glob
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from concli.arrays import blas as module
from concli.arrays.blas import Blas, blas
from tests.conftest import ROOT


def without_threadpoolctl(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(module, "import_module", missing)


def test_the_blas_is_the_one_numpy_was_built_with() -> None:
    built: Any = np.show_config(mode="dicts")
    built = built["Build Dependencies"]["blas"]
    assert blas().name == (built["name"] if built.get("found") else "none")
    assert blas().numpy == np.__version__


def test_the_library_itself_says_the_same_as_threadpoolctl(monkeypatch: pytest.MonkeyPatch) -> None:
    if "openblas" not in (blas().library or ""):
        pytest.skip("there is nothing to compare with")
    expected = blas()
    monkeypatch.setattr(module, "_from_openblas", lambda: None)
    if expected.library == blas().library:  # other packages, scipy say, bring one of their own
        assert blas() == expected


def test_the_number_of_threads_is_what_the_environment_set() -> None:
    code = "from concli.arrays.blas import blas; print(blas().threads)"
    env = {"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, env=env, timeout=50)
    assert done.stdout.strip() in {b"1", b"None"}


def test_another_library_is_unknown_and_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    without_threadpoolctl(monkeypatch)
    monkeypatch.setattr(glob, "glob", lambda _: ["/no/such/openblas.so"])
    assert blas()[2:5] == (None, None, None)


def test_a_numpy_that_does_not_tell_how_it_was_built_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(np, "show_config", lambda: None)
    found = blas()
    assert (found.name, found.version, found.simd) == (None, None, None)


def test_without_numpy_all_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numpy", None)
    assert blas() == Blas(*[None] * 8)
