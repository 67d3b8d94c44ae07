"""Checksums."""

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concli.arrays.fft.digest import Sums, combined, digest


@pytest.mark.parametrize("dtype", ["f4", "f8", "c8", "c16"])
@given(rows=st.integers(1, 40), columns=st.integers(1, 40), at=st.integers(0, 10**6), bit=st.integers(0, 7))
@settings(deadline=None, max_examples=30)
def test_one_bit_makes_another_checksum(dtype: str, rows: int, columns: int, at: int, bit: int) -> None:
    values = np.arange(rows * columns).reshape(rows, columns).astype(dtype)
    before = digest(values)
    assert before == digest(values.copy())
    flat = values.reshape(-1).view(np.uint8)
    flat[at % flat.size] ^= 1 << bit
    assert digest(values) != before


def test_order_shape_type_and_missing_pages_are_seen() -> None:
    values = np.random.default_rng(0).standard_normal((600, 512))
    swapped, torn = values[::-1].copy(), values.copy()
    torn[64:72] = 0
    others = [values.T.copy(), swapped, values[:, ::-1].copy(), values.reshape(512, 600), values.view("i8"), torn]
    assert len({digest(each) for each in [values, *others]}) == 7


def test_the_checksum_of_a_stack_depends_on_places_and_not_on_order() -> None:
    assert combined([(0, "a"), (1, "b")]) == combined([(1, "b"), (0, "a")]) != combined([(0, "b"), (1, "a")])


@given(rows=st.integers(1, 40), columns=st.integers(1, 40), order=st.randoms(use_true_random=False))
def test_the_checksum_of_a_spectrum_follows_from_its_left_half_added_in_any_order(
    rows: int, columns: int, order: Random
) -> None:
    full = np.fft.fft2(np.random.default_rng(rows).standard_normal((rows, columns)))
    count = (columns - 1) // 2
    left = full[:, : columns - count]
    left[order.randrange(rows), order.randrange(columns - count)] = complex(np.nan, -np.inf)
    opposite = np.concatenate([left[:1], left[:0:-1]])[:, count:0:-1]
    full[:, columns - count :] = opposite.conj()
    sums = Sums(full.shape, full.dtype)
    numbers = list(range(rows))
    order.shuffle(numbers)
    for number in numbers:
        sums.add(number, left[number : number + 1])
    sums.mirror(left)
    assert sums.digest() == digest(full)
