"""A transformer's buffers."""

import numpy as np

from concli.arrays.fft.fourier import Fourier
from concli.arrays.fft.operations import operations
from concli.arrays.fft.plan import make_plan
from concli.arrays.fft.transform import Transformer, scratch_bytes


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
