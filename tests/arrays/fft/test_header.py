"""Headers of .npy files."""

import io
from typing import Any

import numpy as np
import pytest

from concli.arrays.fft.header import header_bytes, read_header
from concli.errors import InputError


def saved(values: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, values, allow_pickle=True)
    return file.getvalue()


@pytest.mark.parametrize("values", [np.zeros((2, 3, 4)), np.zeros((3, 4), ">c8"), np.zeros((3, 4), order="F")])
def test_a_header_is_what_numpy_wrote(values: Any) -> None:
    data = saved(values)
    header = read_header("a", io.BytesIO(data))
    assert header.shape == values.shape
    assert header.dtype == values.dtype
    assert header.fortran == (not values.flags.c_contiguous)
    assert header.offset + header.nbytes == len(data)


def test_numpy_reads_what_is_written() -> None:
    data = header_bytes((2, 3), np.dtype("c16")) + bytes(96)
    assert np.load(io.BytesIO(data)).shape == (2, 3)
    assert (len(data) - 96) % 64 == 0


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no .npy file"),
        (b"\x93NUMPY\x01\x00\x10\x00{'descr': oops", "damaged"),
        (b"\x93NUMPY\x09\x00", "version 9.0"),
        (saved(np.array([{}], object)), "pickled objects"),
        (saved(np.zeros(3)).replace(b"(3,)", b"(-3)"), "damaged"),
    ],
)
def test_what_can_not_be_read_is_one_line(data: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_header("a", io.BytesIO(data))
