"""BLAS is kept to one thread, and afterwards has those it had."""

import pytest

from concli.arrays import one_thread
from concli.arrays.blas import blas
from concli.arrays.one_thread import HOWS, one_blas_thread, stay_at_one_blas_thread


def test_within_the_block_there_is_one_thread() -> None:
    before = blas().threads
    with one_blas_thread() as how:
        assert how in HOWS
        assert blas().threads in {1, None}
    assert blas().threads == before


def test_the_openblas_that_came_with_numpy_is_told_itself() -> None:
    if "openblas" in (blas().library or ""):
        with one_blas_thread() as how:
            assert how == "OpenBLAS"


def test_another_blas_is_told_by_threadpoolctl(monkeypatch: pytest.MonkeyPatch) -> None:
    if blas().threads is None:
        pytest.skip("there is nothing to tell")
    monkeypatch.setattr(one_thread, "openblas_functions", lambda: None)
    test_within_the_block_there_is_one_thread()
    with one_blas_thread() as how:
        assert how == "threadpoolctl"


def test_a_worker_within_the_block_changes_nothing_for_the_time_after() -> None:
    before = blas().threads
    with one_blas_thread():
        stay_at_one_blas_thread()
        assert blas().threads in {1, None}
    assert blas().threads == before


def test_a_block_that_fails_gives_the_threads_back() -> None:
    before = blas().threads
    with pytest.raises(KeyError), one_blas_thread():
        raise KeyError
    assert blas().threads == before
