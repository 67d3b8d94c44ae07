"""Pictures."""

import struct
import zlib

import numpy as np

from concli.arrays.fft.preview import coarse, grey, png


def test_a_spectrum_is_shown_by_the_logarithm_of_its_size() -> None:
    picture = grey(np.array([[0, np.e - 1], [1j * (np.e**2 - 1), -(np.e - 1)]]), is_spectrum=True)
    assert picture.tolist() == [[0, 128], [255, 128]]


def test_a_spectrum_can_be_centred() -> None:
    picture = grey(np.array([[9.0, 0, 0], [0, 0, 0], [0, 0, 0]]), is_spectrum=True, centres=True)
    assert picture.tolist() == [[0, 0, 0], [0, 255, 0], [0, 0, 0]]


def test_what_is_not_finite_or_all_the_same_is_black() -> None:
    assert grey(np.array([[np.nan, 1.0], [np.inf, 2.0]]), is_spectrum=False).tolist() == [[0, 0], [0, 255]]
    assert not grey(np.full((3, 3), np.nan), is_spectrum=True).any()
    assert not grey(np.ones((3, 3)), is_spectrum=False).any()


def test_a_coarse_picture_has_the_brightest_of_each_part() -> None:
    picture = np.arange(16, dtype=np.uint8).reshape(4, 4)
    assert coarse(picture, 2, 2) == [[5, 7], [13, 15]]
    assert coarse(picture, 9, 9) == picture.tolist()


def test_a_png_says_what_the_picture_is() -> None:
    picture = np.arange(12, dtype=np.uint8).reshape(3, 4)
    data = png(picture)
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", data[16:24]) == (4, 3)
    begin = data.index(b"IDAT") + 4
    (length,) = struct.unpack(">I", data[begin - 8 : begin - 4])
    lines = zlib.decompress(data[begin : begin + length])
    assert lines == b"".join(b"\x00" + bytes(row) for row in picture)
