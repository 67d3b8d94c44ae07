"""The thread monitor: what each thread has used, by its own clocks."""

import threading
import time
from collections.abc import Callable

import pytest

from concli.metrics import ThreadMonitor, ThreadUsage
from concli.metrics import thread_monitor as module
from concli.patterns import ThreadGroup

BURNT_S = 0.03
PATIENCE_S = 20


def burn() -> None:
    """Use the CPU until this thread's own clock says so."""
    end = time.thread_time() + BURNT_S
    while time.thread_time() < end:
        pass


def usage_of(monitor: ThreadMonitor, name: str) -> ThreadUsage:
    (found,) = [usage for usage in monitor.snapshot() if usage.name == name]
    return found


class Held:
    """A watched thread that does something and then stays until it is let go."""

    def __init__(self, monitor: ThreadMonitor, work: Callable[[], object] = lambda: None) -> None:
        self._monitor, self._work = monitor, work
        self._ready, self._end = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="held")

    def _run(self) -> None:
        with self._monitor.watch():
            self._work()
            self._ready.set()
            self._end.wait(PATIENCE_S)

    def __enter__(self) -> threading.Thread:
        self._thread.start()
        assert self._ready.wait(PATIENCE_S)
        return self._thread

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()


def test_a_thread_that_burns_cpu_shows_it_while_alive_and_after_its_end() -> None:
    monitor = ThreadMonitor()
    with Held(monitor, burn) as thread:
        alive = usage_of(monitor, "held")
    ended = usage_of(monitor, "held")
    assert (alive.alive, ended.alive) == (True, False)
    assert BURNT_S <= alive.cpu_s <= ended.cpu_s
    assert alive.native_id == ended.native_id == thread.native_id


def test_a_waiting_thread_shows_next_to_no_cpu_while_another_burns_it() -> None:
    monitor = ThreadMonitor()
    with monitor.watch(), Held(monitor):
        burn()
        waiting = usage_of(monitor, "held")
        burning = usage_of(monitor, threading.current_thread().name)
    assert waiting.cpu_s < burning.cpu_s / 2


def test_threads_that_come_and_go_while_snapshots_are_taken_are_each_seen_once() -> None:
    monitor, ended = ThreadMonitor(), threading.Event()
    names = {f"guest {number}" for number in range(60)}

    def look() -> None:
        seen = 0
        while not ended.is_set():
            found = monitor.snapshot()
            assert len({usage.name for usage in found}) == len(found) >= seen
            seen = len(found)

    with ThreadGroup() as lookers:
        lookers.spawn(look)
        try:
            with ThreadGroup(around=monitor.watch) as guests:
                for name in names:
                    guests.spawn(lambda: None, name=name)
        finally:
            ended.set()
    found = monitor.snapshot()
    assert [usage.name for usage in found] == sorted(names)
    assert not any(usage.alive for usage in found)


def test_a_thread_that_fails_is_shown_as_ended() -> None:
    monitor = ThreadMonitor()
    with pytest.raises(KeyError), monitor.watch():
        raise KeyError
    (usage,) = monitor.snapshot()
    assert not usage.alive


def test_what_a_thread_counts_is_shown_while_alive_and_after_its_end() -> None:
    monitor = ThreadMonitor()
    with monitor.watch() as me:
        me.operations += 3
        me.errors += 1
        (alive,) = monitor.snapshot()
    (ended,) = monitor.snapshot()
    assert (alive.operations, alive.errors) == (ended.operations, ended.errors) == (3, 1)


def test_only_watched_threads_are_shown() -> None:
    one, other = ThreadMonitor(), ThreadMonitor()
    with one.watch():
        assert other.snapshot() == []


def test_the_wait_for_a_cpu_is_that_of_the_thread_in_seconds(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    asked: list[str] = []

    def schedstat(path: str, **_: object) -> object:
        asked.append(path)
        return open(f"{tmp_path}/schedstat", encoding="ascii")

    with open(f"{tmp_path}/schedstat", "w", encoding="ascii") as file:
        file.write("900 2500000000 7\n")
    monkeypatch.setattr(module, "open", schedstat, raising=False)
    monitor = ThreadMonitor()
    with monitor.watch():
        (usage,) = monitor.snapshot()
    assert usage.run_wait_s == 2.5
    assert asked[0] == f"/proc/self/task/{threading.get_native_id()}/schedstat"


@pytest.mark.parametrize("broken", [FileNotFoundError, ProcessLookupError, PermissionError])
def test_where_the_kernel_does_not_tell_the_wait_for_a_cpu_there_is_none(
    monkeypatch: pytest.MonkeyPatch, broken: type[OSError]
) -> None:
    def missing(path: str, **_: object) -> object:
        raise broken(path)

    monkeypatch.setattr(module, "open", missing, raising=False)
    monitor = ThreadMonitor()
    with monitor.watch():
        (alive,) = monitor.snapshot()
    (ended,) = monitor.snapshot()
    assert (alive.run_wait_s, ended.run_wait_s) == (None, None)


def test_where_no_clock_of_another_thread_can_be_read_psutil_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(time, "pthread_getcpuclockid", raising=False)
    monitor = ThreadMonitor()
    with Held(monitor, burn):
        alive = usage_of(monitor, "held")
    assert alive.cpu_s > 0
    assert usage_of(monitor, "held").cpu_s >= BURNT_S
