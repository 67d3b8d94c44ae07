"""BLAS is kept to one thread, and afterwards has those it had."""

import importlib
from typing import Any

import pytest

from concli.arrays.blas import blas
from concli.arrays.one_thread import HOWS, one_blas_thread


def test_within_the_block_there_is_one_thread() -> None:
    before = blas().threads
    with one_blas_thread() as how:
        assert how in HOWS
        assert blas().threads in {1, None}
    assert blas().threads == before


def test_without_threadpoolctl_the_library_itself_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.import_module

    def without(name: str, package: str | None = None) -> Any:
        if name == "threadpoolctl":
            raise ImportError(name)
        return real(name, package)

    monkeypatch.setattr(importlib, "import_module", without)
    test_within_the_block_there_is_one_thread()
    if "openblas" in (blas().library or ""):
        with one_blas_thread() as how:
            assert how == "OpenBLAS"
