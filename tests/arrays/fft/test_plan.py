"""What a chain of operations makes of a chunk, held against numpy's own functions."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from concli.arrays.fft.digest import digest
from concli.arrays.fft.fourier import Array, Fourier
from concli.arrays.fft.operations import operations
from concli.arrays.fft.plan import make_plan
from concli.arrays.fft.transform import Transformer, scratch_bytes
from concli.errors import UsageError

SIDES = st.one_of(st.integers(1, 24), st.sampled_from([29, 31, 37, 64, 97, 100]))
SHAPES = st.tuples(SIDES, SIDES)
SEEDS = st.integers(0, 1000)
NORMS = st.sampled_from(["backward", "ortho", "forward"])
laws = settings(deadline=None, max_examples=30)


def chunk(shape: tuple[int, int], seed: int = 0, dtype: Any = float) -> Array:
    chance = np.random.default_rng(seed)
    values = chance.standard_normal(shape)
    return (values + 1j * chance.standard_normal(shape) if np.dtype(dtype).kind == "c" else values).astype(dtype)


def done(words: str, values: Array, norm: str = "backward", **options: Any) -> Array:
    plan = make_plan(operations([words]), (values.shape[0], values.shape[1]), values.dtype, **options)
    result = np.empty(plan.shape, plan.dtype)
    before = values.copy()
    transformer = Transformer(plan, Fourier(norm))
    for _ in range(2):  # what the first left in the buffers must not matter
        checksum = transformer.transform(values, result)
    assert checksum == digest(result)
    assert np.array_equal(before, values, equal_nan=True)
    return result


def agree(found: Array, wanted: Array, tolerance: float = 1e-12) -> None:
    assert found.shape == wanted.shape
    assert found.dtype == wanted.dtype
    assert np.max(np.abs(found - wanted), initial=0) <= tolerance * max(1, float(np.max(np.abs(wanted))))


def filtered(values: Array, low: float, high: float) -> Array:
    spectrum = np.fft.fft2(values)
    distance = np.hypot(np.fft.fftfreq(values.shape[0])[:, None], np.fft.fftfreq(values.shape[1]))
    back = np.fft.ifft2(np.where((distance >= low) & (distance <= high), spectrum, 0))
    return back if np.iscomplexobj(values) else back.real


def correlated(values: Array) -> Array:
    back = np.fft.ifft2(np.abs(np.fft.fft2(values)) ** 2)
    return back if np.iscomplexobj(values) else back.real


REFERENCES: dict[str, Callable[[Array], Array]] = {
    "fft2": np.fft.fft2,
    "ifft2": np.fft.ifft2,
    "power": lambda x: np.abs(np.fft.fft2(x)) ** 2,
    "magnitude": lambda x: np.abs(np.fft.fft2(x)),
    "fft2,magnitude,power": lambda x: np.abs(np.fft.fft2(x)) ** 2,
    "lowpass:0.2": lambda x: filtered(x, 0, 0.2),
    "highpass:0.2": lambda x: filtered(x, 0.2, 9),
    "bandpass:0.1,0.3": lambda x: filtered(x, 0.1, 0.3),
    "lowpass:0.4,highpass:0.1": lambda x: filtered(filtered(x, 0, 0.4), 0.1, 9),
    "fft2,lowpass:0.2": lambda x: np.fft.fft2(filtered(x, 0, 0.2)),
    "lowpass:0.2,power": lambda x: np.abs(np.fft.fft2(filtered(x, 0, 0.2))) ** 2,
    "autocorrelate": correlated,
    "fft2,autocorrelate": correlated,
    "fft2,fft2": lambda x: np.fft.fft2(np.fft.fft2(x)),
    "ifft2,fft2,ifft2": np.fft.ifft2,
    "fft2,lowpass:0.3,ifft2": lambda x: filtered(x, 0, 0.3).astype(complex),
    "power,ifft2": lambda x: correlated(x).astype(complex),
    "power,phase": lambda x: np.angle(np.abs(np.fft.fft2(x)) ** 2),
}


@pytest.mark.parametrize("words", REFERENCES)
@pytest.mark.parametrize("dtype", [float, complex])
@given(shape=SHAPES, seed=SEEDS)
@example(shape=(1, 1), seed=0)
@example(shape=(1, 2), seed=0)
@example(shape=(2, 1), seed=0)
@laws
def test_every_chain_agrees_with_numpy_for_every_shape(
    words: str, dtype: type, shape: tuple[int, int], seed: int
) -> None:
    values = chunk(shape, seed, dtype)
    agree(done(words, values), REFERENCES[words](values))


@given(shape=SHAPES, seed=SEEDS, norm=NORMS)
@laws
def test_halves_agree_with_numpy_and_come_back_at_odd_widths_too(shape: tuple[int, int], seed: int, norm: Any) -> None:
    values = chunk(shape, seed)
    half = np.fft.rfft2(values, norm=norm)
    agree(done("rfft2", values, norm), half)
    agree(done("rfft2,irfft2", values, norm), values)
    if half.shape[1] > 1:
        agree(done("irfft2", half, norm), np.fft.irfft2(half, norm=norm))


@given(shape=SHAPES, seed=SEEDS, norm=NORMS, dtype=st.sampled_from([float, complex]))
@laws
def test_norms_are_numpys(shape: tuple[int, int], seed: int, norm: Any, dtype: type) -> None:
    values = chunk(shape, seed, dtype)
    agree(done("fft2", values, norm), np.fft.fft2(values, norm=norm))
    agree(done("ifft2", values, norm), np.fft.ifft2(values, norm=norm))


@given(shape=SHAPES, seed=SEEDS)
@laws
def test_phases_are_those_of_the_spectrum(shape: tuple[int, int], seed: int) -> None:
    for dtype in (float, complex):
        values = chunk(shape, seed, dtype)
        spectrum = np.fft.fft2(values)
        phases = done("phase", values)
        assert phases.dtype == float
        agree(np.abs(spectrum) * np.exp(1j * phases), spectrum)


@given(shape=SHAPES, seed=SEEDS, dtype=st.sampled_from([float, complex]))
@laws
def test_parseval_holds(shape: tuple[int, int], seed: int, dtype: type) -> None:
    values = chunk(shape, seed, dtype)
    assert np.isclose(done("power", values).sum(), values.size * np.sum(np.abs(values) ** 2), rtol=1e-12)
    assert np.isclose(done("power", values, "ortho").sum(), np.sum(np.abs(values) ** 2), rtol=1e-12)


@given(shape=SHAPES, seed=SEEDS, factor=st.floats(-5, 5))
@laws
def test_transforms_and_filters_are_linear(shape: tuple[int, int], seed: int, factor: float) -> None:
    one, other = chunk(shape, seed), chunk(shape, seed + 1)
    for words in ("fft2", "lowpass:0.3"):
        agree(done(words, one + factor * other), done(words, one) + factor * done(words, other))


@given(shape=SHAPES, seed=SEEDS, norm=NORMS, dtype=st.sampled_from([float, complex]))
@laws
def test_there_and_back_is_the_same(shape: tuple[int, int], seed: int, norm: str, dtype: type) -> None:
    values = chunk(shape, seed, dtype)
    agree(done("fft2,ifft2", values, norm), values.astype(complex))
    agree(done("ifft2,fft2", values, norm), values.astype(complex))


@given(shape=SHAPES, seed=SEEDS)
@laws
def test_frequency_0_is_brought_to_the_middle(shape: tuple[int, int], seed: int) -> None:
    values = chunk(shape, seed)
    agree(done("fft2", values, shift=True), np.fft.fftshift(np.fft.fft2(values)))
    agree(done("rfft2", values, shift=True), np.fft.fftshift(np.fft.rfft2(values), axes=0))
    agree(done("autocorrelate", values, shift=True), np.fft.fftshift(correlated(values)))
    agree(done("power", values.astype(complex), shift=True), np.fft.fftshift(np.abs(np.fft.fft2(values)) ** 2))


def test_a_window_is_along_both_axes() -> None:
    values = chunk((9, 14))
    wanted = np.fft.fft2(values * np.hanning(9)[:, None] * np.hanning(14))
    agree(done("fft2", values, window="hann"), wanted)
    with pytest.raises(KeyError):
        done("fft2", values, window="round")


@pytest.mark.parametrize(("dtype", "wanted"), [("f4", "c8"), ("f2", "c8"), ("c8", "c8"), (">f8", "c16"), ("i2", "c16")])
def test_other_types_are_computed_in_the_precision_that_is_theirs(dtype: str, wanted: str) -> None:
    values = (chunk((6, 7)) * 100).astype(dtype)
    result = done("fft2", values)
    assert result.dtype == wanted
    agree(result, np.fft.fft2(values.astype(complex)).astype(wanted), 1e-5 if wanted == "c8" else 1e-12)
    assert done("fft2", values > 0).dtype == complex


@pytest.mark.parametrize("words", ["fft2,irfft2", "power,irfft2", "fft2,rfft2"])
def test_a_half_is_not_made_of_a_whole(words: str) -> None:
    with pytest.raises(UsageError, match=r"--op i?rfft2"):
        done(words, chunk((4, 4)))


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(UsageError, match="no spectrum"):
        done("lowpass:0.1", chunk((4, 4)), shift=True)
    with pytest.raises(UsageError, match="no values"):
        make_plan(operations(["fft2"]), (0, 4), np.dtype(float))
    with pytest.raises(UsageError, match="can't be transformed"):
        make_plan(operations(["fft2"]), (4, 4), np.dtype("M8[s]"))
    with pytest.raises(UsageError, match="nothing to do"):
        make_plan([], (4, 4), np.dtype(float))
    with pytest.raises(UsageError, match="at least two columns"):
        done("irfft2", chunk((4, 1)))


def test_the_usual_transform_needs_no_memory_but_the_result() -> None:
    assert scratch_bytes(make_plan(operations(["fft2"]), (64, 64), np.dtype(float))) == 0
    half = 64 * 33 * 16
    assert scratch_bytes(make_plan(operations(["power"]), (64, 64), np.dtype(float))) == half
    assert scratch_bytes(make_plan(operations(["irfft2"]), (64, 33), np.dtype(complex))) == half
