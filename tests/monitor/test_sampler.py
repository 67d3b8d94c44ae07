"""The sampler: real processes, and what may happen to them while they are looked at."""

import itertools
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

from concli.errors import InputError
from concli.monitor import Counted, Sample, Sampler, ThreadSample
from concli.monitor import sampler as module
from tests.monitor.programs import CHURNS, FORKS, HEADLESS, ORPHANS, WAITS, line_of, running

BURNT_S = 0.05
PATIENCE_S = 20

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells this")


@pytest.fixture(params=["proc", "psutil"])
def system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Look at processes in both ways."""
    if request.param == "proc" and not module.HAS_PROC:
        pytest.skip("there is no /proc")
    monkeypatch.setattr(module, "HAS_PROC", request.param == "proc")
    return str(request.param)


class Burner:
    """A thread of this process that uses the CPU for a while and then waits until the block ends."""

    def __init__(self) -> None:
        self._burnt, self._end = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        end = time.thread_time() + BURNT_S
        while time.thread_time() < end:
            pass
        self._burnt.set()
        self._end.wait(PATIENCE_S)

    def __enter__(self) -> int:
        self._thread.start()
        assert self._burnt.wait(PATIENCE_S)
        return self._thread.native_id or 0

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()


def thread_of(sample: Sample, tid: int) -> ThreadSample:
    (found,) = [thread for thread in sample.threads if thread.tid == tid]
    return found


@pytest.mark.usefixtures("system")
def test_a_thread_that_burnt_cpu_shows_it_and_its_process_too() -> None:
    with Burner() as tid, Sampler(os.getpid(), children=False) as sampler:
        sample = sampler.sample()
    thread, (process,) = thread_of(sample, tid), sample.processes
    assert BURNT_S - 0.02 <= thread.user_s + thread.system_s <= process.user_s + process.system_s + 0.02
    assert (thread.pid, process.pid, process.ppid) == (os.getpid(), os.getpid(), os.getppid())
    assert process.threads == len(sample.threads)
    assert thread_of(sample, threading.get_native_id()).pid == os.getpid()
    assert process.rss_bytes > 1 << 20
    assert (process.open_files or 0) > 2


@linux
def test_linux_tells_state_switches_waits_and_the_place_of_waiting() -> None:
    with Burner() as tid, Sampler(os.getpid(), children=False) as sampler:
        sample, end = sampler.sample(), time.monotonic() + PATIENCE_S
        while thread_of(sample, tid).state != "S":  # it is about to wait
            assert time.monotonic() < end
            sample = sampler.sample()
    thread, me = thread_of(sample, tid), thread_of(sample, threading.get_native_id())
    assert (thread.state, me.state, me.wchan) == ("S", "R", None)
    assert thread.run_wait_s is not None
    assert thread.voluntary is not None
    assert thread.voluntary > 0
    assert (thread.involuntary or 0) >= 0
    assert sample.processes[0].read_bytes is not None
    assert (sample.processes[0].peak_rss_bytes or 0) >= sample.processes[0].rss_bytes
    assert sample.problem is None


@linux
def test_the_cpu_of_a_thread_is_known_more_finely_than_to_a_tick() -> None:
    with Burner() as tid, Sampler(os.getpid(), children=False) as sampler:
        thread = thread_of(sampler.sample(), tid)
        told = int(Path(f"/proc/self/task/{tid}/schedstat").read_text().split()[0]) / 1e9
    assert thread.user_s + thread.system_s == pytest.approx(told, abs=1e-4)


@linux
def test_a_name_may_hold_anything() -> None:
    with Burner() as tid, Sampler(os.getpid(), children=False) as sampler:
        with open(f"/proc/self/task/{tid}/comm", "wb") as file:
            file.write(b") R 1 (\xff")
        assert thread_of(sampler.sample(), tid).name == ") R 1 (\ufffd"


@pytest.mark.usefixtures("system")
def test_a_thread_that_ends_is_no_longer_there() -> None:
    with Sampler(os.getpid(), children=False) as sampler:
        with Burner() as tid:
            assert thread_of(sampler.sample(), tid)
        end = time.monotonic() + PATIENCE_S
        while any(thread.tid == tid for thread in sampler.sample().threads):  # the kernel may need a moment
            assert time.monotonic() < end


@linux
def test_a_thread_that_ends_between_listing_and_reading_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    list_all = os.listdir
    no_id = int(Path("/proc/sys/kernel/pid_max").read_text()) + 1
    monkeypatch.setattr(os, "listdir", lambda path: [*list_all(path), str(no_id)])
    with Sampler(os.getpid()) as sampler:
        assert no_id not in {thread.tid for thread in sampler.sample().threads}


@pytest.mark.usefixtures("system")
def test_a_process_that_ends_is_gone_whether_or_not_its_parent_has_taken_note() -> None:
    with running(WAITS) as process, Sampler(process.pid) as sampler:
        line_of(process)
        assert [each.pid for each in sampler.sample().processes] == [process.pid]
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        last = sampler.sample()
        assert (last.processes, last.threads, last.gone, sampler.has_ended) == ((), (), (process.pid,), True)
        process.wait()
        assert sampler.sample().gone == ()


@pytest.mark.usefixtures("system")
def test_children_are_found_and_those_whose_parent_has_ended_stay_known() -> None:
    with running(FORKS) as process, Sampler(process.pid) as sampler, Sampler(process.pid, children=False) as alone:
        child = int(line_of(process))
        assert [each.pid for each in sampler.sample().processes] == [process.pid, child]
        assert [each.pid for each in alone.sample().processes] == [process.pid]
        process.kill()
        process.wait()
        after = sampler.sample()
        assert (after.gone, sampler.has_ended) == ((process.pid,), True)
        assert [each.pid for each in after.processes] == [child]


@linux
def test_one_of_the_session_is_found_though_its_parent_has_ended_before_anybody_looked() -> None:
    with running(ORPHANS, in_own_session=True) as process:
        child = int(line_of(process))
        with Sampler(process.pid) as sampler:
            assert child in [each.pid for each in sampler.sample().processes]


@pytest.mark.usefixtures("system")
def test_a_process_that_is_not_there_is_an_input_error() -> None:
    with running(WAITS) as process:
        process.kill()
    with pytest.raises(InputError, match=f"process {process.pid}: there is no such process"):
        Sampler(process.pid)


@linux
def test_what_is_not_ours_to_see_is_said_and_the_rest_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    open_any, stat_any = os.open, os.stat

    def refuse_io(path: str, flags: int) -> int:
        if path.endswith(("/io", "/wchan")):
            raise PermissionError(13, "not yours")
        return open_any(path, flags)

    def refuse_fd(path: str) -> os.stat_result:
        if path.endswith("/fd"):
            raise PermissionError(13, "not yours")
        return stat_any(path)

    with Sampler(os.getpid(), children=False) as sampler:
        monkeypatch.setattr(os, "open", refuse_io)
        monkeypatch.setattr(os, "stat", refuse_fd)
        sampler._processes[os.getpid()].close()  # what it has open, it could go on reading
        sample = sampler.sample()
        monkeypatch.undo()
    (process,) = sample.processes
    assert (process.open_files, process.read_bytes, process.written_bytes) == (None, None, None)
    assert process.rss_bytes > 0
    assert sample.problem == "I/O and open files of some processes are for their owner to see; run as that user"


@linux
def test_a_process_that_may_not_be_looked_at_is_named_and_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(13, "not yours")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(InputError, match="may not be looked at; run as its user or as root"):
        Sampler(os.getpid())


def test_elsewhere_it_says_what_the_system_does_not_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HAS_PROC", False)
    with Sampler(os.getpid(), children=False) as sampler:
        sample = sampler.sample()
    assert "this system tells no states" in (sample.problem or "")
    assert {(each.state, each.run_wait_s, each.voluntary, each.wchan) for each in sample.threads} == {
        ("?", None, None, None)
    }


def test_what_a_program_tells_of_its_threads_is_added() -> None:
    me = os.getpid(), threading.get_native_id()

    def counts(pids: Collection[int]) -> dict[tuple[int, int], Counted]:
        assert tuple(pids) == (me[0],)
        return {me: Counted("main", 12, 3), (me[0], -1): Counted("none", 1, 1)}

    with Sampler(me[0], children=False, counts=counts) as sampler:
        sample = sampler.sample()
    mine = thread_of(sample, me[1])
    assert (mine.name, mine.operations, mine.errors) == ("main", 12, 3)
    assert sum(each.operations is not None for each in sample.threads) == 1


def test_the_moments_begin_at_nought_and_go_forward() -> None:
    with Sampler(os.getpid(), children=False) as sampler:
        first, second = sampler.sample(), sampler.sample()
    assert first.time_s == 0 <= second.time_s
    assert first.wall <= second.wall
    assert first.wall.endswith("Z")


@linux
def test_closing_it_closes_all_it_had_open() -> None:
    before = len(os.listdir("/proc/self/fd"))
    with Sampler(os.getpid()) as sampler, Burner():
        sampler.sample()
        assert len(os.listdir("/proc/self/fd")) > before
    assert len(os.listdir("/proc/self/fd")) == before


def descriptors() -> set[int]:
    return {int(name) for name in os.listdir("/proc/self/fd")}


@pytest.fixture
def few_files() -> Iterator[int]:
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = max(descriptors()) + 4
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, limits[1]))
    yield most
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)


@linux
def test_with_few_files_to_spare_it_opens_and_closes_them(few_files: int) -> None:
    before = descriptors()
    with Burner() as tid, Sampler(os.getpid(), children=False) as sampler:
        first, second = sampler.sample(), sampler.sample()
        kept = {fd for fd in descriptors() - before if os.path.exists(f"/proc/self/fd/{fd}")}
    assert all(fd < few_files / 2 for fd in kept)
    earlier, later = thread_of(first, tid).voluntary, thread_of(second, tid).voluntary
    assert earlier is not None
    assert later is not None
    assert earlier <= later  # it gives up the GIL now and then


@linux
def test_a_stopped_process_is_seen_as_such() -> None:
    with running(WAITS) as process, Sampler(process.pid) as sampler:
        line_of(process)
        process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
        assert [each.state for each in sampler.sample().threads] == ["T"]


@linux
def test_a_process_whose_first_thread_has_ended_is_still_there() -> None:
    with running(HEADLESS) as process, Sampler(process.pid) as sampler:
        line_of(process)
        sample = sampler.sample()
    assert [each.pid for each in sample.processes] == [process.pid]
    assert [each.state == "Z" for each in sample.threads] == [True, False]


@pytest.mark.usefixtures("system")
def test_threads_and_processes_that_come_and_go_all_the_time_do_no_harm() -> None:
    with running(CHURNS) as process:
        line_of(process)
        with Sampler(process.pid) as sampler:
            samples = []
            for _ in range(60):
                line_of(process)
                samples.append(sampler.sample())
    assert {sample.processes[0].pid for sample in samples} == {process.pid}
    for before, after in itertools.pairwise(samples):
        assert set(after.gone) <= {each.pid for each in before.processes}


@linux
def test_help_of_others_is_not_needed_where_there_is_proc() -> None:
    code = (
        "import os, sys; from concli.monitor import Sampler\n"
        "with Sampler(os.getpid()) as sampler: sampler.sample()\n"
        "assert 'psutil' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=os.path.dirname(module.__file__) + "/../..")
