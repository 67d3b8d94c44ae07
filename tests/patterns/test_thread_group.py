import contextvars
import gc
import threading
import traceback
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

from concli.patterns import BoundedBuffer, ShutDown, ThreadGroup, _sync

Until = Callable[[Callable[[], object]], None]
Interrupt = Callable[[], None]


def fail(error: BaseException) -> None:
    raise error


# Work that ends well.


def test_it_waits_for_all_its_threads() -> None:
    done: list[str] = []
    go = threading.Event()

    def work(name: str, *, last: bool) -> None:
        if not last:
            go.wait()
        done.append(name)
        go.set()

    with ThreadGroup() as group:
        group.spawn(lambda: work("first", last=False))
        group.spawn(lambda: work("second", last=True))
    assert done == ["second", "first"]


def test_a_thread_has_its_name_and_is_no_obstacle_to_ending_the_program() -> None:
    seen: list[threading.Thread] = []
    with ThreadGroup() as group:
        group.spawn(lambda: seen.append(threading.current_thread()), name="reader")
    assert [(thread.name, thread.daemon) for thread in seen] == [("reader", True)]


def test_waiting_with_a_timeout_tells_whether_all_have_ended() -> None:
    group, go = ThreadGroup(), threading.Event()
    group.spawn(go.wait)
    assert group.wait(timeout=0.01) is False
    go.set()
    assert group.wait() is True
    assert group.wait(timeout=0) is True


def test_after_waiting_no_thread_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[threading.Thread] = []

    class Slow(threading.Thread):
        def run(self) -> None:
            threads.append(self)
            super().run()
            threading.Event().wait(0.02)  # the work is done, but not the thread

    monkeypatch.setattr(_sync, "Thread", Slow)
    with ThreadGroup() as group:
        group.spawn(int)
    assert [thread.is_alive() for thread in threads] == [False]


def test_a_group_without_threads_has_nothing_to_wait_for() -> None:
    with ThreadGroup() as group:
        pass
    assert group.wait() is True


def test_threads_can_spawn_threads() -> None:
    done: list[int] = []

    def work(depth: int) -> None:
        if depth:
            group.spawn(work, depth - 1)
        done.append(depth)

    with ThreadGroup() as group:
        group.spawn(work, 3)
    assert sorted(done) == [0, 1, 2, 3]


def test_threads_get_the_context_of_whoever_spawned_them_and_keep_theirs_to_themselves() -> None:
    variable = contextvars.ContextVar("variable", default="nothing")
    seen: list[str] = []

    def work(own: str) -> None:
        seen.append(variable.get())
        variable.set(own)

    group = ThreadGroup()
    variable.set("first")
    group.spawn(work, "of the thread")
    group.wait()
    variable.set("second")
    group.spawn(work, "of the thread")
    group.wait()
    assert seen == ["first", "second"]
    assert variable.get() == "second"


def test_around_holds_for_the_life_of_each_thread_even_of_one_that_fails() -> None:
    trail: list[str] = []

    @contextmanager
    def around() -> Iterator[None]:
        trail.append("in")
        try:
            yield
        finally:
            trail.append("out")

    group = ThreadGroup(around=around)
    group.spawn(trail.append, "work")
    group.wait()
    group.spawn(fail, ValueError())
    with pytest.raises(ExceptionGroup):
        group.wait()
    assert trail == ["in", "work", "out", "in", "out"]


def test_around_that_fails_is_a_failure_of_the_thread() -> None:
    done: list[int] = []

    def around() -> Any:
        raise LookupError("around")

    with pytest.raises(ExceptionGroup) as caught, ThreadGroup(around=around) as group:
        group.spawn(done.append, 1)
    assert [type(error) for error in caught.value.exceptions] == [LookupError]
    assert done == []


# Failures.


def test_a_failure_arrives_with_its_own_type_and_traceback() -> None:
    error = ValueError("what went wrong")
    with pytest.raises(ExceptionGroup) as caught, ThreadGroup() as group:
        group.spawn(fail, error)
    assert caught.value.exceptions == (error,)
    assert traceback.extract_tb(error.__traceback__)[-1].name == "fail"


