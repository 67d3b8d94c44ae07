"""The thread monitor: what each thread has used, by its own clocks."""

import _thread
import contextlib
import sys
import threading
import time
from collections.abc import Callable

import pytest

from concli.metrics import ThreadMonitor, ThreadUsage, _thread_figures
from concli.metrics import thread_monitor as module
from concli.metrics._thread_figures import Figures, Task, figures_of
from concli.patterns import ThreadGroup

BURNT_S = 0.03
PATIENCE_S = 20

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells this of a thread")


def burn(seconds: float = BURNT_S) -> None:
    """Use the CPU until this thread's own clock says so."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def usage_of(monitor: ThreadMonitor, name: str, *, everything: bool = False) -> ThreadUsage:
    (found,) = [usage for usage in monitor.snapshot(everything=everything) if usage.name == name]
    return found


def gone(thread: threading.Thread) -> None:
    """Wait until the kernel too is done with a thread that has ended."""
    end = time.monotonic() + PATIENCE_S
    while figures_of(thread.native_id or 0) is not None:
        assert time.monotonic() < end


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


def test_what_a_thread_did_before_it_was_watched_and_after_is_left_out() -> None:
    monitor = ThreadMonitor()
    burn()
    began = time.monotonic()
    for _ in range(2):
        with monitor.watch():
            pass
        burn()
    whole_s = time.monotonic() - began
    for usage in monitor.snapshot():
        assert usage.active_s is not None
        assert usage.cpu_s < BURNT_S
        assert 0 <= usage.active_s <= whole_s - 2 * BURNT_S


def test_a_watch_within_a_watch_counts_for_itself_and_then_the_outer_one_counts_on() -> None:
    monitor = ThreadMonitor()
    with monitor.watch() as outer:
        with monitor.watch() as inner:
            monitor.count()
        monitor.count(operations=5)
    monitor.count(operations=100)  # nobody watches
    assert (inner.operations, outer.operations) == (1, 5)


def test_figures_are_those_the_kernel_gives_less_those_at_the_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    given = iter([Figures(1.0, 2.0, 3, 4), Figures(1.5, 2.25, 5, 10), Figures(2.0, None, 6, 11)])
    asked: list[int] = []

    def figures(native_id: int) -> Figures:
        asked.append(native_id)
        return next(given)

    monkeypatch.setattr(module, "figures_of", figures)
    monitor = ThreadMonitor()
    with monitor.watch():
        (alive,) = monitor.snapshot()
    (ended,) = monitor.snapshot()
    assert set(asked) == {threading.get_native_id()}
    assert (alive.cpu_s, alive.run_wait_s, alive.voluntary_switches, alive.involuntary_switches) == (0.5, 0.25, 2, 6)
    assert (ended.cpu_s, ended.run_wait_s, ended.voluntary_switches, ended.involuntary_switches) == (1.0, None, 3, 7)


@linux
def test_a_thread_that_waits_gives_up_its_cpu_by_itself() -> None:
    monitor = ThreadMonitor()
    with Held(monitor, lambda: threading.Event().wait(0.001)):
        usage = usage_of(monitor, "held")
    assert usage.voluntary_switches is not None
    assert usage.voluntary_switches > 0


def test_a_watched_thread_whose_end_was_interrupted_keeps_the_last_figures_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monitor, burnt, go = ThreadMonitor(), threading.Event(), threading.Event()

    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    def run() -> None:
        with contextlib.suppress(KeyboardInterrupt), monitor.watch():
            burn()
            burnt.set()
            go.wait(PATIENCE_S)

    thread = threading.Thread(target=run, name="held")
    thread.start()
    assert burnt.wait(PATIENCE_S)
    before = usage_of(monitor, "held")
    monkeypatch.setattr("concli.metrics.thread_monitor._Watched.end", interrupted)
    go.set()
    thread.join()
    monkeypatch.setattr(module, "figures_of", lambda _: None)  # at once, not when the kernel has got round to it
    after = usage_of(monitor, "held")
    assert not after.alive
    assert after.cpu_s == before.cpu_s >= BURNT_S


def test_everything_shows_a_thread_that_nobody_watches_alive_and_with_its_last_figures_when_it_has_ended() -> None:
    monitor, bystander = ThreadMonitor(), ThreadMonitor()
    with Held(bystander, burn) as thread:
        alive = usage_of(monitor, "held", everything=True)
    gone(thread)
    ended = usage_of(monitor, "held", everything=True)
    assert ended == alive._replace(alive=False)
    assert alive.alive
    assert alive.native_id == thread.native_id
    assert alive.cpu_s >= BURNT_S * 0.9  # psutil, where there is no other, tells hundredths
    assert monitor.snapshot() == []


def test_everything_shows_a_watched_thread_once_also_when_it_was_seen_before_and_lives_on() -> None:
    monitor = ThreadMonitor()
    me = threading.get_native_id()

    def mine() -> list[ThreadUsage]:
        return [usage for usage in monitor.snapshot(everything=True) if usage.native_id == me]

    (unwatched,) = mine()
    with monitor.watch():
        monitor.count()
        (watched,) = mine()
    (afterwards,) = mine()
    assert [one.operations for one in (unwatched, watched, afterwards)] == [0, 1, 1]
    assert [one.alive for one in (unwatched, watched, afterwards)] == [True, True, False]


@linux
def test_a_thread_that_python_does_not_know_is_shown_by_the_name_the_system_has_for_it() -> None:
    monitor, ready, end = ThreadMonitor(), threading.Event(), threading.Event()
    ids: list[int] = []

    def run() -> None:
        with open("/proc/thread-self/comm", "w", encoding="ascii") as file:
            file.write("blas 1")
        ids.append(threading.get_native_id())
        ready.set()
        end.wait(PATIENCE_S)

    # `_thread` starts threads that `threading.enumerate` does not list, as a C library does.
    _thread.start_new_thread(run, ())
    assert ready.wait(PATIENCE_S)
    try:
        assert usage_of(monitor, "blas 1", everything=True).native_id == ids[0]
    finally:
        end.set()


@linux
def test_two_threads_with_the_same_native_id_are_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monitor, began = ThreadMonitor(), iter([100, 200, 200])
    monkeypatch.setattr(module, "tasks", lambda: [77])
    monkeypatch.setattr(threading, "enumerate", list)
    monkeypatch.setattr(module, "task_of", lambda native_id: Task(native_id, next(began)))
    given = iter([Figures(9.0), Figures(1.0), Figures(2.0)])
    monkeypatch.setattr(module, "figures_of", lambda _: next(given))
    for _ in range(3):
        found = monitor.snapshot(everything=True)
    assert sorted((usage.cpu_s, usage.alive) for usage in found) == [(2.0, True), (9.0, False)]


def test_of_unwatched_threads_that_have_ended_only_so_many_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monitor = ThreadMonitor()
    monkeypatch.setattr(module, "_KEPT", 3)
    monkeypatch.setattr(threading, "enumerate", list)
    monkeypatch.setattr(module, "figures_of", lambda _: Figures(0.0))
    monkeypatch.setattr(module, "task_of", lambda native_id: Task(native_id, 1))
    for number in range(1, 10):
        monkeypatch.setattr(module, "tasks", lambda number=number: [number])
        found = monitor.snapshot(everything=True)
    assert [usage.native_id for usage in found] == [6, 7, 8, 9]


def test_the_process_has_memory_cpu_and_threads() -> None:
    before = ThreadMonitor.process()
    with Held(ThreadMonitor(), burn):
        now = ThreadMonitor.process()
    assert now.cpu_s >= before.cpu_s + BURNT_S
    assert 0 < now.rss_bytes <= now.peak_rss_bytes * 1.1  # the kernel adds them up at different times
    assert now.threads >= 2
    assert now.voluntary_switches >= before.voluntary_switches >= 0
    assert now.involuntary_switches >= before.involuntary_switches >= 0


def test_where_no_clock_of_another_thread_can_be_read_psutil_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_thread_figures, "_HAS_CLOCKS", False)
    monitor = ThreadMonitor()
    with Held(monitor, lambda: burn(0.1)):  # psutil tells hundredths
        alive = usage_of(monitor, "held")
    assert alive.cpu_s > 0
    assert usage_of(monitor, "held").cpu_s >= alive.cpu_s
