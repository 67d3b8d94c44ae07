"""A product is the same on every engine, bit by bit, and loses nothing with a worker."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from concli.arrays.matmul import Job, matmul
from concli.engines.dask import Dask
from concli.engines.engine import Engine
from concli.engines.processes import Processes
from concli.engines.threads import Threads
from concli.metrics import Report, Run
from tests.arrays.losing import Losing
from tests.arrays.products import random


def outcome(engine: Engine, folder: Path, **options: Any) -> tuple[bytes, Report]:
    """Return the file with the product, and the report; every check has passed."""
    run, place = Run("matmul", {}), folder / "c.npy"
    matmul(Job(rounds=20, output=str(place), engine=engine)._replace(**options), run)
    report = run.snapshot()
    assert [check for check in report.checks if not check.passed] == []
    return place.read_bytes(), report


def engine_of(report: Report) -> Any:
    return report.engine


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """Matrices in files, the left one of integers, the right one in Fortran order."""
    np.save(tmp_path / "a.npy", (random(301, 409, 1) * 9).astype("i4"))
    np.save(tmp_path / "b.npy", np.asfortranarray(random(409, 503, 2)))
    return {name: str(tmp_path / f"{name}.npy") for name in "ab"}


@pytest.mark.parametrize("workers", [1, 2, 8])
def test_random_matrices_have_the_same_product_and_nothing_of_them_is_copied(tmp_path: Path, workers: int) -> None:
    options: Any = {"size": (517, 301, 411), "normalize": "rows"}
    expected, _ = outcome(Threads(workers), tmp_path, **options)
    found, report = outcome(Processes(workers), tmp_path, **options)
    assert found == expected
    engine = engine_of(report)
    assert engine["units"] == report.totals["tiles"] + min(workers, report.totals["tiles"])
    assert engine["bytes_sent"] + engine["bytes_received"] < 1000 * engine["units"]


def test_strassens_product_is_the_same(tmp_path: Path) -> None:
    options: Any = {"size": (203, 190, 205), "algorithm": "strassen"}
    expected, _ = outcome(Threads(2), tmp_path, **options)
    found, report = outcome(Processes(2), tmp_path, **options)
    assert found == expected
    assert engine_of(report)["units"] > 7


@pytest.mark.parametrize("memory", [None, 1 << 20], ids=["in memory", "streamed"])
def test_files_have_the_same_product_and_nothing_of_them_is_copied(
    tmp_path: Path, files: dict[str, str], memory: int | None
) -> None:
    expected, _ = outcome(Threads(2), tmp_path, **files, memory=memory)
    found, report = outcome(Processes(2), tmp_path, **files, memory=memory)
    assert found == expected
    result: Any = report.result
    assert result["memory"]["streamed"] == (memory is not None)
    assert engine_of(report)["bytes_sent"] < 1500 * engine_of(report)["units"]


def test_matrices_of_the_callers_have_the_same_product(tmp_path: Path) -> None:
    a, b = random(150, 70, 1), random(70, 90, 2).T.copy().T
    expected, _ = outcome(Threads(2), tmp_path, a=a, b=b)
    assert outcome(Processes(2), tmp_path, a=a, b=b)[0] == expected


def test_a_worker_that_is_killed_costs_its_tile_a_retry(tmp_path: Path) -> None:
    options: Any = {"size": (900, 300, 900)}
    expected, _ = outcome(Threads(2), tmp_path, **options)
    found, report = outcome(Losing(2, at=3), tmp_path, **options)
    assert found == expected
    assert ["killed by SIGKILL" in line for line in engine_of(report)["lost"]] == [True]


def test_a_cluster_makes_the_same_product_and_sees_the_same_files(tmp_path: Path, files: dict[str, str]) -> None:
    pytest.importorskip("distributed")
    expected, _ = outcome(Threads(2), tmp_path, **files)
    found, report = outcome(Dask(2), tmp_path, **files)
    assert found == expected
    # Of the right matrix, which is in its file as it must be, nothing; of the left one what was converted.
    assert engine_of(report)["bytes_sent"] < 2 * (301 * 409 * 8 + 1000)
