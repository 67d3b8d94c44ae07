"""Adds to a plan the steps that an operation needs, seeing where it stands: among samples or in a spectrum."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from concli.arrays.fft import steps as do
from concli.arrays.fft._state import Kind, Run, State, Step
from concli.arrays.fft.fourier import Array, Fourier
from concli.arrays.fft.operations import Operation
from concli.arrays.fft.windows import window
from concli.errors import UsageError

__all__ = ["Maker"]


class Maker:
    """Adds step to step; ``state`` is what there is so far."""

    def __init__(self, before: State) -> None:
        self.before = self.state = before
        self.steps: list[Step] = []

    def fade(self, name: str) -> None:
        """Begin with values to compute with, under the window of that name."""
        working = self.before._replace(dtype=_working(self.before.dtype))
        if working.dtype != self.before.dtype:
            self.add("convert", working, _plain(do.convert))
        if name != "none":
            down, across = (window(name, length).astype(_real(working.dtype)) for length in working.shape)
            self.add("window", working, _plain(partial(do.fade, down=down, across=across)))

    def apply(self, operation: Operation) -> None:
        name = operation.name
        if name in {"fft2", "ifft2", "rfft2", "irfft2"}:
            getattr(self, name)()
        elif name == "autocorrelate":
            self._in_spectrum(self._correlate)
        elif operation.is_filter:
            self._in_spectrum(partial(self._filter, operation))
        else:
            if self.state.kind is Kind.SPACE:
                self.fft2()
            self._values(name)

    def fft2(self) -> None:
        self.fill()
        state = self.state
        if _is_real(state):
            self._forward(Kind.MIRRORED)
        else:
            after = State(Kind.FULL, state.shape, state.dtype, state.shape[1], can_shift=True)
            self.add("fft2", after, lambda x, out, _, by: by.fft2(x, out))

    def rfft2(self) -> None:
        self.fill()
        if not _is_real(self.state):
            raise UsageError("--op rfft2: the values are complex; use fft2")
        self._forward(Kind.HALF)

    def ifft2(self) -> None:
        if self.state.kind is Kind.MIRRORED and not _is_real(self.state):
            self._backward(_complex(self.state.dtype))
            return
        self.fill()
        state = self.state
        if _is_real(state):
            self._to_complex()
        after = State(Kind.SPACE, state.shape, self.state.dtype, state.shape[1])
        self.add("ifft2", after, lambda x, out, _, by: by.ifft2(x, out))

    def irfft2(self) -> None:
        state = self.state
        if state.kind in {Kind.FULL, Kind.MIRRORED}:
            raise UsageError("--op irfft2: the spectrum is whole; use ifft2, or rfft2 before")
        if state.kind is Kind.SPACE:
            if state.shape[1] < 2:
                raise UsageError("--op irfft2: half a spectrum has at least two columns")
            # The width of the whole is taken to be even, as numpy takes it.
            self.state = state._replace(kind=Kind.HALF, width=2 * (state.shape[1] - 1))
        if _is_real(self.state):
            self._to_complex()
        self._backward(_real(self.state.dtype))

    def fill(self) -> None:
        """Make a whole of a half that stands for it."""
        state = self.state
        if state.kind is Kind.MIRRORED:
            after = state._replace(kind=Kind.FULL, shape=(state.shape[0], state.width), mirror=np.conjugate)
            self.add("fill", after, lambda _x, out, _, _by: do.fill(out, state.mirror))

    def shift(self) -> None:
        state = self.state
        if not state.can_shift:
            raise UsageError("--shift: the result is no spectrum, it has no frequency 0 to bring to the middle")
        self.add("shift", state, _plain(partial(do.shift, across=state.kind is not Kind.HALF)))

    def add(
        self,
        name: str,
        after: State,
        run: Run,
        *,
        reuses: bool = False,
        scratches: bool = False,
    ) -> None:
        self.steps.append(Step(name, after, run, reuses, scratches))
        self.state = after

    def _in_spectrum(self, act: Callable[[], bool]) -> None:
        """Go to the spectrum for it, and come back if that is where one was, or where it leads."""
        was = self.state
        if was.kind is Kind.SPACE:
            self.fft2()
        is_of_samples = act()
        if was.kind is Kind.SPACE or is_of_samples:
            if self.state.kind is Kind.FULL:
                self.ifft2()
            else:
                self._backward(_real(self.state.dtype))
            self.state = self.state._replace(can_shift=is_of_samples)
            self.steps[-1] = self.steps[-1]._replace(after=self.state)

    def _filter(self, operation: Operation) -> bool:
        state = self.state
        outside = do.band(state.shape, state.width, operation.low, operation.high)
        self.add("filter", state, _plain(partial(do.keep_band, outside=outside)), reuses=True)
        return False

    def _correlate(self) -> bool:
        if _is_real(self.state):
            self._to_complex()
        self.add("power", self.state, _plain(do.power), reuses=True)
        return True

    def _values(self, name: str) -> None:
        if name == "phase" and _is_real(self.state):
            self.fill()  # that of a negative value is pi, whichever half it is in
        state = self.state
        run = {"power": do.power, "magnitude": do.magnitude, "phase": do.phase}[name]
        mirror = np.negative if name == "phase" else np.conjugate
        self.add(name, state._replace(dtype=_real(state.dtype), mirror=mirror), _plain(run), reuses=_is_real(state))

    def _to_complex(self) -> None:
        self.add("convert", self.state._replace(dtype=_complex(self.state.dtype)), _plain(do.convert))

    def _forward(self, kind: Kind) -> None:
        state = self.state
        rows, width = state.shape
        half = State(kind, (rows, width // 2 + 1), _complex(state.dtype), width, can_shift=True)
        self.add("rfft2", half, lambda x, out, _, by: by.rfft2(x, out))

    def _backward(self, dtype: np.dtype[Any]) -> None:
        state = self.state
        after = State(Kind.SPACE, (state.shape[0], state.width), dtype, state.width)
        self.add("irfft2", after, _invert, scratches=True)


def _invert(x: Array, out: Array, scratch: Array, fourier: Fourier) -> None:
    if not np.iscomplexobj(out):
        fourier.irfft2(x, out, scratch)
        return
    fourier.irfft2(x, out.real, scratch)
    out.imag[...] = 0


def _plain(run: Callable[[Array, Array], None]) -> Run:
    """Give a step that needs neither scratch nor transforms the arguments of one that does."""
    return lambda x, out, _scratch, _fourier: run(x, out)


def _working(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the type to compute in: double precision, or single for what is single or less."""
    if dtype.kind not in "biufc" or dtype.itemsize > (16 if dtype.kind == "c" else 8):
        raise UsageError(f"values of type {dtype.name} can't be transformed; convert them to float64 or complex128")
    if dtype.kind == "c":
        return np.dtype(np.complex64 if dtype.itemsize == 8 else np.complex128)
    return np.dtype(np.float32 if dtype.kind == "f" and dtype.itemsize <= 4 else np.float64)


def _is_real(state: State) -> bool:
    return state.dtype.kind != "c"


def _real(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return np.dtype(np.float32 if dtype in (np.float32, np.complex64) else np.float64)


def _complex(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return np.dtype(np.complex64 if dtype in (np.float32, np.complex64) else np.complex128)
