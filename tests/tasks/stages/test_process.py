"""Processes end with all that belongs to them."""

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
from concli.tasks.stages.process import Cancelled, Process
from tests.conftest import ROOT

_ENV = dict(os.environb)


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


def sh(script: str, given: bytes | None = None) -> Process:
    return Process("/bin/sh", ["sh", "-c", script], _ENV, given)


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


def test_signals_are_as_a_shell_has_them(never: int) -> None:
    status = "/proc/self/status"
    lines = sh(f"exec grep -E 'Sig(Ign|Blk)' {status}").result(None, never).stdout.split()
    assert int(lines[1], 16) == 0
    assert not int(lines[3], 16) & 1 << signal.SIGPIPE - 1


def test_a_command_has_no_descriptors_but_its_three_streams_even_if_others_start(never: int) -> None:
    seen: list[bytes] = []

    def start() -> None:
        seen.extend(
            Process("/bin/ls", ["ls", "/proc/self/fd"], _ENV, b"").result(None, never).stdout for _ in range(10)
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


@pytest.mark.parametrize("words", [["/no/such"], ["/"], ["/bin/true", "x" * 10_000_000], ["/bin/true", "\0"]])
def test_what_can_not_be_started_leaves_nothing(words: list[str]) -> None:
    with pytest.raises((OSError, ValueError)):
        Process(words[0], words, _ENV, b"given")


def test_streams_are_right_if_concli_has_none_itself() -> None:
    script = (
        "import os\n"
        "from concli.tasks.stages.process import Process\n"
        "never, result = os.pipe()[0], os.dup(1)\n"
        "os.closerange(0, 3)\n"
        "ended = Process('/bin/sh', ['sh', '-c', 'cat; echo err >&2'], {}, b'given').result(None, never)\n"
        "os.write(result, repr(tuple(ended)).encode())\n"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, cwd=ROOT)
    assert done.stdout == b"(0, b'given', b'err\\n')"
