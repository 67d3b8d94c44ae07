"""Units are done in one thread of BLAS, wherever they are."""

import pickle
from typing import Any

import numpy as np
import pytest

from concli.arrays.blas import blas
from concli.arrays.travel import Part
from concli.arrays.units import HERE, Product, Site, make_doer
from concli.engines.processes import Processes
from concli.engines.threads import Threads
from tests.arrays.products import random


class Threaded:
    """A unit that tells how many threads BLAS may use."""

    def do(self) -> int | None:
        return blas().threads


def test_a_worker_has_one_thread_of_blas_whatever_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "4")
    with Processes(1).open(make_doer) as place:
        assert place(Threaded()) in {1, None}


@pytest.mark.parametrize("engine", [Threads(1), Processes(1)], ids=["threads", "processes"])
def test_a_site_multiplies_into_what_it_is_given(engine: Any) -> None:
    with engine.open(make_doer) as place:
        site = Site.at(place)
        a, b, c = (site.new((30, 30), np.dtype("f8")) for _ in range(3))
        a[...], b[...] = random(30, 30, 1), random(30, 30, 2)
        site.multiply(a[:20], b[:, :7], c[:20, :7])
        expected = np.zeros((30, 30))
        HERE.multiply(a[:20], b[:, :7], expected[:20, :7])
        np.testing.assert_array_equal(c, expected)
        site.multiply(random(4, 3, 1), random(3, 5, 2), c[:4, 5:10])  # from memory that is nobody else's
        np.testing.assert_array_equal(c[:4, 5:10], random(4, 3, 1) @ random(3, 5, 2))


def test_to_another_machine_no_place_for_the_result_is_sent() -> None:
    product = Product(Part(random(50, 2)), Part(random(2, 50)), Part(np.zeros((50, 50))))
    function, arguments = product.refer()
    assert len(pickle.dumps(arguments)) < 3000
    np.testing.assert_array_equal(function(*arguments).do().array, random(50, 2) @ random(2, 50))


def test_a_product_is_told_of_in_a_line() -> None:
    assert repr(Product(Part(random(3, 2)), Part(random(2, 4)), Part(random(3, 4)))) == "(3, 2) by (2, 4)"


def test_what_is_reckoned_with_infinities_is_no_warning() -> None:
    with Threads(1).open(make_doer) as place:
        site, out = Site.at(place), np.zeros((1, 1))
        site.multiply(np.array([[np.inf, np.inf]]), np.array([[1.0], [-1.0]]), out)
        assert np.isnan(out).all()
