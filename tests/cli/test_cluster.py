"""A cluster that somebody else runs, from the command line: the same bytes, whoever dies."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import numpy as np
import psutil
import pytest

from concli.logs.generate import Choice, Log
from tests.conftest import RunConcli
from tests.engines.cluster import WITH_NANNY, WITHOUT_NANNY, Cluster

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.filterwarnings("default")  # of the libraries below

PART = Log(Choice("json")).part(20_000).data  # the end of a chunk and the beginning of another
PROCESS = ("logs", "process", "--to", "jsonl", "-o", "out", "--no-live")
STEPS = """
def square(x):
    return int(x) ** 2

def stay(folder):
    with open(f"{folder}/here", "w"):
        pass
    with open(f"{folder}/go") as go:
        return go.read()
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with Cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        cluster.add_workers(WITH_NANNY, WITHOUT_NANNY, WITHOUT_NANNY)
        yield cluster


@pytest.fixture
def concli_env(concli_env: dict[str, str]) -> dict[str, str]:
    """Leave the warnings of dask and what it is made of to these."""
    return {**concli_env, "PYTHONWARNINGS": "default"}


def on(cluster: Cluster) -> tuple[str, ...]:
    return "--engine", "dask", "--scheduler", cluster.address, "-t", "2"


@pytest.mark.parametrize(
    ("command", "output"),
    [
        (("logs", "process", "in.log", "--to", "jsonl", "-o", "OUT"), "OUT"),
        (("logs", "stats", "in.log", "--json"), ""),
        (("matmul", "-a", "a.npy", "-b", "b.npy", "-o", "OUT.npy", "--seed", "1"), "OUT.npy"),
        (("pipeline", "fft", "stack.npy", "-o", "OUT.npy"), "OUT.npy"),
        (("pipeline", "tasks", *map(str, range(30)), "--stage", "py:./steps.py:square", "--output", "result"), ""),
    ],
    ids=lambda value: "-".join(value[:2]) if isinstance(value, tuple) else value,
)
def test_the_output_is_that_of_threads(
    cluster: Cluster, concli: RunConcli, tmp_path: Path, command: tuple[str, ...], output: str
) -> None:
    chance = np.random.default_rng(1)
    (tmp_path / "in.log").write_bytes(PART * 3)
    (tmp_path / "steps.py").write_text(STEPS)
    np.save(tmp_path / "a.npy", chance.random((300, 200)))
    np.save(tmp_path / "b.npy", chance.random((200, 100)))
    np.save(tmp_path / "stack.npy", chance.random((8, 64, 64)))
    outcomes = []
    for engine in (("-t", "2"), on(cluster)):
        done = concli(*command, *engine, "-q", "--report", "report")
        assert done.returncode == 0, done.stderr
        data = (tmp_path / output).read_bytes() if output else done.stdout
        outcomes.append(json.loads(data)["result"] if "--json" in command else data)
    assert outcomes[0] == outcomes[1]
    report = json.loads((tmp_path / "report").read_text())
    assert report["engine"]["engine"] == "dask"
    assert (report["engine"]["part_bytes"] > 0) == bool(output)  # beside which there are part files
    assert sum(worker["units"] for worker in report["engine"]["workers"]) > 0


@contextlib.contextmanager
def striking(client: Any, pids: dict[str, int], by: signal.Signals, at: int = 2) -> Iterator[Callable[[str], str]]:
    """Have the scheduler send a signal to one of these workers as it gives that their second task, or another.

    What is yielded waits until it says that it "struck" and whom, or that a client "left".
    """
    told = SimpleQueue[tuple[str, str]]()

    class Striker(distributed.SchedulerPlugin):  # type: ignore[misc, name-defined] # it is untyped
        given = 0

        async def start(self, scheduler: Any) -> None:
            self.scheduler = scheduler

        def transition(self, key: Any, _start: str, finish: str, *_: Any, **__: Any) -> None:
            if finish == "processing" and (worker := self.scheduler.tasks[key].processing_on.address) in pids:
                self.given += 1
                if self.given == at:
                    os.kill(pids[worker], by)
                    self.scheduler.log_event("tests", ("struck", worker))

        def remove_client(self, scheduler: Any, client: str) -> None:
            scheduler.log_event("tests", ("left", client))

    def until(what: str) -> str:
        while (event := told.get(timeout=30))[0] != what:
            pass
        return event[1]

    client.subscribe_topic("tests", lambda event: told.put(event[1]))
    client.register_plugin(Striker(), name="striker")
    yield until
    client.unregister_scheduler_plugin("striker")


