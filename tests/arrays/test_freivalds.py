"""What is wrong is found, what is rounded is not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concli.arrays.freivalds import Freivalds
from tests.arrays.products import crew_of, random


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 40), st.data())
def test_one_wrong_element_is_found(rows: int, inner: int, columns: int, data: st.DataObject) -> None:
    a, b = random(rows, inner, 1), random(inner, columns, 2)
    product = a @ b
    assert Freivalds(a, b, product, rounds=20).in_one_thread().passed
    row = data.draw(st.integers(0, rows - 1))
    product[row, data.draw(st.integers(0, columns - 1))] += data.draw(st.sampled_from([1e-9, -1, 1e9, np.inf, np.nan]))
    outcome = Freivalds(a, b, product, rounds=20).in_one_thread()
    assert outcome.wrong == row
    assert outcome.failure_probability == 2**-20


def test_a_row_with_an_error_of_both_signs_is_missed_half_of_the_time_by_one_round() -> None:
    a = np.eye(2)
    missed = 0
    for seed in range(400):
        wrong = np.array([[1.5, 0.5], [0, 1]])  # the two errors of a row cancel if their signs differ
        missed += Freivalds(a, a, wrong, rounds=1, seed=seed).in_one_thread().passed
    assert 140 < missed < 260


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_elements_that_an_odd_input_reaches_must_be_odd_and_the_rest_is_compared(value: float) -> None:
    a, b = random(9, 8, 1), random(8, 7, 2)
    a[2, 3] = b[4, 5] = value
    with np.errstate(all="ignore"):
        product = a @ b
    outcome = Freivalds(a, b, product, rounds=20).in_one_thread()
    assert (outcome.passed, outcome.rows, outcome.odd_rows, outcome.odd_columns) == (True, 8, 1, 1)
    for row, column in ((2, 0), (0, 5), (7, 6)):
        wrong = product.copy()
        wrong[row, column] = 1.0
        assert Freivalds(a, b, wrong, rounds=20).in_one_thread().wrong == row


def test_it_is_the_same_by_many_threads_and_in_small_bands() -> None:
    a, b = random(90, 80, 1), random(80, 70, 2)
    product = a @ b
    product[71, 3] += 1
    expected = Freivalds(a, b, product, rounds=20).in_one_thread()
    test = Freivalds(a, b, product, rounds=20, band_bytes=4000)
    crew_of(3, test.program)
    assert test.outcome()[:3] == pytest.approx(expected[:3])
    assert test.outcome().wrong == 71
