"""Which numbers a product is computed with."""

import numpy as np
import pytest

from concli.arrays.numbers import apart, as_kind, count_odd, exactness, is_finite, kind_for, roundoff
from concli.errors import UsageError
from tests.arrays.products import random


@pytest.mark.parametrize(
    ("inputs", "wanted", "kind"),
    [
        ([], None, "f8"),
        ([], "float32", "f4"),
        (["f4", "f4"], None, "f4"),
        (["f4", "f8"], None, "f8"),
        (["f2", "f2"], None, "f4"),
        (["i1", "f4"], None, "f8"),
        (["?", "?"], None, "f8"),
        (["c8", "f4"], None, "c8"),
        (["c8", "f8"], None, "c16"),
        (["c8", "i2"], None, "c16"),
        (["i8", "i8"], "float32", "f4"),
    ],
)
def test_the_kind_holds_both_inputs(inputs: list[str], wanted: str | None, kind: str) -> None:
    assert kind_for([np.dtype(one) for one in inputs], wanted) == np.dtype(kind)


def test_complex_numbers_are_not_cut_in_half() -> None:
    with pytest.raises(UsageError, match="imaginary"):
        kind_for([np.dtype("c8")], "float32")


def test_what_blas_takes_is_not_copied_and_the_rest_is() -> None:
    matrix = random(6, 4)
    for fit in (matrix, matrix.T, matrix[1:], matrix[:, 1:]):
        assert np.shares_memory(as_kind(fit, matrix.dtype), matrix)
    for unfit in (matrix[:, ::2], matrix[::-1], matrix.astype(">f8"), matrix.astype("f4")):
        made = as_kind(unfit, np.dtype("f8"))
        np.testing.assert_array_equal(made, unfit)
        assert made.flags.c_contiguous
    assert as_kind(matrix.T.astype("f4"), np.dtype("f8")).flags.f_contiguous


def test_odd_elements_are_counted() -> None:
    assert count_odd(np.array([[np.nan, np.inf], [-np.inf, 1]])) == (1, 2)
    assert count_odd(np.array([complex(np.nan, 1), 2])) == (1, 0)
    with np.errstate(over="ignore"):
        assert is_finite(np.full(2, 1.5e308)), "only the sum is infinite"


def test_a_complex_operation_rounds_more() -> None:
    assert roundoff(np.dtype("c16")) > roundoff(np.dtype("f8")) == 2.0**-53


def test_integers_are_exact_or_said_to_be_rounded() -> None:
    small, large, double = np.full((2, 2), -3), np.full((2, 2), 2**62, "u8"), np.dtype("f8")
    assert "exact" in str(exactness(small, small, double))
    for left, right, kind in ((small, large, double), (small, small, np.dtype("f4")), (small, random(2, 2), double)):
        assert "rounded" in str(exactness(left, right, kind))
    assert exactness(random(2, 2), random(2, 2), double) is None
    assert "exact" in str(exactness(np.empty((2, 0), int), np.empty((0, 2), int), double))


def test_a_vector_with_gaps_is_copied_as_it_would_be_where_it_is_sent() -> None:
    wide = np.ones((5, 3))
    for vector in (wide[:, 1:2], wide[:, 1:2].T):
        assert as_kind(vector, wide.dtype).flags.forc
        assert not np.shares_memory(as_kind(vector, wide.dtype), wide)
    assert np.shares_memory(as_kind(wide[1:2], wide.dtype), wide)


def test_a_matrix_and_its_own_transpose_are_brought_apart_and_no_others() -> None:
    whole = np.arange(35.0).reshape(7, 5)
    for a, b in ((whole, whole.T), (whole.T, whole), (whole[:4], whole[3:].T)):
        first, second = apart(a, b)
        assert first is a
        np.testing.assert_array_equal(second, b)
        assert not np.shares_memory(second, whole)
    square = np.ones((4, 4))
    for a, b in ((square, square), (whole[:3], whole[4:].T)):
        assert apart(a, b)[1] is b
