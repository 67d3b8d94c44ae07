"""What holds for every engine, and is the same on all."""

import importlib.util
import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from concli.engines.engine import Place
from concli.engines.registry import ENGINES, engine_named
from concli.patterns import Resequencer, ShutDown, ThreadPool
from tests.engines import units

CASES: list[Any] = [(name, workers) for name in ENGINES for workers in (1, 2, 8)]
CASES[-1] = pytest.param(CASES[-1], marks=pytest.mark.stress)  # takes seconds to start

pytestmark = pytest.mark.filterwarnings("default")  # of the libraries below dask


@pytest.fixture(scope="module", params=CASES, ids=str)
def place(request: pytest.FixtureRequest) -> Iterator[Place[Any, Any]]:
    name, workers = request.param
    if name == "dask" and importlib.util.find_spec("distributed") is None:
        pytest.skip("there is no distributed")
    with engine_named(name, workers).open(units.make_call) as place:
        yield place


def test_results_are_the_same_everywhere(place: Place[Any, Any]) -> None:
    rows = np.random.default_rng(5).integers(0, 255, (40, 3000), np.uint8)
    expected = [units.total(row) for row in rows]
    with ThreadPool(8) as pool:
        assert list(pool.map(place, [(units.total, row) for row in rows])) == expected
        doubled = list(pool.map(place, [(units.double, row) for row in rows]))
    assert np.array_equal(np.stack(doubled), rows * 2)


def test_exceptions_are_the_same_everywhere(place: Place[Any, Any]) -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        place((units.fail, "by nothing"))
    assert str(caught.value) == "by nothing"
    with pytest.raises(SystemExit):
        place((units.leave,))
    assert place((units.double, "ab")) == "abab"


def test_what_fills_a_buffer_returns_it(place: Place[Any, Any]) -> None:
    buffer = place.buffer(6000)
    assert bytes(buffer) == bytes(6000)
    filled = place((units.fill, buffer[:5000], 3))
    assert bytes(filled) == bytes([3]) * 5000
    buffer[:5000] = filled
    assert place((units.total, buffer)) == 15_000


def test_results_in_the_order_of_the_work_do_not_depend_on_the_engine(place: Place[Any, Any]) -> None:
    done = Resequencer[tuple[int, str]](100, number=lambda pair: pair[0])

    def do(number: int) -> None:
        done.put((number, place((units.double, str(number)))))

    with ThreadPool(4) as pool:
        list(pool.map(do, range(50)))
    done.shutdown()
    assert [text for _, text in done] == [str(number) * 2 for number in range(50)]


@pytest.mark.parametrize("name", ["threads", "processes"])
def test_after_the_end_a_call_raises_shutdown_and_statistics_still_tell(name: str) -> None:
    with engine_named(name, 1).open(units.make_power, 2) as place:
        assert place(3) == 9
    with pytest.raises(ShutDown):
        place(3)
    assert place.statistics().engine == name
    assert os.getpid() not in {worker.pid for worker in place.statistics().workers}
