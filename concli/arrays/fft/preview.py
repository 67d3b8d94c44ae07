"""One result as a picture: coarse for a terminal, or as a PNG file.

Source of the format: "Portable Network Graphics (PNG) Specification", 3rd edition: grey of 8 bits, no filter.
"""

import struct
import zlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from concli.arrays.fft.fourier import Array

__all__ = ["coarse", "grey", "png"]

_MOST = 2048  # pixels of a side


def grey(values: Array, *, is_spectrum: bool, centres: bool = False, most: int = _MOST) -> npt.NDArray[np.uint8]:
    """Return brightness from 0 to 255: of a spectrum the logarithm of its absolute values.

    Of what has more than ``most`` rows or columns, the rows or columns at equal distances are taken. If it ``centres``,
    frequency 0 comes to the middle.
    """
    steps = [-(-length // most) for length in values.shape]
    taken = values[:: steps[0], :: steps[1]]
    if centres:
        taken = np.fft.fftshift(taken)
    with np.errstate(all="ignore"):
        bright = np.absolute(taken).astype(float) if is_spectrum or np.iscomplexobj(taken) else taken.astype(float)
        if is_spectrum:
            bright = np.log1p(bright)
        bright = np.where(np.isfinite(bright), bright, np.nan)
        low, high = (float(np.nanmin(bright)), float(np.nanmax(bright))) if not np.isnan(bright).all() else (0.0, 0.0)
        scaled = (bright - low) * (255 / (high - low)) if high > low else np.zeros_like(bright)
    return np.asarray(np.rint(np.nan_to_num(scaled, nan=0.0)), np.uint8)


def coarse(picture: npt.NDArray[np.uint8], rows: int, columns: int) -> list[list[int]]:
    """Return the brightest of each of so many parts, or of as many as there are."""
    down, across = (_edges(length, parts) for length, parts in zip(picture.shape, (rows, columns), strict=True))
    tiles = np.maximum.reduceat(np.maximum.reduceat(picture, down, axis=0), across, axis=1)
    return [[int(value) for value in row] for row in tiles]


def png(picture: npt.NDArray[np.uint8]) -> bytes:
    """Return the bytes of a PNG file."""
    height, width = picture.shape
    lines = np.zeros((height, width + 1), np.uint8)  # before each line how it is filtered: not at all
    lines[:, 1:] = picture
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(lines.tobytes(), 6)),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_piece(name, data) for name, data in parts)


def _piece(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _edges(length: int, parts: int) -> Sequence[int]:
    parts = min(length, parts)
    return [number * length // parts for number in range(parts)]
