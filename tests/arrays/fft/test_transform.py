"""A transformer's buffers, and units on their way."""

import pickle
from functools import partial

import numpy as np
import pytest

from concli.arrays.fft._source import ChunkError
from concli.arrays.fft.fourier import Fourier
from concli.arrays.fft.operations import operations
from concli.arrays.fft.plan import make_plan
from concli.arrays.fft.transform import Transformer, Unit, make_transformer, scratch_bytes


def test_buffers_are_used_again_and_have_the_size_that_was_told() -> None:
    plan = make_plan(operations(["lowpass:0.2,power"]), (10, 8), np.dtype(float), shift=True)
    transformer = Transformer(plan, Fourier("backward"))
    places = transformer._places
    first, second = np.empty(plan.shape, plan.dtype), np.empty(plan.shape, plan.dtype)
    x = np.random.default_rng(0).standard_normal((10, 8))
    transformer.transform(x, first)
    transformer.transform(x + 1, second)
    transformer.transform(x, second)
    assert np.array_equal(first, second)
    assert transformer._places is places
    assert scratch_bytes(plan) == sum({id(p.buffer): p.buffer.nbytes for p in places if p.buffer is not None}.values())


def test_a_plan_that_was_sent_does_the_same() -> None:
    plan = make_plan(operations(["bandpass:0.1,0.3", "phase"]), (9, 8), np.dtype("f4"), window="hann")
    x, outs = np.random.default_rng(0).standard_normal((9, 8)).astype("f4"), [np.empty((9, 8), "f4") for _ in range(2)]
    for one, out in zip((plan, pickle.loads(pickle.dumps(plan))), outs, strict=True):
        make_transformer(one, "ortho", True)(Unit(3, x, out))
    assert np.array_equal(outs[0], outs[1])


def test_a_result_is_where_the_unit_says_with_its_checksum_and_strict_refuses() -> None:
    plan = make_plan(operations(["fft2"]), (4, 4), np.dtype(float))
    x, out = np.ones((4, 4)), np.empty((4, 4), complex)
    transform = make_transformer(plan, "backward", True)
    assert transform(Unit(0, x, out)).out is out
    again = transform(Unit(0, x, np.empty_like(out)))
    assert (transform(Unit(0, x, out)).digest, again.out[0, 0]) == (again.digest, 16)
    x[1, 2:] = np.inf, np.nan
    with pytest.raises(ChunkError, match="2 of its values are not finite"):
        transform(Unit(0, x, out))


def test_to_another_machine_goes_what_makes_a_chunk_and_no_place_for_its_result() -> None:
    x, out = np.full((100, 100), 3.0), np.empty((100, 100), complex)
    for again, most in ((None, x.nbytes + 400), (partial(np.full, x.shape, 3.0), 400)):
        function, arguments = Unit(7, x, out, again).refer()
        assert len(pickle.dumps(arguments)) < most
        unit = function(*arguments)
        assert np.array_equal(unit.values, x)
        assert (repr(unit), unit.out.shape, unit.out.dtype) == ("chunk 7", out.shape, out.dtype)
