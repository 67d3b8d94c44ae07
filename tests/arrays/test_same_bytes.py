"""A product is the same, bit by bit, with any number of workers on any engine.

BLAS rounds an element otherwise in a part of another shape, so the parts must be those of the product alone.
"""

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concli.arrays.matmul import Job, matmul
from concli.arrays.units import make_doer
from concli.engines.dask import Dask
from concli.engines.engine import Engine, Place
from concli.engines.processes import Processes
from concli.engines.threads import Threads
from concli.metrics import Run
from tests.arrays.products import Array, random

SHAPES = {
    "square": (256, 256, 256),
    "tall": (1500, 60, 70),
    "wide": (70, 60, 1500),
    "inner long": (130, 1200, 129),
    "primes": (307, 211, 269),
    "less than a tile": (33, 50, 17),
    "a row": (1, 500, 1030),
    "a column": (1030, 500, 1),
}


class Opened(Threads):
    """A place that is open already, for as many workers as one likes: processes take long to start."""

    def __init__(self, place: Place[Any, Any], workers: int) -> None:
        super().__init__(workers)
        self._place = place

    @contextlib.contextmanager
    def open(self, *_: Any) -> Iterator[Place[Any, Any]]:
        yield self._place


@pytest.fixture(scope="module")
def processes() -> Iterator[Place[Any, Any]]:
    with Processes(2).open(make_doer) as place:
        yield place


def digest(job: Job, engine: Engine) -> str:
    """Return what tells the product from another."""
    product = matmul(job._replace(engine=engine), Run("matmul", {}))
    content = product.tobytes() if product is not None else Path(job.output or "").read_bytes()
    return hashlib.sha256(content).hexdigest()


def made(rows: int, columns: int, kind: str, seed: int) -> Array:
    parts = [random(rows, columns, seed + turn) for turn in range(2)]
    return (parts[0] + 1j * parts[1] if kind.startswith("c") else parts[0] * 9).astype(kind)


@pytest.mark.parametrize("kind", ["f8", "f4", "c16", "c8"])
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_by_threads(shape: tuple[int, int, int], kind: str) -> None:
    rows, inner, columns = shape
    a, b = made(rows, inner, kind, 1), np.asfortranarray(made(inner, columns, kind, 2))
    for job in (Job(a, b, normalize="max"), Job(a, b, algorithm="strassen")):
        assert len({digest(job, Threads(workers)) for workers in (1, 3, 8)}) == 1, job[3:]


@settings(max_examples=15)
@given(st.tuples(*[st.integers(1, 500)] * 3), st.sampled_from(["blocked", "strassen"]), st.integers(2, 9))
def test_for_every_shape(shape: tuple[int, int, int], algorithm: str, workers: int) -> None:
    job = Job(size=shape, algorithm=algorithm, dtype="float32", normalize="rows")
    assert digest(job, Threads(1)) == digest(job, Threads(workers))


@pytest.mark.parametrize("workers", [1, 2, 8])
def test_by_processes(processes: Place[Any, Any], workers: int) -> None:
    a = random(100, 500)
    b = np.zeros((500, 3), "f8")
    b[:, 1] = random(500, 1)[:, 0]
    for job in (
        Job(size=(517, 301, 411), normalize="rows"),
        Job(size=(203, 190, 205), algorithm="strassen", dtype="float32"),
        Job(a, a.T),  # for which numpy has a way of its own, if both are in the same memory
        Job(a, b[:, 1:2]),
    ):
        assert digest(job, Threads(2)) == digest(job, Opened(processes, workers)), job


def test_by_a_cluster() -> None:
    pytest.importorskip("distributed")
    wide = np.zeros((500, 3), "f4")
    wide[...] = random(500, 3)
    with Dask(1).open(make_doer) as place:
        for job in (Job(size=(517, 301, 1025)), Job(np.asfortranarray(random(300, 500), "f4"), wide[:, 1:2])):
            assert digest(job, Threads(3)) == digest(job, Opened(place, 2)), job


@pytest.mark.parametrize("memory", [None, 1 << 20, 3 << 20])
def test_of_files(tmp_path: Path, processes: Place[Any, Any], memory: int | None) -> None:
    np.save(tmp_path / "a.npy", (random(301, 409, 1) * 9).astype("i4"))
    np.save(tmp_path / "b.npy", np.asfortranarray(random(409, 513, 2)))
    places = [str(tmp_path / f"{name}.npy") for name in "abc"]
    job = Job(places[0], places[1], output=places[2], memory=memory, normalize="rows")
    engines: list[Engine] = [*map(Threads, (1, 2, 3, 8, 12)), *(Opened(processes, workers) for workers in (1, 2))]
    assert len({digest(job, engine) for engine in engines}) == 1
