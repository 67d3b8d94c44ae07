"""Rows of unit sum, or a largest element of 1."""

import numpy as np
import pytest

from concli.arrays.normalize import Normalization
from tests.arrays.products import Array, crew_of, random


def normalized(matrix: Array, mode: str, workers: int = 2) -> tuple[Array, Normalization]:
    result = matrix.copy()
    normalization = Normalization(result, mode, band_bytes=200)
    crew_of(workers, normalization.program)
    return result, normalization


@pytest.mark.parametrize("kind", ["f8", "f4", "c16"])
@pytest.mark.parametrize("workers", [1, 3])
def test_the_largest_element_of_all_parts_becomes_one(kind: str, workers: int) -> None:
    matrix = random(60, 20).astype(kind)
    result, normalization = normalized(matrix, "max", workers)
    assert normalization.largest == pytest.approx(np.abs(matrix).max())
    np.testing.assert_allclose(result, matrix / np.abs(matrix).max(), rtol=1e-6)


def test_rows_get_unit_sums() -> None:
    result, normalization = normalized(random(60, 20) + 2, "rows")
    np.testing.assert_allclose(result.sum(axis=1), 1)
    assert normalization.left_rows == 0


def test_rows_without_a_sum_to_divide_by_are_left() -> None:
    matrix = np.array([[1.0, -1.0], [np.nan, 2.0], [np.inf, 3.0], [1e-320, 0.0], [2.0, 2.0]])
    result, normalization = normalized(matrix, "rows")
    np.testing.assert_array_equal(result[:3], matrix[:3])
    np.testing.assert_allclose(result[3:], np.array([[1, 0], [0.5, 0.5]]))
    assert (normalization.left_rows, normalization.nan, normalization.infinite) == (3, 1, 1)


def test_nan_and_infinities_are_not_the_largest() -> None:
    result, normalization = normalized(np.array([[np.nan, np.inf], [-4.0, 2.0]]), "max")
    np.testing.assert_array_equal(result, [[np.nan, np.inf], [-1.0, 0.5]])
    assert (normalization.nan, normalization.infinite) == (1, 1)


def test_zeros_have_no_largest_and_stay() -> None:
    result, normalization = normalized(np.zeros((3, 3)), "max")
    assert not result.any()
    assert normalization.divisors() is None
