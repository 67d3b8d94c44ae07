"""The Fourier transforms of a chunk: numpy's, along both axes, with their results where the caller wants them.

They use one thread: threads are the pipeline's. The axes come in the order that numpy's own functions have, so the
results are theirs, bit for bit.
"""

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

__all__ = ["Array", "Fourier"]

Array = npt.NDArray[Any]


class Fourier:
    """The four transforms, scaled as ``norm`` says: ``backward``, ``ortho`` or ``forward``, as numpy has it.

    No ``out`` may be the input.
    """

    def __init__(self, norm: str) -> None:
        self._norm: Literal["backward", "ortho", "forward"] = (
            "ortho" if norm == "ortho" else "forward" if norm == "forward" else "backward"
        )

    def fft2(self, x: Array, out: Array) -> None:
        """Transform complex values."""
        np.fft.fft(x, axis=1, norm=self._norm, out=out)
        np.fft.fft(out, axis=0, norm=self._norm, out=out)

    def ifft2(self, x: Array, out: Array) -> None:
        """Transform them back."""
        np.fft.ifft(x, axis=1, norm=self._norm, out=out)
        np.fft.ifft(out, axis=0, norm=self._norm, out=out)

    def rfft2(self, x: Array, out: Array) -> None:
        """Transform real values; ``out`` is the half of the spectrum that says all."""
        np.fft.rfft(x, axis=1, norm=self._norm, out=out)
        np.fft.fft(out, axis=0, norm=self._norm, out=out)

    def irfft2(self, x: Array, out: Array, scratch: Array) -> None:
        """Transform such a half back; ``scratch`` is of its size, and may be it."""
        np.fft.ifft(x, axis=0, norm=self._norm, out=scratch)
        np.fft.irfft(scratch, n=out.shape[1], axis=1, norm=self._norm, out=out)
