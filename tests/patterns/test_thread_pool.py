import asyncio
import concurrent.futures
import contextlib
import contextvars
import gc
import itertools
import logging
import os
import random
import subprocess
import sys
import textwrap
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future, as_completed
from functools import partial
from queue import Full
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concli.patterns import ShutDown, ThreadLocal, _sync
from concli.patterns._crew import Crew
from concli.patterns._worker import Worker
from concli.patterns.thread_pool import BrokenThreadPool, ThreadPool
from tests.conftest import ROOT

Spawn = Callable[..., Future[Any]]
Until = Callable[[Callable[[], object]], None]


class Interrupt(BaseException):
    """What a signal or another thread throws in."""


class UnpleasantError(Exception):
    """A failure that can be told from all others, and referred to weakly."""


def fail(text: str = "so") -> int:
    raise UnpleasantError(text)


def hold(began: threading.Event, gate: threading.Event) -> bool:
    began.set()
    return gate.wait()


def balanced(pool: ThreadPool) -> bool:
    counts = pool.statistics()
    parts = (counts.queued, counts.running, counts.completed, counts.failed, counts.cancelled)
    return min(parts) >= 0 and sum(parts) == counts.submitted


def all_idle(pool: ThreadPool) -> Callable[[], bool]:
    return lambda: (counts := pool.statistics()).idle == counts.threads > 0


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """What tasks wait at; it opens at the end of the test at the latest."""
    event = threading.Event()
    yield event
    event.set()


def test_results_and_exceptions_reach_the_caller() -> None:
    with ThreadPool(2) as pool:
        assert pool.submit(divmod, 7, 3).result() == (2, 1)
        assert pool.submit(int, "ff", base=16).result() == 255
        with pytest.raises(UnpleasantError, match="so") as caught:
            pool.submit(fail).result()
    assert "fail" in [entry.name for entry in caught.traceback]


def test_an_exception_that_is_no_exception_reaches_the_caller_and_the_worker_lives_on() -> None:
    def interrupt() -> None:
        raise Interrupt

    with ThreadPool(1) as pool:
        with pytest.raises(Interrupt):
            pool.submit(interrupt).result()
        assert pool.submit(abs, -1).result() == 1
        assert pool.statistics().threads == 1


def test_threads_are_started_one_by_one_and_only_when_none_is_idle(until: Until, gate: threading.Event) -> None:
    with ThreadPool(3) as pool:
        assert pool.statistics().threads == 0
        for _ in range(3):
            pool.submit(int).result()
            until(all_idle(pool))
        assert pool.statistics().threads == 1
        for _ in range(5):
            pool.submit(gate.wait)
        assert pool.statistics().threads == 3
        gate.set()


def test_every_worker_is_used_at_the_same_time() -> None:
    barrier = threading.Barrier(4)
    with ThreadPool(4) as pool:
        futures = [pool.submit(barrier.wait, 10) for _ in range(4)]
        assert sorted(future.result() for future in futures) == [0, 1, 2, 3]


def test_one_worker_works_in_order() -> None:
    done: list[int] = []
    with ThreadPool(1) as pool:
        for number in range(100):
            pool.submit(done.append, number)
    assert done == list(range(100))


def test_a_task_runs_in_the_context_of_its_submitter() -> None:
    variable = contextvars.ContextVar("variable", default="none")
    with ThreadPool(1) as pool:
        variable.set("first")
        first = pool.submit(variable.get)
        variable.set("second")
        pool.submit(variable.set, "of the task").result()
        assert (first.result(), pool.submit(variable.get).result()) == ("first", "second")


