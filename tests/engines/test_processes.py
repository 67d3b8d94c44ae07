import contextlib
import os
import random
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from concli.engines.engine import EngineStatistics, Place, RemoteError, Settings, WorkerLost, memory_each
from concli.engines.processes import Processes
from concli.errors import UsageError
from concli.patterns import ShutDown, ThreadGroup, ThreadPool
from tests.conftest import ROOT
from tests.engines import units


@pytest.fixture(scope="module")
def place() -> Iterator[Place[Any, Any]]:
    """Two workers that call what they are given."""
    with Processes(2).open(units.make_call) as place:
        yield place


def has_ended(pid: int) -> bool:
    """Wait for the end of a process that need not be a child; False if it takes longer than two seconds."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        poll = select.poll()
        poll.register(fd, select.POLLIN)
        return bool(poll.poll(2000))
    finally:
        os.close(fd)


def test_a_unit_is_done_in_another_process(place: Place[Any, Any]) -> None:
    assert place((units.who,)) != os.getpid()


def test_it_is_made_once_in_each_worker() -> None:
    with Processes(1).open(units.make_counter) as place:
        assert [place(None) for _ in range(3)] == [1, 2, 3]


def test_an_exception_has_its_type_and_the_workers_traceback(place: Place[Any, Any]) -> None:
    with pytest.raises(ZeroDivisionError, match="by nothing") as caught:
        place((units.fail, "by nothing"))
    [note] = caught.value.__notes__
    assert note.startswith("In worker-")
    assert "in fail" in note


def test_an_exception_that_cannot_be_sent_is_told_of(place: Place[Any, Any]) -> None:
    with pytest.raises(RemoteError, match="OddError: odd 1 2"):
        place((units.fail_oddly,))


def test_a_unit_that_would_exit_raises_that_and_its_worker_goes_on(place: Place[Any, Any]) -> None:
    before = {worker.pid for worker in place.statistics().workers}
    with pytest.raises(SystemExit):
        place((units.leave,))
    assert {place((units.who,)) for _ in range(2)} >= before


def test_what_making_raises_is_raised_by_the_call() -> None:
    with Processes(1).open(units.fail_to_make) as place:
        for _ in range(2):
            with pytest.raises(LookupError, match="nothing to make it of"):
                place(None)
        assert place.statistics().lost == ()


def test_large_arrays_are_not_pickled_either_way(place: Place[Any, Any]) -> None:
    before = place.statistics()
    values = np.arange(1 << 17, dtype=np.float64)
    assert np.array_equal(place((units.double, values)), values * 2)
    after = place.statistics()
    assert 0 <= after.bytes_sent - before.bytes_sent - values.nbytes < 1000
    assert 0 <= after.bytes_received - before.bytes_received - values.nbytes < 1000


def test_a_result_is_the_callers_own(place: Place[Any, Any]) -> None:
    first = place((units.double, np.ones(10_000)))
    place((units.double, np.zeros(10_000)))
    assert first.sum() == 20_000
    first[:] = 0


def test_bytes_arrive_as_they_were(place: Place[Any, Any]) -> None:
    large = os.urandom(100_000)
    for data in (b"", b"abc", large, bytearray(large), memoryview(large), memoryview(large)[::2]):
        back = place((units.double, bytes(data)))
        assert back == bytes(data) * 2
        assert place((units.total, data if memoryview(data).contiguous else bytes(data))) == sum(bytes(data))


def test_shared_buffers_go_by_reference_both_ways(place: Place[Any, Any]) -> None:
    buffer = place.buffer(1 << 20)
    before = place.statistics()
    back = place((units.fill, buffer[4096 : 4096 + 500_000], 7))
    assert sum(buffer) == 7 * 500_000
    assert len(back) == 500_000
    buffer[4096] = 9
    assert back[0] == 9, "it is the same memory"
    array = np.frombuffer(buffer, np.uint8)
    assert place((units.total, array)) == 7 * 500_000 + 2
    array.flags.writeable = False
    assert place((units.total, array[4096:5000])) == 7 * 904 + 2
    after = place.statistics()
    assert after.bytes_sent - before.bytes_sent < 2000
    assert after.bytes_received - before.bytes_received < 2000


def test_a_message_larger_than_a_pipe_goes_both_ways(place: Place[Any, Any]) -> None:
    many = [str(number) for number in range(50_000)]
    assert place((units.double, many)) == many * 2
    arrays = [np.full(4096, number) for number in range(3000)]
    assert [int(array[0]) for array in place((units.double, arrays))][2999:3001] == [2999, 0]


def test_a_worker_killed_in_the_middle_costs_a_retry(tmp_path: Path) -> None:
    with Processes(2).open(units.make_call) as place:
        assert place((units.die_once, str(tmp_path / "done"))) == "done"
        statistics = place.statistics()
    assert statistics.retries == 1
    assert len(statistics.lost) == 1
    assert "killed by SIGKILL" in statistics.lost[0]


def test_a_unit_that_always_kills_its_worker_is_named_and_the_others_go_on() -> None:
    with Processes(1).open(units.make_call) as place:
        with pytest.raises(WorkerLost, match=r"3 workers have died of a unit, .*die.*SIGSEGV") as caught:
            place((units.die, signal.SIGSEGV))
        assert "\n" not in str(caught.value)
        with pytest.raises(WorkerLost, match="ended with exit code 5"):
            place((os._exit, 5))
        assert place((units.double, 2)) == 4
        statistics = place.statistics()
    assert (statistics.retries, len(statistics.lost), statistics.units) == (4, 6, 1)


def test_an_idle_worker_that_was_killed_is_replaced() -> None:
    with Processes(1).open(units.make_call) as place:
        pid = place((units.who,))
        os.kill(pid, signal.SIGKILL)
        assert place((units.who,)) != pid
        assert place.statistics().retries == 1


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: None, "a lambda has no name"),
        (partial(units.make_with, threading.Lock()), "cannot pickle '_thread.lock' object: let the worker"),
        (partial(units.make_with, sys.stderr), "cannot pickle"),
    ],
)
def test_what_cannot_be_sent_is_said_in_a_line(make: Callable[[], Any], reason: str) -> None:
    with pytest.raises(UsageError, match=reason) as caught, Processes(1).open(make):
        pass
    assert "\n" not in str(caught.value)


def test_a_local_function_a_unit_and_a_result_that_cannot_be_sent_are_named(place: Place[Any, Any]) -> None:
    def make() -> Any:
        return None

    with pytest.raises(UsageError, match=r"make.* define it at the top level"), Processes(1).open(make):
        pass
    with pytest.raises(UsageError, match="a unit, tuple, can't be sent to a worker: cannot pickle"):
        place((units.double, threading.Lock()))
    with pytest.raises(UsageError, match="a result, function, can't be sent to a worker: a lambda"):
        place((units.a_lambda,))


def test_more_memory_than_allowed_is_a_memory_error_of_the_unit() -> None:
    limit = 256 << 20
    with Processes(1, Settings(memory=limit)).open(units.make_call) as place:
        pid = place((units.who,))
        with pytest.raises(MemoryError, match="a worker may use 268,435,456 bytes"):
            place((units.allocate, 2 * limit))
        assert place((units.allocate, 1000)) == 1000
        assert place((units.who,)) == pid
        statistics = place.statistics()
    assert statistics.memory_limit == limit
    assert statistics.lost == ()


def test_each_worker_has_its_share_of_the_memory_if_nobody_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("concli.engines.engine.usable_memory", lambda: 12 << 30)
    assert (memory_each(4), memory_each(100)) == (3 << 30, 1 << 30)
    with Processes(6).open(units.make_call) as place:
        assert place((units.limit_on_data,)) == place.statistics().memory_limit == 2 << 30


def test_statistics_name_the_workers_and_what_they_used() -> None:
    with Processes(2).open(units.make_call) as place:
        place((units.sleep, 0.02))
        pids = {place((units.who,)) for _ in range(3)}
    statistics = place.statistics()
    assert {worker.pid for worker in statistics.workers} == pids
    assert sum(worker.units for worker in statistics.workers) == statistics.units == 4
    assert sum(worker.busy_s for worker in statistics.workers) >= 0.02
    assert all(worker.cpu_s > 0 and (worker.peak_rss_bytes or 0) > 1 << 20 for worker in statistics.workers)
    assert {worker.host for worker in statistics.workers} == {os.uname().nodename}
    assert statistics.overhead_s > 0


def test_a_worker_is_started_when_it_is_needed() -> None:
    with Processes(8).open(units.make_power, 2) as place:
        assert place.statistics() == EngineStatistics("processes", memory_limit=memory_each(8))
        place(3)
        assert len(place.statistics().workers) == 1


def test_workers_have_the_parents_folder_and_one_thread_for_arithmetic(place: Place[Any, Any]) -> None:
    assert place((units.host_and_environment,)) == (os.getcwd(), os.environ.get("OMP_NUM_THREADS", "1"))


def test_cancel_lets_go_who_waits_and_ends_the_workers(tmp_path: Path) -> None:
    told = tmp_path / "told"
    os.mkfifo(told)
    raised = []

    def call() -> None:
        try:
            place((units.say_and_stay, str(told)))
        except ShutDown as end:
            raised.append(end)

    with Processes(1).open(units.make_call) as place, ThreadGroup() as group:
        group.spawn(call)
        pid = int(told.read_text())
        group.spawn(call)  # waits for the worker
        place.cancel()
        with pytest.raises(ShutDown):
            place((units.who,))
    assert len(raised) == 2
    assert has_ended(pid)
    assert place.statistics().lost == ()


def test_a_place_that_is_left_by_an_error_ends_its_workers_at_once(tmp_path: Path) -> None:
    told = tmp_path / "told"
    os.mkfifo(told)

    def call() -> None:
        with pytest.raises(ShutDown):
            place((units.say_and_spin, str(told)))

    place: Any
    pid = 0
    with ThreadGroup() as group, pytest.raises(LookupError), Processes(1).open(units.make_call) as place:  # noqa: PT012 - see below
        group.spawn(call)
        pid = int(told.read_text())
        raise LookupError
    assert has_ended(pid)


SCRIPT = """
import sys
from concli.engines.processes import Processes
from tests.engines import units