def test_the_first_failure_stops_the_others_and_what_they_raise_then_comes_with_it() -> None:
    buffer = BoundedBuffer[int]()

    def wait_and_fail() -> None:
        try:
            buffer.get()
        except ShutDown:
            raise LookupError("second") from None

    group = ThreadGroup()
    group.on_stop(buffer.shutdown)
    group.spawn(wait_and_fail)
    group.spawn(fail, ValueError("first"))
    with pytest.raises(ExceptionGroup) as caught:
        group.wait()
    assert [repr(error) for error in caught.value.exceptions] == ["ValueError('first')", "LookupError('second')"]


def test_a_shutdown_that_follows_from_the_stop_is_no_failure() -> None:
    buffer = BoundedBuffer[int]()
    group = ThreadGroup()
    group.on_stop(buffer.shutdown)
    group.spawn(buffer.get)
    group.spawn(fail, ValueError())
    with pytest.raises(ExceptionGroup) as caught:
        group.wait()
    assert [type(error) for error in caught.value.exceptions] == [ValueError]


def test_a_shutdown_that_follows_from_no_stop_is_a_failure() -> None:
    buffer = BoundedBuffer[int]()
    buffer.shutdown()
    with pytest.raises(ExceptionGroup) as caught, ThreadGroup() as group:
        group.spawn(buffer.get)
    assert [type(error) for error in caught.value.exceptions] == [ShutDown]


def test_failures_are_raised_once() -> None:
    group = ThreadGroup()
    group.spawn(fail, ValueError())
    with pytest.raises(ExceptionGroup):
        group.wait()
    assert group.wait() is True


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3)])
def test_even_what_is_no_exception_proper_reaches_whoever_waits(error: BaseException) -> None:
    with pytest.raises(BaseExceptionGroup) as caught, ThreadGroup() as group:
        group.spawn(fail, error)
    assert caught.value.exceptions == (error,)


def test_failures_that_were_raised_are_not_kept_alive() -> None:
    class OwnError(Exception):
        pass

    def fail_so() -> None:
        raise OwnError

    def run() -> "weakref.ref[BaseException] | None":
        try:
            with ThreadGroup() as group:
                group.spawn(fail_so)
        except ExceptionGroup as failures:
            return weakref.ref(failures.exceptions[0])
        return None

    gc.disable()
    try:
        failure = run()
        assert failure is not None
        assert failure() is None
    finally:
        gc.enable()


# Stopping.


def test_stop_calls_each_callback_once_in_order() -> None:
    group, called = ThreadGroup(), list[int]()
    for number in range(3):
        group.on_stop(partial(called.append, number))
    group.stop()
    group.stop()
    assert called == [0, 1, 2]


def test_a_callback_that_comes_after_the_stop_is_called_at_once() -> None:
    group, called = ThreadGroup(), list[int]()
    group.stop()
    group.on_stop(lambda: called.append(1))
    assert called == [1]


def test_nothing_is_stopped_when_all_ends_well() -> None:
    called: list[int] = []
    with ThreadGroup() as group:
        group.on_stop(lambda: called.append(1))
        group.spawn(int)
    assert called == []


def test_a_group_that_has_stopped_starts_no_more() -> None:
    done: list[int] = []
    with ThreadGroup() as group:
        group.stop()
        group.spawn(done.append, 1)
    assert done == []


def test_a_callback_that_fails_keeps_no_other_from_being_called() -> None:
    buffer = BoundedBuffer[int]()
    group = ThreadGroup()
    group.on_stop(partial(fail, LookupError("callback")))
    group.on_stop(buffer.shutdown)
    group.spawn(buffer.get)
    group.spawn(fail, ValueError("thread"))
    with pytest.raises(ExceptionGroup) as caught:
        group.wait()
    assert [repr(error) for error in caught.value.exceptions] == ["ValueError('thread')", "LookupError('callback')"]


def test_a_stop_from_outside_ends_the_threads() -> None:
    buffer = BoundedBuffer[int]()
    with ThreadGroup() as group:
        group.on_stop(buffer.shutdown)
        group.spawn(list, buffer)
        group.stop()


# What happens in the `with` block.


