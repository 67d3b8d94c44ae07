"""A cluster that is there already: its processes are not ours, and neither are their folders."""

import contextlib
import os
import socket
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from concli.engines.dask import Dask
from concli.engines.engine import EngineLost, Place, Settings
from concli.errors import OutputError
from concli.patterns import ThreadPool
from tests.engines import units
from tests.engines.cluster import WITH_NANNY, WITHOUT_NANNY, Cluster

distributed = pytest.importorskip("distributed")
versions = pytest.importorskip("distributed.versions")
pytestmark = pytest.mark.filterwarnings("default")  # of the libraries below


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with Cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        cluster.add_workers(WITH_NANNY, WITHOUT_NANNY)
        yield cluster


@contextlib.contextmanager
def place_on(cluster: Cluster, scratch: Path | None = None, beside: Path | None = None) -> Iterator[Place[Any, Any]]:
    folders = [None if folder is None else str(folder) for folder in (scratch, beside)]
    with Dask(2, Settings(None, cluster.address, *folders)).open(units.make_call) as place:
        yield place


def test_units_are_done_by_its_workers(cluster: Cluster) -> None:
    with cluster.client() as client:
        workers = set(client.run(os.getpid).values())
    with place_on(cluster) as place, ThreadPool(4) as pool:
        assert list(pool.map(lambda n: place((units.double, n)), range(40))) == [2 * n for n in range(40)]
        assert {worker.pid for worker in place.statistics().workers} <= workers


def unusable(cluster: Cluster) -> str:
    with pytest.raises(EngineLost) as caught, place_on(cluster):
        pass
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("package", ["python", "distributed"])
def test_other_versions_here_than_there_are_one_line_with_both(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder, package: str
) -> None:
    ours = versions.get_versions()
    there = ours["packages"][package]
    ours["packages"][package] = "1.2.3.final.0"
    monkeypatch.setattr(versions, "get_versions", lambda **_: ours)
    line = unusable(cluster)
    assert line.startswith(f"{cluster.address}: its scheduler has {package} {there}, and here it is 1.2.3.final.0; ")
    assert not recwarn.list


def test_a_worker_with_another_version_is_named(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = distributed.Client.get_versions

    def get_versions(client: Any) -> Any:
        asked = ask(client)
        asked["workers"] = {who: deepcopy(theirs) for who, theirs in asked["workers"].items()}
        list(asked["workers"].values())[-1]["packages"]["python"] = "1.2.3.final.0"
        return asked

    monkeypatch.setattr(distributed.Client, "get_versions", get_versions)
    with cluster.client() as client:
        worker = list(client.run(os.getpid))[-1]
    here = versions.get_versions()["packages"]["python"]
    assert f"{worker} has python 1.2.3.final.0, and here it is {here}; " in unusable(cluster)


def test_what_takes_a_connection_and_says_nothing_is_no_scheduler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("concli.engines._connection._CONNECT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        engine = Dask(1, Settings(scheduler=address))
        with pytest.raises(EngineLost, match="no scheduler answers there"), engine.open(units.make_call):
            pass


def test_a_worker_without_concli_is_one_line_with_what_to_do(tmp_path: Path) -> None:
    without = tmp_path / "without"
    without.mkdir()
    (without / "sitecustomize.py").write_text("import sys\nsys.modules['concli'] = None\n")  # as if it were not there
    with Cluster(tmp_path) as cluster:
        cluster.add_workers(WITHOUT_NANNY)
        cluster.add_workers(WITH_NANNY, env={"PYTHONPATH": str(without)})
        line = unusable(cluster)
    assert line.startswith(f"{cluster.address}: ")
    assert "No module named 'concli" in line
    assert "install" in line


LARGE = np.zeros(1 << 15)


@pytest.mark.parametrize("which", ["scratch", "beside"])
def test_large_results_go_through_a_folder_that_all_see_and_that_is_empty_afterwards(
    cluster: Cluster, tmp_path: Path, which: str
) -> None:
    with place_on(cluster, **{which: tmp_path}) as place:
        assert np.array_equal(place((units.double, LARGE)), LARGE)
        assert place.statistics().part_bytes == 2 * LARGE.nbytes
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_workers_do_not_see_is_one_line_if_it_was_asked_for(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("concli.engines._connection.probe", units.see_nothing)
    saying = rf"^{cluster.address}: its worker \S+ can't write to {tmp_path}; --scratch is to be shared by all$"
    with pytest.raises(EngineLost, match=saying), place_on(cluster, scratch=tmp_path):
        pass
    with place_on(cluster, beside=tmp_path) as place:
        assert np.array_equal(place((units.double, LARGE)), LARGE)
        assert place.statistics().part_bytes == 0
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_one_line_if_it_was_asked_for(cluster: Cluster, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="nowhere: no such file"), place_on(cluster, scratch=tmp_path / "nowhere"):
        pass
    with place_on(cluster, beside=tmp_path / "nowhere") as place:
        assert place((units.double, 2)) == 4
