"""The steps that a plan is made of: each makes one array of another."""

from typing import Any

import numpy as np

from concli.arrays.fft.digest import Sums
from concli.arrays.fft.fourier import Array

__all__ = ["band", "convert", "fade", "fill", "keep_band", "magnitude", "phase", "power", "shift"]

_BLOCK_BYTES = 1 << 18  # of what is worked on at a time: it stays in the cache


def convert(x: Array, out: Array) -> None:
    """Copy, in the type of ``out``."""
    np.copyto(out, x, casting="unsafe")


def fade(x: Array, out: Array, down: Array, across: Array) -> None:
    """Multiply by a window's factors along both axes."""
    np.multiply(x, down[:, None], out=out)
    np.multiply(out, across, out=out)


def power(x: Array, out: Array) -> None:
    """Square the absolute values; ``out`` is real, or complex and gets no imaginary part. It may be ``x``."""
    if not np.iscomplexobj(x):
        np.square(x, out=out)
        return
    for rows in _blocks(x):
        real, imag = x[rows].real, x[rows].imag
        squares = real * real
        squares += imag * imag
        out[rows] = squares


def magnitude(x: Array, out: Array) -> None:
    """Take the absolute values."""
    np.absolute(x, out=out)


def phase(x: Array, out: Array) -> None:
    """Take the angles, in radians from -pi to pi."""
    np.arctan2(x.imag, x.real, out=out)


def band(shape: tuple[int, int], width: int, low: float, high: float) -> Array:
    """Return where a spectrum is outside the band; ``shape`` is the spectrum's, or the half's of one so wide."""
    down = np.fft.fftfreq(shape[0])[:, None]
    across = np.abs(np.fft.fftfreq(width))[: shape[1]]
    distance = np.hypot(down, across)
    return np.asarray((distance < low) | (distance > high))


def keep_band(x: Array, out: Array, outside: Array) -> None:
    """Set what is outside the band to nothing; ``out`` may be ``x``."""
    if out is not x:
        np.copyto(out, x)
    np.copyto(out, 0, where=outside)


def fill(full: Array, mirror: Any) -> str | None:
    """Fill in the right half of the spectrum of real values from the left, where it is already.

    ``mirror`` makes of a value that of the opposite frequency: ``conjugate``, for phases ``negative``. Of spectra in
    double precision the checksum is returned: it costs little while the left half is in the cache.
    """
    rows, columns = full.shape
    count = (columns - 1) // 2  # what has an opposite on the left
    left, right = full[:, : columns - count], full[:, columns - count :]
    sums = Sums(full.shape, full.dtype) if full.dtype == np.complex128 and mirror is np.conjugate else None
    for part in (slice(0, 1), *_blocks(left, 1)):
        if sums is not None:
            sums.add(part.start, left[part])
        first = rows - part.stop + 1 if part.start else 0
        opposite, target = left[part][::-1, count:0:-1], right[first : first + part.stop - part.start]
        if np.iscomplexobj(full):
            mirror(opposite, out=target)
        else:  # of the copy: numpy 2.4 negates some strided values wrongly
            target[...] = np.negative(opposite.copy()) if mirror is np.negative else opposite
    if sums is None:
        return None
    sums.mirror(left)
    return sums.digest()


def shift(x: Array, out: Array, *, across: bool) -> None:
    """Bring frequency 0 to the middle, along the columns and, if told, the rows."""
    down = x.shape[0] // 2
    right = x.shape[1] // 2 if across else 0
    for to_rows, from_rows in ((slice(down), slice(-down, None)), (slice(down, None), slice(x.shape[0] - down))):
        if down == 0 and to_rows.stop == 0:
            continue
        if right:
            out[to_rows, :right] = x[from_rows, -right:]
        out[to_rows, right:] = x[from_rows, : x.shape[1] - right]


def _blocks(x: Array, first: int = 0) -> list[slice]:
    """Return the rows from the first on, as many at a time as stay in the cache."""
    rows = max(1, _BLOCK_BYTES // max(1, x.shape[1] * x.itemsize))
    return [slice(each, min(each + rows, len(x))) for each in range(first, len(x), rows)]