def test_asyncio_and_the_standard_library_work_with_it() -> None:
    async def ask(pool: ThreadPool) -> int:
        return await asyncio.get_running_loop().run_in_executor(pool, abs, -5)

    with ThreadPool(2) as pool:
        assert asyncio.run(ask(pool)) == 5
        futures = [pool.submit(abs, -number) for number in range(10)]
        assert {future.result() for future in as_completed(futures, 10)} == set(range(10))
        assert concurrent.futures.wait(futures, 10).not_done == set()


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"max_workers": 0}, ValueError),
        ({"max_queue": -1}, ValueError),
        ({"initializer": 5}, TypeError),
    ],
)
def test_arguments_that_make_no_sense_are_refused(arguments: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        ThreadPool(**arguments)


# Ending


def test_after_shutdown_what_is_inside_is_done_and_nothing_more_is_taken(gate: threading.Event, spawn: Spawn) -> None:
    pool = ThreadPool(1)
    futures = [pool.submit(gate.wait)] + [pool.submit(bool, 1) for _ in range(3)]
    with pytest.raises(TimeoutError):
        pool.shutdown(timeout=0.001)
    for kind in (ShutDown, RuntimeError):
        with pytest.raises(kind, match="cannot schedule new futures after shutdown"):
            pool.submit(int)
    spawn(gate.set)
    pool.shutdown()
    assert all(future.result(0) for future in futures)
    assert pool.statistics().threads == 0
    assert pool.statistics().completed == 4


def test_shutdown_cancels_what_has_not_begun_if_asked(gate: threading.Event) -> None:
    pool = ThreadPool(1)
    began = threading.Event()
    first = pool.submit(partial(hold, began, gate))
    others = [pool.submit(int) for _ in range(3)]
    assert began.wait(10)
    pool.shutdown(wait=False, cancel_futures=True)
    assert set(as_completed(others, 10)) == set(others)  # who waits for them is told
    assert all(other.cancelled() for other in others)
    gate.set()
    assert first.result(10)
    pool.shutdown()
    assert pool.statistics().cancelled == 3
    assert balanced(pool)


def test_a_task_may_shut_its_own_pool_down() -> None:
    pool = ThreadPool(1)
    assert pool.submit(pool.shutdown).result(10) is None
    pool.shutdown()


def test_a_pool_that_is_dropped_ends_its_threads_after_the_work(gate: threading.Event) -> None:
    pool = ThreadPool(2)
    results = [pool.submit(gate.wait) for _ in range(4)]
    threads = pool._threads
    del pool
    gc.collect()
    gate.set()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()
    assert [result.result(0) for result in results] == [True] * 4


def test_a_pool_dropped_while_a_worker_holds_the_mutex_ends_its_threads(until: Until) -> None:
    pool = ThreadPool(1)
    pool.submit(int).result()
    until(all_idle(pool))
    crew, threads = pool._crew, pool._threads
    worker = crew.workers[0]
    with crew.mutex:  # as if that worker were on its way to rest when the collector comes
        crew.idle.remove(worker)
        del pool
        gc.collect()
    assert crew.refusal is not None
    worker.bell.release()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()


@pytest.mark.parametrize(
    ("script", "output"),
    [
        ("pool.submit(late, 'done')", "done"),
        ("pool.submit(late, 'done'); pool.shutdown(wait=False)", "done"),
        ("pool.submit(int).result()", ""),
        ("pool.submit(lambda: (late('in'), refused()))", "in\ncannot schedule new futures after interpreter shutdown"),
        ("import atexit; atexit.register(refused)", "cannot schedule new futures after interpreter shutdown"),
    ],
)
def test_when_the_interpreter_ends_the_work_is_done_and_idle_threads_go(script: str, output: str) -> None:
    code = textwrap.dedent(
        """
        import time
        from concli.patterns.thread_pool import ThreadPool
        pool = ThreadPool(2)
        def late(text):
            while pool._crew.refusal is None:
                time.sleep(0.001)
            print(text, flush=True)
        def refused():
            try:
                pool.submit(int)
            except RuntimeError as error:
                print(error, flush=True)
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", code + script], check=True, capture_output=True, cwd=ROOT, text=True, timeout=30
    )
    assert (done.stdout.strip(), done.stderr) == (output, "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_ends_though_its_parents_threads_are_not_there() -> None:
    code = (
        "import os, warnings; warnings.simplefilter('ignore')\n"
        "from concli.patterns.thread_pool import ThreadPool\n"
        "pool = ThreadPool(1); pool.submit(int).result()\n"
        "if not (child := os.fork()):\n"
        "    assert ThreadPool(1).submit(abs, -1).result() == 1\n"
        "else: assert os.waitpid(child, 0)[1] == 0"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, timeout=30)


# A bounded queue


def test_submit_waits_for_room_when_the_queue_is_full(spawn: Spawn, until: Until, gate: threading.Event) -> None:
    with ThreadPool(1, max_queue=2) as pool:
        began = threading.Event()
        pool.submit(partial(hold, began, gate))
        assert began.wait(10)
        for _ in range(2):
            pool.submit(int)
        late = spawn(pool.submit, abs, -1)
        until(lambda: pool.statistics().submit_waits == 1)
        assert pool.statistics().submitted == 3
        gate.set()
        assert late.result().result() == 1
        assert pool.statistics().peak == 2
        assert pool.statistics().submit_wait_s > 0


def test_submit_raises_full_when_there_is_no_room_in_time(gate: threading.Event) -> None:
    with ThreadPool(1, max_queue=1, submit_timeout=0.001) as pool:
        began = threading.Event()
        pool.submit(partial(hold, began, gate))
        assert began.wait(10)
        waiting = pool.submit(int)
        with pytest.raises(Full):
            pool.submit(int)
        gate.set()
        assert waiting.result() == 0
        assert pool.statistics().submitted == 2


def test_shutdown_lets_a_waiting_submit_go(spawn: Spawn, until: Until, gate: threading.Event) -> None:
    with ThreadPool(1, max_queue=1) as pool:
        began = threading.Event()
        pool.submit(partial(hold, began, gate))
        assert began.wait(10)
        pool.submit(int)
        late = spawn(pool.submit, int)
        until(lambda: pool.statistics().submit_waits == 1)
        pool.shutdown(wait=False)
        with pytest.raises(ShutDown):
            late.result()
        gate.set()


def test_a_task_that_submits_to_its_own_full_pool_does_not_wait_for_itself() -> None:
    with ThreadPool(1, max_queue=1) as pool:
        inner = pool.submit(lambda: [pool.submit(abs, -number) for number in range(5)]).result(10)
        assert [future.result(10) for future in inner] == list(range(5))


# Initializers


def test_each_thread_is_initialized_before_its_first_task() -> None:
    ready = ThreadLocal(list[str])
    context = contextvars.ContextVar("context", default="none")
    context.set("ours")
    barrier = threading.Barrier(2)

    def task() -> list[str]:
        barrier.wait(10)
        return ready.get()

    with ThreadPool(2, "name", lambda word: ready.get().append(word + context.get()), ("ready ",)) as pool:
        assert [future.result() for future in [pool.submit(task), pool.submit(task)]] == [["ready ours"]] * 2
        assert {thread.name for thread in pool._threads} == {"name_0", "name_1"}


def test_an_initializer_that_fails_breaks_the_pool(gate: threading.Event, caplog: pytest.LogCaptureFixture) -> None:
    def initialize() -> None:
        gate.wait()
        fail()

    with ThreadPool(1, initializer=initialize) as pool:
        futures = [pool.submit(int) for _ in range(3)]
        gate.set()
        for future in futures:
            with pytest.raises(BrokenThreadPool):
                future.result(10)
        with pytest.raises(BrokenThreadPool):
            pool.submit(int)
        assert pool._broken
    assert "Exception in initializer" in caplog.text
    assert balanced(pool)


# map


def test_map_gives_results_in_order_and_errors_in_their_place() -> None:
    with ThreadPool(3) as pool:
        assert list(pool.map(pow, [2, 3, 4], itertools.count())) == [1, 3, 16]
        results = pool.map(divmod, [1, 1, 1], [2, 0, 1])
        assert next(results) == (0, 1)
        with pytest.raises(ZeroDivisionError):
            next(results)
        assert list(results) == []


@settings(deadline=None, max_examples=30)
@given(count=st.integers(0, 40), workers=st.integers(1, 4), window=st.integers(1, 9))
def test_map_never_runs_further_ahead_than_its_window(count: int, workers: int, window: int) -> None:
    taken = 0

    def source() -> Iterator[int]:
        nonlocal taken
        for number in range(count):
            taken += 1
            yield number

    with ThreadPool(workers) as pool:
        results = pool.map(abs, source(), buffersize=window)
        assert taken == min(count, window)
        for number in range(count):
            assert next(results) == number
            assert taken <= number + window
        assert list(results) == []
        assert balanced(pool)


def test_map_is_lazy_over_endless_iterables_and_cancels_the_rest_when_closed(gate: threading.Event) -> None:
    with ThreadPool(1) as pool:
        squares = pool.map(pow, itertools.count(), itertools.repeat(2))
        assert list(itertools.islice(squares, 5)) == [0, 1, 4, 9, 16]
        waits = pool.map(lambda _: gate.wait(), itertools.count(), timeout=0, buffersize=10)
        with pytest.raises(TimeoutError):
            next(waits)
        gate.set()
    assert pool.statistics().submitted < 30
    assert pool.statistics().cancelled >= 8
    with pytest.raises(ValueError, match="at least 1"):
        pool.map(abs, [1], buffersize=0)


def test_an_error_of_the_input_comes_after_the_results_before_it() -> None:
    def source() -> Iterator[int]:
        yield 1
        yield 2
        fail("of the input")

    with ThreadPool(2) as pool:
        results = pool.map(abs, source())
        assert [next(results), next(results)] == [1, 2]
        with pytest.raises(UnpleasantError, match="of the input"):
            next(results)


def test_a_map_that_is_shut_down_gives_what_it_has_and_then_raises() -> None:
    pool = ThreadPool(1)
    results = pool.map(abs, itertools.count(), buffersize=3)
    pool.shutdown()
    assert [next(results), next(results), next(results)] == [0, 1, 2]
    with pytest.raises(ShutDown):
        next(results)


def test_a_map_keeps_its_pool_as_long_as_there_is_input() -> None:
    assert list(ThreadPool(2).map(abs, range(-50, 0), buffersize=2)) == list(range(50, 0, -1))


# Faults


def test_a_thread_that_can_not_be_started_is_missed_only_if_it_is_the_only_one(
    monkeypatch: pytest.MonkeyPatch, gate: threading.Event
) -> None:
    def no_thread(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with ThreadPool(2) as pool:
        with monkeypatch.context() as patch:
            patch.setattr(_sync.Thread, "start", no_thread)
            with pytest.raises(RuntimeError, match="start new thread"):
                pool.submit(int)
        assert pool.statistics().submitted == 0
        pool.submit(gate.wait)
        with monkeypatch.context() as patch:
            patch.setattr(_sync.Thread, "start", no_thread)
            late = pool.submit(abs, -1)
        assert pool.statistics().threads == 1
        gate.set()
        assert late.result(10) == 1


def test_an_interrupted_start_leaves_a_pool_that_works(monkeypatch: pytest.MonkeyPatch) -> None:
    start = threading.Thread.start

    def interrupted(thread: threading.Thread) -> None:
        start(thread)
        raise Interrupt

    with ThreadPool(1) as pool:
        with monkeypatch.context() as patch:
            patch.setattr(_sync.Thread, "start", interrupted)
            with pytest.raises(Interrupt):
                pool.submit(int)
        assert pool.submit(abs, -1).result(10) == 1
    assert balanced(pool)


def test_an_exception_thrown_into_an_idle_worker_costs_neither_worker_nor_task(
    until: Until, caplog: pytest.LogCaptureFixture
) -> None:
    with ThreadPool(1) as pool:
        pool.submit(int).result()
        for number in range(5):
            until(all_idle(pool))
            (worker,) = pool._crew.workers
            interrupt(worker)
            assert pool.submit(abs, -number).result(10) == number
        assert pool.statistics().completed == 6
    assert "Exception in worker" in caplog.text
    assert balanced(pool)


def test_an_exception_thrown_into_a_task_is_the_tasks_own(gate: threading.Event) -> None:
    began = threading.Event()

    def task() -> None:
        began.set()
        while not gate.wait(0.001):
            pass

    with ThreadPool(1) as pool:
        future = pool.submit(task)
        assert began.wait(10)
        interrupt(pool._crew.workers[0])
        with pytest.raises(Interrupt):
            future.result(10)
        assert pool.submit(abs, -1).result(10) == 1
        assert (pool.statistics().failed, pool.statistics().completed) == (1, 1)


def test_an_outcome_given_by_somebody_else_does_not_stop_the_worker(caplog: pytest.LogCaptureFixture) -> None:
    own: list[Any] = []
    known = threading.Event()

    def task() -> int:
        known.wait(10)
        own[0].set_result("theirs")
        return 1

    with ThreadPool(1) as pool:
        own.append(pool.submit(task))
        known.set()
        assert own[0].result(10) == "theirs"
        assert pool.submit(abs, -1).result(10) == 1
    assert "InvalidStateError" in caplog.text
    assert balanced(pool)


def interrupt(worker: Worker) -> None:
    import ctypes  # noqa: PLC0415 - for these tests alone

    ident = worker.thread.ident
    assert ident is not None
    assert ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(ident), ctypes.py_object(Interrupt)) == 1


# References


def test_nothing_is_kept_of_a_task_that_is_done(until: Until) -> None:
    class Thing:
        def method(self) -> "Thing":
            return self

    with ThreadPool(1) as pool:
        for dispose in (lambda future: future.result(), lambda _: None):
            thing = Thing()
            reference = weakref.ref(thing)
            future = pool.submit(thing.method)
            del thing
            dispose(future)
            del future
            until(all_idle(pool))
            gc.collect()
            assert reference() is None


@pytest.mark.skipif(not getattr(sys, "_is_gil_enabled", lambda: True)(), reason="needs immediate deallocation")
def test_a_failure_leaves_no_reference_cycle(until: Until) -> None:
    def look(future: Future[int]) -> None:
        references.extend((weakref.ref(future), weakref.ref(future.exception())))

    references: list[weakref.ref[Any]] = []
    gc.collect()
    gc.disable()
    try:
        with ThreadPool(1) as pool:
            look(pool.submit(fail))
            until(all_idle(pool))
            assert [reference() for reference in references] == [None, None]
    finally:
        gc.enable()


def test_a_failure_nobody_looked_at_is_reported(monkeypatch: pytest.MonkeyPatch, until: Until) -> None:
    seen: list[type[BaseException]] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda report: seen.append(report.exc_type))
    with ThreadPool(1) as pool:
        pool.submit(fail)
        until(lambda: gc.collect() >= 0 and seen)  # without the GIL it is the collector that finds out
    assert seen == [UnpleasantError]


def unless_multiple_of_7(number: int) -> int:
    if number % 7 == 0:
        raise UnpleasantError
    return number


def submit_some(pool: ThreadPool, seed: int) -> list[tuple[int, Future[int]]]:
    chance = random.Random(seed)
    futures: list[tuple[int, Future[int]]] = []
    for number in range(60):
        with contextlib.suppress(ShutDown, Full):
            futures.append((number, pool.submit(unless_multiple_of_7, number)))
            if chance.random() < 0.1:
                futures[-1][1].cancel()
    return futures


def disturb(crew: Crew, ended: threading.Event) -> None:
    while not ended.wait(0.001):
        for worker in crew.workers[:1]:
            if worker.has_begun:
                with contextlib.suppress(AssertionError):  # it has ended
                    interrupt(worker)


@pytest.fixture
def often_switching(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    # An interrupt may come after a worker's last work, or when a future is dropped.
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    monkeypatch.setattr(sys, "unraisablehook", lambda _: None)
    logging.disable()
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)
    logging.disable(logging.NOTSET)
    gc.collect()


@pytest.mark.stress
@pytest.mark.usefixtures("often_switching")
@pytest.mark.parametrize("max_queue", [0, 3])
def test_every_task_has_exactly_one_end_under_stress(spawn: Spawn, max_queue: int) -> None:
    for seed in range(80):
        ended = threading.Event()
        with ThreadPool(1 + seed % 4, max_queue=max_queue, submit_timeout=5) as pool:
            submitters = [spawn(submit_some, pool, seed + number) for number in range(3)]
            other = spawn(disturb, pool._crew, ended) if seed % 2 else spawn(int)
            if seed % 3 == 0:
                pool.shutdown(wait=False, cancel_futures=bool(seed % 2))
            for number, future in itertools.chain.from_iterable(submitter.result(30) for submitter in submitters):
                with contextlib.suppress(UnpleasantError, CancelledError, Interrupt):
                    assert future.result(30) == number
            ended.set()
            other.result()
        counts = pool.statistics()
        assert (counts.threads, counts.queued, counts.running) == (0, 0, 0), seed
        assert balanced(pool)