@contextlib.contextmanager
def running(env: dict[str, str], folder: Path, *words: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run the command in that folder; it has ended with the block, whatever happens."""
    with subprocess.Popen(
        [sys.executable, "-m", "concli", *words],
        env=env,
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as run:
        try:
            yield run
        finally:
            run.kill()


@pytest.mark.parametrize("nanny", [WITH_NANNY, WITHOUT_NANNY])
def test_a_worker_that_is_killed_loses_nothing_and_is_told_of(
    cluster: Cluster, concli: RunConcli, tmp_path: Path, nanny: str
) -> None:
    (tmp_path / "in.log").write_bytes(PART * 4)
    with cluster.client() as client:
        workers = client.scheduler_info(n_workers=-1)["workers"]
        pids = {
            who: pid
            for who, pid in client.run(os.getpid).items()
            if bool(workers[who]["nanny"]) == (nanny == WITH_NANNY)
        }
        with striking(client, pids, signal.SIGKILL, at=1) as until:
            done = concli(*PROCESS, "in.log", *on(cluster), "-t", "4", "--report", "report")  # some for each worker
            worker = until("struck")
        if nanny == WITH_NANNY:
            client.wait_for_workers(len(workers))  # it starts another
    assert done.returncode == 0, done.stderr
    assert b"lost  1 workers, " in done.stderr
    engine = json.loads((tmp_path / "report").read_text())["engine"]
    assert [worker in lost for lost in engine["lost"]] == [True]
    assert engine["retries"] > 0
    assert (tmp_path / "out").read_bytes() == concli("logs", "process", "in.log", "--to", "jsonl").stdout


def test_a_scheduler_that_is_killed_leaves_what_was_there(concli_env: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "in.log").write_bytes(PART * 4)
    (folder / "out").write_bytes(b"before")
    with Cluster(tmp_path / "cluster") as cluster, contextlib.ExitStack() as watching:
        cluster.add_workers(WITHOUT_NANNY)
        client = watching.enter_context(cluster.client())
        until = watching.enter_context(striking(client, client.run(os.getpid), signal.SIGSTOP))
        with running(concli_env, folder, *PROCESS, "in.log", *on(cluster)) as run:
            until("struck")
            watching.close()
            cluster.scheduler.kill()
            said, told = run.communicate(timeout=50)
    saying = f"concli: {cluster.address}: the scheduler is gone; start it and run again\n"
    assert (run.returncode, said, told.decode()) == (3, b"", saying)
    assert sorted(os.listdir(folder)) == ["in.log", "out"]
    assert (folder / "out").read_bytes() == b"before"


def test_an_interrupt_ends_the_run_and_not_the_cluster(
    cluster: Cluster, concli: RunConcli, concli_env: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "in.log").write_bytes(PART * 4)
    with cluster.client() as client:
        workers = client.run(os.getpid)
        with (
            striking(client, workers, signal.SIGSTOP) as until,
            running(concli_env, tmp_path, *PROCESS, "in.log", *on(cluster)) as run,
        ):
            worker = until("struck")
            try:
                run.send_signal(signal.SIGINT)
                _, told = run.communicate(timeout=10)
                until("left")
            finally:
                os.kill(workers[worker], signal.SIGCONT)
        assert (run.returncode, b"Traceback" in told) == (130, False), told
        assert os.listdir(tmp_path) == ["in.log"]
        assert client.run_on_scheduler(lambda dask_scheduler: list(dask_scheduler.tasks)) == []
        done = concli("logs", "process", "in.log", "--to", "jsonl", "-q", *on(cluster))
        assert (done.returncode, done.stderr) == (0, b"")
        assert done.stdout == concli("logs", "process", "in.log", "--to", "jsonl").stdout
        assert client.run(os.getpid) == workers


@pytest.fixture
def staying(concli_env: dict[str, str], tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A run on a local cluster that stays at a unit until somebody writes to ``go``."""
    (tmp_path / "steps.py").write_text(STEPS)
    os.mkfifo(tmp_path / "here")
    os.mkfifo(tmp_path / "go")
    words = ("pipeline", "tasks", str(tmp_path), "--stage", "py:./steps.py:stay", "--output", "result")
    with running(concli_env, tmp_path, *words, "--engine", "dask", "-t", "2", "-q") as run:
        (tmp_path / "here").read_text()
        yield run


def test_a_local_cluster_listens_to_this_machine_alone(staying: "subprocess.Popen[bytes]", tmp_path: Path) -> None:
    run = psutil.Process(staying.pid)
    pids = {process.pid for process in (run, *run.children(recursive=True))}
    ears = [one for one in psutil.net_connections("inet") if one.pid in pids and one.status == "LISTEN"]
    assert {one.pid for one in ears} > {staying.pid}
    assert {one.laddr.ip for one in ears if one.laddr} <= {"127.0.0.1", "::1"}
    (tmp_path / "go").write_text("on")
    assert (staying.communicate(timeout=30), staying.returncode) == ((b"on\n", b""), 0)


def test_a_local_cluster_does_not_outlive_a_run_that_is_killed(staying: "subprocess.Popen[bytes]") -> None:
    children = psutil.Process(staying.pid).children(recursive=True)
    assert len(children) >= 2
    staying.kill()
    _, alive = psutil.wait_procs(children, timeout=10)
    assert not alive


@pytest.fixture
def certified(tmp_path: Path) -> dict[str, str]:
    """The configuration of who has a certificate of our own authority, as dask takes it from the environment."""
    folder = tmp_path / "certificates"
    folder.mkdir()
    if shutil.which("openssl"):
        make = ("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
        sign = ("openssl", "x509", "-req", "-in", "request", "-CA", "ca", "-CAkey", "ca-key", "-CAcreateserial")
        for command in (
            (*make, "-x509", "-days", "2", "-subj", "/CN=authority", "-keyout", "ca-key", "-out", "ca"),
            (*make, "-subj", "/CN=us", "-keyout", "private-key", "-out", "request"),
            (*sign, "-days", "2", "-out", "certificate"),
        ):
            subprocess.run(command, check=True, cwd=folder, capture_output=True)
    else:
        pytest.importorskip("cryptography", reason="nothing here can make certificates")
        made = distributed.Security.temporary()
        (folder / "ca").write_text(made.tls_ca_file)
        (folder / "private-key").write_text(made.tls_client_key)
        (folder / "certificate").write_text(made.tls_client_cert)
    tls = "DASK_DISTRIBUTED__COMM__TLS__"
    each = {
        f"{tls}{who}__{what}": str(folder / file)
        for who in ("SCHEDULER", "WORKER", "CLIENT")
        for what, file in (("KEY", "private-key"), ("CERT", "certificate"))
    }
    return {f"{tls}CA_FILE": str(folder / "ca"), **each}


def test_over_tls_who_has_a_certificate_is_served_and_others_are_told(
    certified: dict[str, str], concli: RunConcli, concli_env: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "in.log").write_bytes(PART)
    words = ("logs", "process", "in.log", "--to", "jsonl", "-q", "--report", "report")
    secrets = re.compile("BEGIN|private-key|certificate")
    with Cluster(tmp_path / "cluster", certified, ("--protocol", "tls")) as cluster:
        assert cluster.address.startswith("tls://")
        cluster.add_workers(WITH_NANNY, WITHOUT_NANNY)
        done = concli(*words, *on(cluster), env=concli_env | certified)
        assert (done.returncode, done.stderr) == (0, b"")
        assert done.stdout == concli(*words[:-2]).stdout
        assert not secrets.search((tmp_path / "report").read_text())
        other = {name: value for name, value in certified.items() if "CLIENT" not in name}
        for env in ({}, other):
            done = concli(*words, *on(cluster), env=concli_env | env)
            line = done.stderr.decode()
            assert (done.returncode, done.stdout, line.count("\n")) == (3, b"", 1), line
            assert line.startswith(f"concli: {cluster.address}: ")
            assert not secrets.search(line)


def test_a_password_in_an_address_is_never_shown(concli_env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "in.log").write_bytes(PART)
    words = ("logs", "process", "in.log", "--report", "report", "-v", "--engine", "dask", "--scheduler")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"ws://me:secret@127.0.0.1:{silent.getsockname()[1]}"
        with running(concli_env, tmp_path, *words, address) as run, silent.accept()[0]:
            run.send_signal(signal.SIGINT)
            said, told = run.communicate(timeout=10)
    assert run.returncode == 130, told
    assert b"secret" not in said + told
    assert "secret" not in (tmp_path / "report").read_text()
