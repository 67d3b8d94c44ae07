"""Processes end with all that belongs to them."""

import errno
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from concli.patterns import ThreadGroup
from concli.tasks.stages._spawn import Spawn, make_spawn
from concli.tasks.stages.process import Cancelled, Process
from tests.conftest import ROOT

_SPAWN = make_spawn(os.environb)


@pytest.fixture
def never() -> Iterator[int]:
    reading, writing = os.pipe()
    yield reading
    os.close(reading)
    os.close(writing)


@pytest.fixture(autouse=True)
def no_descriptor_and_no_child_is_left() -> Iterator[None]:
    this = psutil.Process()
    fds, children = set(os.listdir("/proc/self/fd")), set(this.children())
    yield
    assert set(os.listdir("/proc/self/fd")) <= fds
    assert set(this.children()) <= children


@pytest.fixture
def spawns(monkeypatch: pytest.MonkeyPatch) -> list[Spawn]:
    """Both ways to start a program, in a small environment."""
    env = {b"NAME": b"\xff=\n"}
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "ctypes", None)  # it can't be imported
        by_os = make_spawn(env)
    by_libc = make_spawn(env)
    assert type(by_os) is not type(by_libc) or sys.platform != "linux"
    return [by_os, by_libc]


def sh(script: str, given: bytes | None = None, spawn: Spawn = _SPAWN) -> Process:
    return Process(spawn, "/bin/sh", ["sh", "-c", script], given)


def test_what_a_command_says_and_how_it_ends_is_kept(never: int) -> None:
    assert sh("echo out; echo err >&2; exit 3").result(None, never) == (3, b"out\n", b"err\n")
    assert sh("kill -SEGV $$").result(None, never).status == -signal.SIGSEGV


def test_much_output_on_both_streams_and_much_input_block_nobody(never: int) -> None:
    given = bytes(3_000_000)
    ended = sh("tee /dev/stderr | cat; cat", given).result(60.0, never)
    assert ended.stdout == given
    assert ended.stderr == given[:4096]


def test_without_input_there_is_nothing_to_read(never: int) -> None:
    assert sh("cat").result(None, never) == (0, b"", b"")


