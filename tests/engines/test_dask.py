import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from concli.engines._parts import Part
from concli.engines.dask import Dask
from concli.engines.engine import EngineError, EngineLost, Place, Settings, WorkerLost
from concli.errors import UsageError
from concli.patterns import ShutDown, ThreadGroup, ThreadPool
from tests.conftest import ROOT
from tests.engines import units

pytest.importorskip("distributed")
pytestmark = pytest.mark.filterwarnings("default")  # of the libraries below


@pytest.fixture(scope="module")
def place() -> Iterator[Place[Any, Any]]:
    with Dask(2).open(units.make_call) as place:
        yield place


def raises(kind: type[Exception], place: Place[Any, Any], unit: object, said: list[str] | None = None) -> None:
    with pytest.raises(kind) as caught:
        place(unit)
    if said is not None:
        said.append(str(caught.value))


def test_units_are_done_elsewhere_and_named(place: Place[Any, Any]) -> None:
    with ThreadPool(4) as pool:
        assert list(pool.map(lambda n: place((units.double, n)), range(40))) == [2 * n for n in range(40)]
    assert place((units.who,)) != os.getpid()
    statistics = place.statistics()
    assert statistics.units == 41
    assert all(worker.pid != os.getpid() and worker.peak_rss_bytes for worker in statistics.workers)


def test_an_exception_has_its_type_and_the_workers_traceback(place: Place[Any, Any]) -> None:
    with pytest.raises(ZeroDivisionError, match="by nothing") as caught:
        place((units.fail, "by nothing"))
    assert "in fail" in caught.value.__notes__[0]


def test_arrays_and_buffers_go_both_ways(place: Place[Any, Any]) -> None:
    before = place.statistics()
    values = np.arange(1 << 17, dtype=np.float64)
    assert np.array_equal(place((units.double, values)), values * 2)
    after = place.statistics()
    assert 0 <= after.bytes_sent - before.bytes_sent - values.nbytes < 1000
    assert bytes(place((units.fill, place.buffer(10_000), 7))) == bytes([7]) * 10_000


def test_what_is_large_goes_through_files_that_are_removed(place: Place[Any, Any]) -> None:
    before, values = place.statistics(), np.arange(1 << 17, dtype=np.float64)
    doubled = place((units.double, values))
    after = place.statistics()
    assert after.part_bytes - before.part_bytes == 2 * values.nbytes
    doubled[0] = 1  # it is the caller's own
    folder: Any = place
    assert os.listdir(folder._folder) == []


def test_without_room_for_part_files_all_goes_through_the_network(place: Place[Any, Any]) -> None:
    anyhow: Any = place
    folder, values = anyhow._folder, np.arange(1 << 17, dtype=np.float64)
    before = place.statistics()
    anyhow._folder = "/nowhere"
    try:
        assert np.array_equal(place((units.double, values)), values * 2)
    finally:
        anyhow._folder = folder
    after = place.statistics()
    assert after.part_bytes == before.part_bytes
    assert after.bytes_received - before.bytes_received > values.nbytes


def test_a_part_file_that_is_not_there_is_one_line(place: Place[Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def write(folder: str, buffers: Any) -> Part:
        return Part(f"{folder}/gone", tuple(buffer.nbytes for buffer in buffers))

    monkeypatch.setattr(Part, "write", write)
    with pytest.raises(EngineError, match=r"gone: .* can't read this part file: .*No such file"):
        place((units.double, np.zeros(1 << 17)))


def test_a_folder_for_part_files_is_for_a_cluster() -> None:
    with pytest.raises(UsageError, match="--scratch: it is for a cluster"):
        Dask(1, Settings(scratch="there"))


def test_a_lost_worker_costs_a_retry_and_is_named(place: Place[Any, Any], tmp_path: Path) -> None:
    before = place.statistics()
    assert place((units.die_once, str(tmp_path / "done"))) == "done"
    after = place.statistics()
    assert after.retries == before.retries + 1
    assert len(after.lost) == len(before.lost) + 1
    assert "127.0.0.1" in after.lost[-1]


def test_a_unit_that_always_kills_its_worker_is_told_of(place: Place[Any, Any]) -> None:
    with pytest.raises(WorkerLost, match=r"the local cluster: .*workers died while running it"):
        place((units.die,))
    assert place((units.double, 4)) == 8


def test_what_cannot_be_sent_is_said_in_a_line(place: Place[Any, Any]) -> None:
    with pytest.raises(UsageError, match="a unit, tuple, can't be sent"):
        place((units.double, sys.stderr))


def test_cancel_lets_go_who_waits(tmp_path: Path) -> None:
    told = tmp_path / "told"
    os.mkfifo(told)
    with Dask(1).open(units.make_call) as place, ThreadGroup() as group:
        group.spawn(raises, ShutDown, place, (units.say_and_stay, str(told)))
        told.read_text()
        place.cancel()
        with pytest.raises(ShutDown):
            place((units.who,))


def test_a_scheduler_that_is_gone_is_one_line_at_once(tmp_path: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    told = tmp_path / "told"
    os.mkfifo(told)
    address_file = tmp_path / "scheduler.json"
    run = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
    words = [*run, "--no-dashboard", "--scheduler-file", str(address_file)]
    scheduler = subprocess.Popen(words, env=env, stderr=subprocess.PIPE)
    worker = None
    try:
        assert scheduler.stderr
        address = next(line.split()[-1].decode() for line in scheduler.stderr if b"Scheduler at:" in line)
        run = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--no-nanny", "--no-dashboard"]
        words = [*run, "--nthreads", "1", "--local-directory", str(tmp_path)]
        worker = subprocess.Popen(words, env=env, stderr=subprocess.DEVNULL)
        with Dask(1, Settings(scheduler=address)).open(units.make_call) as place, ThreadGroup() as group:
            raised: list[str] = []
            group.spawn(raises, EngineLost, place, (units.say_and_stay, str(told)), raised)
            told.read_text()
            scheduler.kill()
            group.wait()
            assert raised[0].startswith(f"{address}: the scheduler is gone")
            with pytest.raises(EngineLost):
                place((units.who,))
    finally:
        for process in (scheduler, worker):
            if process:
                process.kill()
                process.communicate()


def test_where_no_scheduler_is_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("concli.engines._connection._CONNECT_S", 0.2)
    engine = Dask(1, Settings(scheduler="tcp://me:secret@127.0.0.1:9"))
    saying = r"^127.0.0.1:9: no scheduler answers there"
    with pytest.raises(EngineLost, match=saying) as caught, engine.open(units.make_call):
        pass
    assert "secret" not in str(caught.value)


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("concli.engines.dask.find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r"pip install 'concli\[dask\]'"):
        Dask(1)


def test_a_clusters_memory_is_its_own_to_say() -> None:
    with pytest.raises(UsageError, match="for the cluster to say"):
        Dask(1, Settings(memory=1, scheduler="tcp://127.0.0.1:1"))