class Point:
    def __init__(self, x):
        self.x = x

def make(by):
    return lambda point: Point(point.x * by)

if __name__ == "__main__":
    with Processes(1).open(make, 5) as place:
        print(place(Point(4)).x)
    with Processes(1).open(units.make_call) as place:
        if len(sys.argv) > 1:
            place((getattr(units, sys.argv[1]), sys.argv[2]))
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "script.py"
    path.write_text(SCRIPT)
    return path


def start(script: Path, *args: object) -> "subprocess.Popen[bytes]":
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    words = [sys.executable, str(script), *map(str, args)]
    return subprocess.Popen(words, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_functions_and_classes_of_a_script_reach_the_workers_and_return(script: Path) -> None:
    stdout, stderr = start(script).communicate()
    assert (stdout, stderr) == (b"20\n", b"")


def test_a_function_of_a_file_that_no_path_leads_to_reaches_the_workers(tmp_path: Path) -> None:
    path = tmp_path / "my stages.py"
    path.write_text("def make(by):\n    return lambda number: number * by\n")
    spec = spec_from_file_location("my_stages", path)
    assert spec
    assert spec.loader
    module = sys.modules["my_stages"] = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        with Processes(1).open(module.make, 3) as place:
            assert place(4) == 12
    finally:
        del sys.modules["my_stages"]


@pytest.mark.parametrize("what", ["say_and_stay", "say_and_spin"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=["killed", "interrupted"])
def test_a_parent_that_ends_leaves_no_worker_behind(script: Path, tmp_path: Path, what: str, number: int) -> None:
    told = tmp_path / "told"
    os.mkfifo(told)
    process = start(script, what, told)
    try:
        pid = int(told.read_text())
        process.send_signal(number)
        assert has_ended(pid)
        process.communicate(timeout=5)
        assert process.returncode == -number
    finally:
        process.kill()
        process.communicate()


def test_nothing_is_left_in_memory_or_open() -> None:
    def shared() -> set[str]:
        """Return what has a name there; semaphores are dask's, which another process may be testing."""
        return {name for name in os.listdir("/dev/shm") if not name.startswith("sem.mp-")}

    fds, files = len(os.listdir("/proc/self/fd")), shared()
    with Processes(2).open(units.make_call) as place:
        place((units.total, place.buffer(100)))
        place((units.double, np.zeros(1000)))
        with pytest.raises(WorkerLost):
            place((units.die,))
    del place
    assert len(os.listdir("/proc/self/fd")) == fds
    assert shared() <= files


def test_eight_threads_share_two_workers(place: Place[Any, Any]) -> None:
    with ThreadPool(8) as pool:
        assert list(pool.map(lambda n: place((units.double, n)), range(400))) == [2 * n for n in range(400)]


@pytest.mark.stress
@pytest.mark.timeout(300)
def test_ten_thousand_units_while_workers_are_killed_at_random() -> None:
    place: Place[Any, Any]
    chance = random.Random(7)
    over = threading.Event()
    seen: dict[int, int] = {}

    def kill() -> None:
        while not over.wait(chance.uniform(0, 1)):
            workers = place.statistics().workers
            # One that is just starting would be killed again and again.
            at_work = [worker.pid for worker in workers if worker.units > seen.setdefault(worker.pid, worker.units)]
            if at_work:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(chance.choice(at_work), signal.SIGKILL)

    with Processes(4).open(units.make_call) as place, ThreadGroup() as group, ThreadPool(8) as pool:
        group.spawn(kill)
        arrays = (np.full(2000, number) for number in range(10_000))
        sums = [int(done.sum()) for done in pool.map(lambda array: place((units.double, array)), arrays)]
        over.set()
    assert sums == [4000 * number for number in range(10_000)]
    assert place.statistics().lost
