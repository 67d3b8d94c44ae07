"""What a program publishes of its threads, and who may read it."""

import contextlib
import json
import os
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from concli.errors import OutputError
from concli.metrics import ThreadMonitor
from concli.metrics import publish as module
from concli.metrics.publish import Published, place_of, publish, published
from tests.conftest import ROOT

PATIENCE_S = 20
ME = os.getpid()


@pytest.fixture(autouse=True)
def runtime_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path_factory.mktemp("run")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    monkeypatch.setattr(module, "_PATIENCE_S", PATIENCE_S)
    return folder


@pytest.fixture
def place(tmp_path: Path) -> str:
    return str(tmp_path / "s")


def ask(place: str | None = None) -> dict[int, Published] | None:
    return published(ME, place, timeout=PATIENCE_S)


def test_counts_and_names_of_threads_can_be_asked_for_again_and_again() -> None:
    monitor, ready, end = ThreadMonitor(), threading.Event(), threading.Event()
    ids: list[int] = []

    def work() -> None:
        with monitor.watch():
            monitor.count(operations=7, errors=2)
            ids.append(threading.get_native_id())
            ready.set()
            end.wait(PATIENCE_S)

    thread = threading.Thread(target=work, name="worker with a name that the kernel would cut")
    thread.start()
    assert ready.wait(PATIENCE_S)
    try:
        with publish(monitor):
            for _ in range(3):
                told = ask()
                assert told is not None
                assert told[ids[0]] == Published(7, 2, thread.name)
                assert told[threading.get_native_id()] == Published(None, None, threading.current_thread().name)
    finally:
        end.set()
        thread.join()


def test_a_thread_that_is_watched_twice_tells_the_sum() -> None:
    monitor = ThreadMonitor()
    with publish(monitor):
        for number in (1, 2):
            with monitor.watch():
                monitor.count(operations=10)
            told = ask()
            assert told is not None
            assert told[threading.get_native_id()].operations == 10 * number


def test_the_socket_is_for_its_user_alone_and_gone_at_the_end() -> None:
    with publish(ThreadMonitor()) as place:
        assert place == place_of(ME)
        mode = os.lstat(place).st_mode
        assert stat.S_ISSOCK(mode)
        assert stat.S_IMODE(mode) == 0o600
    assert not os.path.exists(place)
    assert ask() is None


def test_it_ends_with_the_block_also_when_that_fails(place: str) -> None:
    with pytest.raises(KeyError), publish(ThreadMonitor(), place):
        raise KeyError
    assert not os.path.exists(place)  # and conftest looks for the thread


def test_what_a_killed_process_has_left_is_replaced(place: str) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(place)
        dead.listen()
    with publish(ThreadMonitor(), place):
        assert ask(place)


def test_nothing_is_published_over_another_s_socket_or_file(place: str, tmp_path: Path) -> None:
    with publish(ThreadMonitor(), place):
        with pytest.raises(OutputError, match="published there already"), publish(ThreadMonitor(), place):
            pass
        assert ask(place)
    (tmp_path / "s").write_text("precious")
    with pytest.raises(OutputError), publish(ThreadMonitor(), place):
        pass
    assert (tmp_path / "s").read_text() == "precious"
    with pytest.raises(OutputError), publish(ThreadMonitor(), str(tmp_path / ("long" * 50))):
        pass


def test_nobody_answers_for_a_process_that_publishes_nothing() -> None:
    assert published(2**22 + 1) is None


@pytest.fixture
def impostor(place: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(place)
        listener.listen()
        yield listener


def answer_with(listener: socket.socket, answer: bytes, pid: int = ME) -> dict[int, Published] | None:
    def serve() -> None:
        connection, _ = listener.accept()
        with connection, contextlib.suppress(BrokenPipeError):
            connection.sendall(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        return published(pid, str(listener.getsockname()), timeout=PATIENCE_S)
    finally:
        thread.join()


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\xff",
        b"[]",
        b"[" * 100_000,
        b'{"schema": "other/1", "threads": []}',
        b'{"schema": "concli.threads/1"}',
        b'{"schema": "concli.threads/1", "threads": [[1, "a", "7", 0]]}',
        b'{"schema": "concli.threads/1", "threads": [[1, "a"]]}',
    ],
)
def test_what_is_no_answer_is_none(impostor: socket.socket, answer: bytes) -> None:
    assert answer_with(impostor, answer) is None


