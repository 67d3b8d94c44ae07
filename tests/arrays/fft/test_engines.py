"""Results are the same on every engine, bit by bit; a worker that is lost loses no chunk."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from concli.arrays.fft import Job, operations, transform
from concli.arrays.fft.source import find_source
from concli.engines.dask import Dask
from concli.engines.engine import Engine, Settings
from concli.engines.processes import Processes
from concli.engines.threads import Threads
from concli.errors import InputError
from concli.metrics import Report, Run
from tests.arrays.losing import Losing

STACK = np.random.default_rng(0).standard_normal((12, 40, 31))


@pytest.fixture
def place(tmp_path: Path) -> Path:
    np.save(tmp_path / "in.npy", STACK)
    (tmp_path / "chunks").mkdir()
    for number, values in enumerate(STACK):
        one = np.asfortranarray(values)
        if number == 7:
            one[2, 2] = np.nan
        np.save(tmp_path / "chunks" / f"{number:02}.npy", one)
    cut = tmp_path / "chunks" / "03.npy"
    cut.write_bytes(cut.read_bytes()[:-8])
    np.save(tmp_path / "spread.npy", np.asfortranarray(STACK.astype("f4")))
    return tmp_path


def outcome(engine: Engine, place: Path, name: str, **options: Any) -> tuple[Any, Report]:
    """Return what was written and told, and the report; every check has passed."""
    run, out = Run("pipeline fft", {}), place / "out.npy"
    inputs = (str(place / name),) if name else ()
    done = transform(Job(inputs, str(out), engine=engine)._replace(**options), run)
    report = run.snapshot()
    assert [check for check in report.checks if not check.passed] == []
    return (out.read_bytes(), done, report.totals, report.result["checksum"]), report


def engine_of(report: Report) -> Any:
    return report.engine


@pytest.mark.parametrize("workers", [1, 2, 8])
def test_a_stack_becomes_the_same_and_nothing_of_it_is_copied(place: Path, workers: int) -> None:
    options: Any = {"operations": operations(["bandpass:0.1,0.4", "power"]), "window": "hann", "norm": "ortho"}
    expected, _ = outcome(Threads(1), place, "in.npy", **options)
    found, report = outcome(Processes(workers), place, "in.npy", **options)
    assert found == expected
    engine = engine_of(report)
    assert (engine["units"], engine["bytes_sent"] + engine["bytes_received"] < 12 * 1500) == (12, True)


@pytest.mark.parametrize("name", ["chunks", "spread.npy", ""])
def test_chunks_of_any_kind_become_the_same_and_those_that_fail_are_the_same(place: Path, name: str) -> None:
    options: Any = {"strict": True, "chunks": 12} | ({} if name else {"shape": (16, 18)})
    expected, _ = outcome(Threads(2), place, name, **options)
    assert outcome(Processes(2), place, name, **options)[0] == expected
    assert [failure.reason for failure in expected[1].failures] == (
        ["the file ends 8 bytes too early", "1 of its values are not finite"] if name == "chunks" else []
    )


def test_a_worker_that_is_killed_costs_its_chunk_a_retry(place: Path) -> None:
    expected, _ = outcome(Threads(1), place, "in.npy")
    found, report = outcome(Losing(1, at=5), place, "in.npy")
    assert found == expected
    assert ["killed by SIGKILL" in line for line in engine_of(report)["lost"]] == [True]
    assert engine_of(report)["retries"] == 1


def test_a_worker_without_enough_memory_fails_the_chunk_and_says_so() -> None:
    engine = Processes(1, Settings(memory=150 << 20))
    job = Job(operations=operations(["power"]), shape=(4000, 4000), chunks=1, engine=engine)  # 128 MB for itself
    done = transform(job, Run("pipeline fft", {}))
    assert [failure.reason[:47] for failure in done.failures] == ["a worker may use 157,286,400 bytes, and needed "]


def test_a_cluster_makes_the_same_and_gets_the_chunks_places(place: Path) -> None:
    pytest.importorskip("distributed")
    expected, _ = outcome(Threads(2), place, "chunks", strict=True)
    found, report = outcome(Dask(2), place, "chunks", strict=True)
    assert found == expected
    assert engine_of(report)["bytes_sent"] < STACK.nbytes / 4


def test_a_chunk_is_made_again_by_who_was_told_its_place_if_the_file_is_the_same(place: Path) -> None:
    source = find_source([str(place / "in.npy")])
    loaded = source.load(5, np.empty(source.spare_bytes, np.uint8))
    again = source.again(5)
    assert again is not None
    np.testing.assert_array_equal(again(), loaded)
    np.save(place / "in.npy", STACK[:7])
    with pytest.raises(InputError, match=r"in\.npy: it has changed"):
        again()
    source.close()
    chance = find_source([], shape=(3, 4), seed=5)
    again = chance.again(7)
    assert again is not None
    np.testing.assert_array_equal(again(), chance.load(7, np.empty(chance.spare_bytes, np.uint8)))