def test_an_error_in_the_block_stops_the_threads_and_counts_more_than_what_they_raise_then(until: Until) -> None:
    buffer = BoundedBuffer[int]()
    error = ValueError("of the block")
    ended: list[str] = []

    def wait_and_fail() -> None:
        ended.extend("thread" for _ in [*buffer, None])
        raise LookupError("afterwards")

    def run() -> None:
        with ThreadGroup() as group:
            group.on_stop(buffer.shutdown)
            group.spawn(wait_and_fail)
            until(lambda: len(buffer._getters) == 1)
            raise error

    with pytest.raises(ValueError, match="of the block") as caught:
        run()
    assert caught.value is error
    assert ended == ["thread"]


def test_a_block_that_fails_because_a_thread_has_failed_says_why() -> None:
    buffer = BoundedBuffer[int]()

    def run() -> None:
        with ThreadGroup() as group:
            group.on_stop(buffer.shutdown)
            group.spawn(fail, ValueError("the reason"))
            buffer.get()

    with pytest.raises(ExceptionGroup) as caught:
        run()
    assert [repr(error) for error in caught.value.exceptions] == ["ValueError('the reason')"]
    assert isinstance(caught.value.__context__, ShutDown)


def test_an_interrupt_in_the_block_is_raised_whatever_has_failed() -> None:
    failed = threading.Event()

    def run() -> None:
        with ThreadGroup() as group:
            group.on_stop(failed.set)
            group.spawn(fail, ValueError())
            failed.wait()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run()


def test_an_interrupt_while_it_waits_stops_the_threads_and_is_raised(until: Until, interrupt_main: Interrupt) -> None:
    buffer = BoundedBuffer[int]()
    left: list[list[int]] = []

    def interrupt() -> None:
        until(lambda: len(group._idle) == 1)
        interrupt_main()

    group = ThreadGroup()
    group.on_stop(buffer.shutdown)
    group.spawn(lambda: left.append(list(buffer)))
    group.spawn(interrupt)
    with pytest.raises(KeyboardInterrupt), group:
        pass
    assert left == [[]]
    assert group.wait() is True


def test_an_interrupt_is_not_held_up_by_a_thread_that_is_stuck(interrupt_main: Interrupt) -> None:
    group, stuck = ThreadGroup(grace=0.01), threading.Event()
    group.spawn(stuck.wait)
    with pytest.raises(KeyboardInterrupt), group:
        group.spawn(interrupt_main)
    assert group.wait(timeout=0) is False
    stuck.set()
    assert group.wait() is True


# Threads that do not start as they should.


def test_a_thread_that_cannot_be_started_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    class Unstartable(threading.Thread):
        def start(self) -> None:
            raise RuntimeError("can't start new thread")

    group = ThreadGroup()
    with monkeypatch.context() as patch:
        patch.setattr(_sync, "Thread", Unstartable)
        with pytest.raises(RuntimeError):
            group.spawn(int)
    assert group.wait(timeout=0) is True
    group.spawn(int)
    assert group.wait() is True


def test_a_thread_whose_start_is_interrupted_before_it_runs_never_does(monkeypatch: pytest.MonkeyPatch) -> None:
    go, done, threads = threading.Event(), list[int](), list[threading.Thread]()

    class Interrupted(threading.Thread):
        def start(self) -> None:
            threads.append(self)
            super().start()
            raise KeyboardInterrupt

        def run(self) -> None:
            go.wait()
            super().run()

    monkeypatch.setattr(_sync, "Thread", Interrupted)
    group = ThreadGroup()
    with pytest.raises(KeyboardInterrupt):
        group.spawn(done.append, 1)
    assert group.wait(timeout=0) is True
    go.set()
    threads[0].join()
    assert group.wait(timeout=0) is True
    assert done == []


def test_a_thread_whose_start_is_interrupted_while_it_runs_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    go, is_running = threading.Event(), threading.Event()

    class Interrupted(threading.Thread):
        def start(self) -> None:
            super().start()
            is_running.wait()
            raise KeyboardInterrupt

    def work() -> None:
        is_running.set()
        go.wait()

    monkeypatch.setattr(_sync, "Thread", Interrupted)
    group = ThreadGroup()
    with pytest.raises(KeyboardInterrupt):
        group.spawn(work)
    assert group.wait(timeout=0) is False
    go.set()
    assert group.wait(timeout=10) is True