def test_an_answer_without_end_is_not_read_to_its_end(impostor: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    good = json.dumps({"schema": "concli.threads/1", "pid": ME, "threads": [[5, "a", 7, 0]]}).encode()
    assert answer_with(impostor, good) == {5: Published(7, 0, "a")}
    monkeypatch.setattr(module, "_LONGEST", 10)
    assert answer_with(impostor, good) is None


def test_one_that_does_not_answer_is_not_waited_for(impostor: socket.socket, place: str) -> None:
    assert published(ME, place, timeout=0.01) is None
    assert impostor.fileno() >= 0  # it has listened all the time


@pytest.mark.skipif(not hasattr(socket, "SO_PEERCRED"), reason="the system does not tell who answers")
def test_another_process_is_not_believed(impostor: socket.socket) -> None:
    good = json.dumps({"schema": "concli.threads/1", "pid": ME, "threads": []}).encode()
    assert answer_with(impostor, good, os.getppid()) is None
    assert answer_with(impostor, good) == {}


def test_where_the_system_does_not_tell_who_answers_what_belongs_to_another_user_is_not_asked(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_peer_is_told", lambda: False)
    with publish(ThreadMonitor(), place):
        assert ask(place)
        monkeypatch.setattr(os, "geteuid", lambda: os.lstat(place).st_uid + 1)
        assert ask(place) is None


def test_a_reader_that_leaves_at_once_does_no_harm(place: str) -> None:
    with publish(ThreadMonitor(), place):
        for _ in range(20):
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(place)
        assert ask(place)


def test_a_fork_that_ends_leaves_the_socket_to_its_owner(runtime_folder: Path) -> None:
    script = """
import os, signal
from concli.metrics import ThreadMonitor
from concli.metrics.publish import publish, published

held, hold = os.pipe()
with publish(ThreadMonitor()):
    first = os.fork()
    if first:
        assert os.waitpid(first, 0)[1] == 0
        assert published(os.getpid(), timeout=20)
        second = os.fork()  # and one that stays longer than the block
        if not second:
            os.close(hold)
            os.read(held, 1)
            os._exit(0)
if first:
    os.close(hold)
    assert os.waitpid(second, 0)[1] == 0
    print("ended")
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], capture_output=True, cwd=ROOT, timeout=50, check=False
    )
    assert (done.returncode, done.stdout) == (0, b"ended\n"), done.stderr
    assert list(runtime_folder.iterdir()) == []


def test_concli_s_own_commands_publish_when_they_are_asked_to(concli_env: dict[str, str], runtime_folder: Path) -> None:
    command = [sys.executable, "-m", "concli", "logs", "process", "-q", "-t", "1", "-o", "/dev/null", "-"]
    env = concli_env | {"CONCLI_PUBLISH": "1"}
    with subprocess.Popen(command, env=env, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write(b"2024-02-29 12:00:00 [INFO] hello\n" * 200_000)  # it has begun when it has taken this
        counted: dict[str, int] = {}
        while not sum(counted.values()):
            told = published(process.pid, timeout=PATIENCE_S)
            assert told is not None
            counted = {one.name: one.operations for one in told.values() if one.operations is not None}
        process.stdin.close()
    assert process.returncode == 0
    assert {"read-1", "parse-1", "write-1"} <= counted.keys()
    assert list(runtime_folder.iterdir()) == []


def test_that_it_cannot_publish_does_not_stop_a_command(concli_env: dict[str, str], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "concli", "logs", "process", "-q", "-"]
    env = concli_env | {"CONCLI_PUBLISH": "1", "XDG_RUNTIME_DIR": str(tmp_path / "missing")}
    done = subprocess.run(
        command, env=env, input=b"2024-02-29 12:00:00 [INFO] hello\n", capture_output=True, check=False, timeout=50
    )
    assert (done.returncode, done.stderr) == (0, b"")