def test_signals_are_as_a_shell_has_them(never: int, spawns: list[Spawn]) -> None:
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
    handler = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        started = [sh("exec grep -E 'Sig(Ign|Blk)' /proc/self/status", spawn=spawn) for spawn in spawns]
        seen = [process.result(None, never).stdout.split() for process in started]
    finally:
        signal.signal(signal.SIGHUP, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    for blocked, ignored in ([int(line[n], 16) for n in (1, 3)] for line in seen):
        assert not blocked
        assert ignored & 1 << signal.SIGHUP - 1
        assert not ignored & (1 << signal.SIGPIPE - 1 | 1 << signal.SIGXFSZ - 1)
    assert seen[0] == seen[1]


@pytest.mark.parametrize("given", [None, b"given"])
def test_words_environment_and_streams_are_a_commands_own(never: int, spawns: list[Spawn], given: bytes | None) -> None:
    for spawn in spawns:
        words = ["sh", "-c", 'cat; printf %s "$NAME"; printf "%s|" "$@" >&2', "sh", "", "a b", "ü", "\udcff"]
        ended = Process(spawn, "/bin/sh", words, given).result(None, never)
        assert ended == (0, (given or b"") + b"\xff=\n", b"|a b|\xc3\xbc|\xff|")


def test_a_command_leads_a_group_of_its_own(never: int, spawns: list[Spawn]) -> None:
    for spawn in spawns:
        leader, *group = (
            sh("echo $$; cut -d' ' -f5 /proc/$$/stat /proc/self/stat", spawn=spawn).result(None, never).stdout.split()
        )
        assert group == [leader, leader]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the interpreter's own is used")
def test_other_threads_run_while_a_command_is_started(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    script = (
        "import os, sys\n"
        "from threading import Event, Thread\n"
        "from concli.tasks.stages._spawn import make_spawn\n"
        f"spawn, starts, os.devnull = make_spawn({{}}), Event(), {str(fifo)!r}\n"
        "def start():\n"
        "    starts.set()\n"
        "    pids.append(spawn('/bin/true', ['true'], None, 1, 2))\n"  # which opens the fifo before it is started
        "pids, thread = [], Thread(target=start)\n"
        "sys.setswitchinterval(1000)\n"  # nobody is made to give up the GIL
        "thread.start()\n"
        "starts.wait()\n"
        "os.close(os.open(os.devnull, os.O_WRONLY))\n"
        "thread.join()\n"
        "assert os.waitpid(pids[0], 0)[1] == 0\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT, timeout=60)


def test_a_command_has_no_descriptors_but_its_three_streams_even_if_others_start(never: int) -> None:
    seen: list[bytes] = []

    def start() -> None:
        seen.extend(
            Process(_SPAWN, "/bin/ls", ["ls", "/proc/self/fd"], b"").result(None, never).stdout for _ in range(10)
        )

    with ThreadGroup() as group:
        for _ in range(8):
            group.spawn(start)
    assert len(seen) == 80
    inherited = {fd for fd in map(int, os.listdir("/proc/self/fd")) if fd <= 2 or is_inherited(fd)}
    assert {len(set(map(int, fds.split())) - inherited) for fds in seen} == {1}  # the folder that it lists


def is_inherited(fd: int) -> bool:
    try:
        return os.get_inheritable(fd)
    except OSError:  # the folder that was listed
        return False


def ends(pid: int) -> bool:
    """Wait for the end of a process that has been killed, and that others' children may be slow to reap."""
    try:
        pidfd = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    watch = select.poll()
    watch.register(pidfd, select.POLLIN)
    ended = bool(watch.poll(20_000))
    os.close(pidfd)
    return ended


@pytest.mark.parametrize(
    "script",
    [
        "sleep 100 & echo $! > {0}; wait",
        "exec >&- 2>&-; sleep 100 & echo $! > {0}; wait",
        "sleep 100 & echo $! > {0}",
        "trap '' TERM; sleep 100 & echo $! > {0}; wait; wait",
        "echo $$ > {0}; while :; do echo much; done",
    ],
)
def test_a_timeout_ends_the_whole_group(never: int, tmp_path: Path, script: str) -> None:
    place = tmp_path / "pid"
    with pytest.raises(TimeoutError):
        sh(script.format(place)).result(0.2, never)
    assert ends(int(place.read_text()))


def test_a_command_told_to_end_may_clean_up(never: int, tmp_path: Path) -> None:
    place = tmp_path / "cleaned"
    with pytest.raises(TimeoutError):
        sh(f"trap 'echo yes > {place}; exit' TERM; while :; do sleep 0.01; done").result(0.3, never)
    assert place.read_text() == "yes\n"


def test_cancelling_ends_all_that_wait_and_all_to_come(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    places = [tmp_path / name for name in "abc"]

    def wait(place: Path) -> None:
        with pytest.raises(Cancelled):
            sh(f"echo > {place}; sleep 100").result(None, reading)

    with ThreadGroup() as group:
        for place in places:
            os.mkfifo(place)
            group.spawn(wait, place)
        for place in places:
            place.read_text()
        os.close(writing)
    with pytest.raises(Cancelled):
        sh("sleep 100").result(None, reading)
    os.close(reading)


@pytest.mark.parametrize(
    ("words", "kind", "number"),
    [
        (["/no/such"], FileNotFoundError, errno.ENOENT),
        (["/"], PermissionError, errno.EACCES),
        (["/bin/true/x"], NotADirectoryError, errno.ENOTDIR),
        (["/bin/true", "x" * 10_000_000], OSError, errno.E2BIG),
        (["/bin/true", "\0"], ValueError, None),
        (["/bin\0/true"], ValueError, None),
        (["/bin/true", "\ud800"], UnicodeEncodeError, None),
    ],
)
def test_what_can_not_be_started_leaves_nothing(
    spawns: list[Spawn], words: list[str], kind: type[Exception], number: int | None
) -> None:
    for spawn in spawns:
        with pytest.raises(kind) as raised:
            Process(spawn, words[0], words, b"given")
        if isinstance(raised.value, OSError):
            assert (raised.value.errno, raised.value.filename) == (number, words[0])


def test_streams_are_right_if_concli_has_none_itself() -> None:
    script = (
        "import os\n"
        "from concli.tasks.stages._spawn import make_spawn\n"
        "from concli.tasks.stages.process import Process\n"
        "spawn = make_spawn({})\n"
        "never, result = os.pipe()[0], os.dup(1)\n"
        "os.closerange(0, 3)\n"
        "ended = Process(spawn, '/bin/sh', ['sh', '-c', 'cat; echo err >&2'], b'given').result(None, never)\n"
        "os.write(result, repr(tuple(ended)).encode())\n"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, cwd=ROOT)
    assert done.stdout == b"(0, b'given', b'err\\n')"
