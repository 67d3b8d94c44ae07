"""Who computes the transforms: numpy, or FFTW where pyfftw is installed.

All work along both axes of a chunk, write into ``out`` and use one thread: threads are the pipeline's.
"""

from importlib import import_module
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from concli.errors import UsageError
from concli.patterns import _sync

__all__ = ["BACKENDS", "Array", "Backend", "Norm", "backend"]

Array = npt.NDArray[Any]
Norm = Literal["backward", "ortho", "forward"]

BACKENDS = ("numpy", "fftw")


class Backend(Protocol):
    """The four transforms. No ``out`` may be the input."""

    name: str
    version: str

    def fft2(self, x: Array, out: Array) -> None:
        """Transform complex values."""

    def ifft2(self, x: Array, out: Array) -> None:
        """Transform them back."""

    def rfft2(self, x: Array, out: Array) -> None:
        """Transform real values; ``out`` is the half of the spectrum that says all."""

    def irfft2(self, x: Array, out: Array, scratch: Array) -> None:
        """Transform such a half back; ``scratch`` is of its size, and may be it."""


def backend(name: str, norm: str) -> Backend:
    """Return a backend. Raises ``UsageError`` for one whose package is missing."""
    way: Norm = "ortho" if norm == "ortho" else "forward" if norm == "forward" else "backward"
    if name == "numpy":
        return _Numpy(way)
    try:
        return _Fftw(way, import_module("pyfftw"))
    except ImportError:
        raise UsageError("--backend fftw needs pyfftw: pip install 'concli[fftw]'") from None


class _Numpy:
    name = "numpy"
    version = np.__version__

    # In the order of the axes that numpy's own functions have: the results are theirs, bit for bit.

    def __init__(self, norm: Norm) -> None:
        self._norm = norm

    def fft2(self, x: Array, out: Array) -> None:
        np.fft.fft(x, axis=1, norm=self._norm, out=out)
        np.fft.fft(out, axis=0, norm=self._norm, out=out)

    def ifft2(self, x: Array, out: Array) -> None:
        np.fft.ifft(x, axis=1, norm=self._norm, out=out)
        np.fft.ifft(out, axis=0, norm=self._norm, out=out)

    def rfft2(self, x: Array, out: Array) -> None:
        np.fft.rfft(x, axis=1, norm=self._norm, out=out)
        np.fft.fft(out, axis=0, norm=self._norm, out=out)

    def irfft2(self, x: Array, out: Array, scratch: Array) -> None:
        np.fft.ifft(x, axis=0, norm=self._norm, out=scratch)
        np.fft.irfft(scratch, n=out.shape[1], axis=1, norm=self._norm, out=out)


class _Fftw:
    """FFTW through pyfftw, one axis after the other, which it does faster than both at once.

    Plans are measured: the first of a kind takes a moment, and in another process it may be another plan, whose
    results differ in the last bits. A thread has plans of its own, made of what the first thread has found out.
    """

    name = "fftw"
    _planning = _sync.Lock()  # FFTW's planner is not to be used by two threads

    def __init__(self, norm: Norm, pyfftw: Any) -> None:
        self.version = str(pyfftw.__version__)
        self._norm = norm
        self._pyfftw = pyfftw
        self._own = _sync.local()

    def fft2(self, x: Array, out: Array) -> None:
        self._run(x, out, 1, "FFTW_FORWARD")
        self._run(out, out, 0, "FFTW_FORWARD")
        self._scale(out, out.size, is_forward=True)

    def ifft2(self, x: Array, out: Array) -> None:
        self._run(x, out, 1, "FFTW_BACKWARD")
        self._run(out, out, 0, "FFTW_BACKWARD")
        self._scale(out, out.size, is_forward=False)

    def rfft2(self, x: Array, out: Array) -> None:
        self._run(x, out, 1, "FFTW_FORWARD")
        self._run(out, out, 0, "FFTW_FORWARD")
        self._scale(out, x.size, is_forward=True)

    def irfft2(self, x: Array, out: Array, scratch: Array) -> None:
        if scratch is not x:
            np.copyto(scratch, x)
        self._run(scratch, scratch, 0, "FFTW_BACKWARD")
        self._run(scratch, out, 1, "FFTW_BACKWARD")
        self._scale(out, out.size, is_forward=False)

    def _run(self, x: Array, out: Array, axis: int, direction: str) -> None:
        plans: dict[Any, Any] = self._own.__dict__
        key = (direction, axis, x is out, _layout(x), _layout(out))
        plan = plans.get(key)
        if plan is None:
            with self._planning:
                one = _like(x)  # measuring overwrites what it works on
                other = one if x is out else _like(out)
                plan = plans[key] = self._pyfftw.FFTW(
                    one, other, axes=(axis,), direction=direction, flags=("FFTW_MEASURE",), threads=1
                )
        plan.update_arrays(x, out)
        plan.execute()

    def _scale(self, out: Array, size: int, *, is_forward: bool) -> None:
        if self._norm == "ortho" or is_forward == (self._norm == "forward"):
            out *= out.real.dtype.type(size**-0.5 if self._norm == "ortho" else 1 / size)


def _layout(values: Array) -> tuple[object, ...]:
    return values.shape, values.strides, values.dtype, values.ctypes.data % 64


def _like(values: Array) -> Array:
    """Return other memory with the same shape, strides and alignment."""
    steps = zip(values.shape, values.strides, strict=True)
    room = sum((length - 1) * step for length, step in steps) + values.itemsize
    memory = np.zeros(room + 128, np.uint8)
    offset = (values.ctypes.data - memory.ctypes.data) % 64
    return np.ndarray(values.shape, values.dtype, memory.data, offset, values.strides)
