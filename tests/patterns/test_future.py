import asyncio
import concurrent.futures
import contextlib
import contextvars
import gc
import signal
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, InvalidStateError, as_completed
from operator import methodcaller
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concli.patterns import _sync, _timer
from concli.patterns.future import Future, Promise, gather, race

Spawn = Callable[..., concurrent.futures.Future[Any]]
ThrowInto = Callable[[concurrent.futures.Future[Any], type[BaseException]], None]
Until = Callable[[Callable[[], object]], None]


class Interrupt(BaseException):
    """What a signal or another thread throws in."""


class UnpleasantError(Exception):
    """A failure that can be told from all others, and referred to weakly."""


def finished(value: int) -> Future[int]:
    promise = Promise[int]()
    promise.set_result(value)
    return promise.future


def failed(error: BaseException) -> Future[int]:
    promise = Promise[int]()
    promise.set_exception(error)
    return promise.future


def fail(error: BaseException) -> int:
    try:
        raise error
    finally:
        del error  # or this frame and the exception would hold each other


def fail_anew() -> int:
    return fail(UnpleasantError())


def set_failure(promise: Promise[int]) -> None:
    promise.set_exception(UnpleasantError())


def waiting(future: Future[Any], count: int) -> Callable[[], bool]:
    return lambda: len(future._line or ()) == count


@pytest.fixture
def reports(monkeypatch: pytest.MonkeyPatch) -> list[BaseException | None]:
    """The exceptions that the interpreter was told of because nobody could catch them."""
    seen: list[BaseException | None] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda report: seen.append(report.exc_value))
    return seen


@pytest.fixture
def no_garbage() -> Iterator[None]:
    """No test that uses this leaves a reference cycle: all goes without the collector."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def test_a_value_reaches_every_thread_that_waits(spawn: Spawn, until: Until) -> None:
    promise = Promise[int]()
    readers = [spawn(promise.future.result) for _ in range(3)]
    until(waiting(promise.future, 3))
    promise.set_result(7)
    assert [reader.result() for reader in readers] == [7, 7, 7]


def test_an_exception_keeps_its_type_and_traceback() -> None:
    promise = Promise[int]()
    promise.run(fail, UnpleasantError("so"))
    with pytest.raises(UnpleasantError, match="so") as caught:
        promise.future.result()
    assert "fail" in [entry.name for entry in caught.traceback]
    assert promise.future.exception() is caught.value


def test_waiting_ends_at_the_timeout_and_leaves_nothing_behind() -> None:
    future = Promise[int]().future
    with pytest.raises(TimeoutError):
        future.result(timeout=0.001)
    with pytest.raises(TimeoutError):
        future.exception(timeout=-1)
    assert waiting(future, 0)()


def test_an_interrupted_wait_leaves_the_line_and_the_future_works(
    spawn: Spawn, until: Until, throw_into: ThrowInto
) -> None:
    promise = Promise[int]()
    reader = spawn(promise.future.result)
    until(waiting(promise.future, 1))
    throw_into(reader, Interrupt)
    line = promise.future._line
    assert line is not None
    line[0].release()  # it comes out of the lock, and the exception with it
    with pytest.raises(Interrupt):
        reader.result()
    assert waiting(promise.future, 0)()
    promise.set_result(1)
    assert promise.future.result() == 1


def test_control_c_gets_through_to_a_wait(spawn: Spawn, until: Until) -> None:
    promise = Promise[int]()

    def press() -> None:
        until(waiting(promise.future, 1))
        signal.raise_signal(signal.SIGINT) if sys.platform == "win32" else signal.pthread_kill(main, signal.SIGINT)

    main = threading.main_thread().ident or 0
    spawn(press)
    with pytest.raises(KeyboardInterrupt):
        promise.future.result(timeout=10)
    assert waiting(promise.future, 0)()


def test_an_outcome_can_be_given_once() -> None:
    promise = Promise[int]()
    promise.set_result(1)
    with pytest.raises(InvalidStateError, match=r"FINISHED: <Future at 0x.* state=finished returned int>"):
        promise.set_result(2)
    with pytest.raises(InvalidStateError):
        promise.set_exception(ValueError())
    with pytest.raises(RuntimeError):
        promise.run(int)
    assert promise.future.result() == 1


def test_only_one_of_many_threads_gives_the_outcome(spawn: Spawn) -> None:
    promise = Promise[int]()
    start = threading.Barrier(4)

    def give(value: int) -> bool:
        start.wait(10)
        try:
            promise.set_result(value)
        except InvalidStateError:
            return False
        return True

    givers = [spawn(give, value) for value in range(4)]
    winners = [value for value, giver in enumerate(givers) if giver.result()]
    assert winners == [promise.future.result()]


def test_a_cancelled_future_wakes_its_readers_and_refuses_an_outcome(spawn: Spawn, until: Until) -> None:
    promise = Promise[int]()
    reader = spawn(promise.future.result)
    until(waiting(promise.future, 1))
    assert promise.future.cancel()
    assert promise.future.cancel()
    with pytest.raises(CancelledError):
        reader.result()
    promise.run(fail, AssertionError("the work is not to be done"))
    with pytest.raises(InvalidStateError):
        promise.set_result(1)
    assert promise.future.cancelled()
    assert promise.future.done()
    assert not promise.future.running()


def test_what_is_being_worked_on_can_not_be_cancelled() -> None:
    promise = Promise[bool]()
    promise.run(promise.future.cancel)
    assert promise.future.result() is False


def test_an_interrupt_of_the_work_reaches_both_ends() -> None:
    promise = Promise[int]()
    with pytest.raises(Interrupt):
        promise.run(fail, Interrupt())
    assert isinstance(promise.future.exception(), Interrupt)


def test_callbacks_are_called_in_order_and_one_that_raises_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    calls: list[object] = []
    promise = Promise[int]()
    promise.future.add_done_callback(lambda future: calls.append(future.result()))
    promise.future.add_done_callback(lambda _: fail(UnpleasantError()))
    promise.future.add_done_callback(lambda _: calls.append("last"))
    promise.set_result(1)
    promise.future.add_done_callback(lambda _: calls.append("late"))
    assert calls == [1, "last", "late"]
    assert [record.name for record in caplog.records] == ["concurrent.futures"]


def test_an_interrupt_in_a_callback_is_raised_after_the_others_were_called() -> None:
    calls: list[object] = []
    promise = Promise[int]()
    promise.future.add_done_callback(lambda _: fail(Interrupt()))
    promise.future.add_done_callback(calls.append)
    with pytest.raises(Interrupt):
        promise.set_result(1)
    assert calls == [promise.future]


def test_the_standard_library_waits_for_it(spawn: Spawn) -> None:
    promises = [Promise[int]() for _ in range(3)]
    futures = [promise.future for promise in promises]
    spawn(promises[1].set_result, 1)
    done, _ = concurrent.futures.wait(futures, 10, concurrent.futures.FIRST_COMPLETED)
    assert done == {futures[1]}
    spawn(promises[0].set_exception, UnpleasantError())
    done, pending = concurrent.futures.wait(futures[:1] + futures[2:], 10, concurrent.futures.FIRST_EXCEPTION)
    assert (done, pending) == ({futures[0]}, {futures[2]})
    assert concurrent.futures.wait(futures, 10, concurrent.futures.FIRST_EXCEPTION).done == set(futures[:2])
    futures[2].cancel()
    promises[2].run(int)  # who was to do the work notices
    assert set(as_completed(futures, 10)) == set(futures)
    assert isinstance(futures[0].exception(), UnpleasantError)


def test_asyncio_awaits_it(spawn: Spawn) -> None:
    async def wait_for(promise: Promise[int]) -> int:
        wrapped = asyncio.wrap_future(promise.future)
        spawn(promise.set_result, 3)
        return await wrapped

    assert asyncio.run(wait_for(Promise())) == 3


def test_cancelling_in_asyncio_cancels_the_future() -> None:
    async def give_up(promise: Promise[int]) -> None:
        wrapped = asyncio.wrap_future(promise.future)
        wrapped.cancel()
        with pytest.raises(asyncio.CancelledError):
            await wrapped

    promise = Promise[int]()
    asyncio.run(give_up(promise))
    assert promise.future.cancelled()


# A failure that nobody looked at


def test_a_failure_nobody_looked_at_is_reported_when_the_future_is_dropped(
    reports: list[BaseException | None],
) -> None:
    error = UnpleasantError()
    future = failed(error)
    concurrent.futures.wait([future])
    assert future.done()
    assert reports == []
    del future
    gc.collect()
    assert reports == [error]


@pytest.mark.parametrize("look", [Future.exception, Future.result])
def test_a_failure_that_was_looked_at_is_not_reported(
    reports: list[BaseException | None], look: Callable[[Future[int]], object]
) -> None:
    with contextlib.suppress(UnpleasantError):
        look(failed(UnpleasantError()))
    gc.collect()
    assert reports == []


def test_a_failure_that_passes_along_is_reported_once_at_the_end_of_the_chain(
    reports: list[BaseException | None],
) -> None:
    error = UnpleasantError()
    failed(error).then(abs).then(abs)
    gc.collect()
    assert reports == [error]


@pytest.mark.skipif(not getattr(sys, "_is_gil_enabled", lambda: True)(), reason="needs immediate deallocation")
@pytest.mark.usefixtures("no_garbage")
@pytest.mark.parametrize(
    "use",
    [
        methodcaller("run", fail_anew),  # no function: its frame would hold the promise
        set_failure,
    ],
)
def test_no_reference_cycle_is_left_behind(use: Callable[[Promise[int]], None]) -> None:
    def look(futures: list[Future[Any]]) -> None:
        try:
            futures.pop().result()
        except (UnpleasantError, ExceptionGroup) as error:
            remains.append(weakref.ref(error))

    def live() -> None:
        promise = Promise[int]()
        futures: list[Future[Any]] = [
            promise.future,
            promise.future.then(abs),
            promise.future.then(abs, lambda error: fail(type(error)())),
            promise.future.timeout(60),
            race(promise.future),
            gather(promise.future, failed(UnpleasantError())),
        ]
        remains.extend(map(weakref.ref, futures))
        use(promise)
        del promise
        while futures:
            look(futures)

    remains: list[weakref.ref[Any]] = []
    live()
    assert len(remains) == 12
    assert [reference() for reference in remains if reference() is not None] == []


# then


def test_then_takes_the_value_and_passes_failures_along() -> None:
    error = UnpleasantError()
    assert finished(3).then(str).then(len).result() == 1
    assert failed(error).then(str).exception() is error
    assert failed(error).then(str, lambda failure: f"{failure!r}").result() == "UnpleasantError()"
    assert isinstance(finished(1).then(lambda _: fail(error)).exception(), UnpleasantError)


def test_then_takes_the_outcome_of_a_future_that_its_call_returns() -> None:
    inner = Promise[int]()
    outer = finished(3).then(lambda _: inner.future)
    assert not outer.done()
    inner.set_result(4)
    assert outer.result() == 4


def test_then_of_a_cancelled_future_is_cancelled() -> None:
    promise = Promise[int]()
    derived = promise.future.then(abs)
    promise.future.cancel()
    assert derived.cancelled()
    assert concurrent.futures.wait([derived], 10).done == {derived}
    inner = Promise[int]()
    outer = finished(3).then(lambda _: inner.future)
    inner.future.cancel()
    assert isinstance(outer.exception(), CancelledError)


def test_a_call_that_nobody_waits_for_any_more_is_not_made() -> None:
    promise = Promise[int]()
    calls: list[int] = []
    assert promise.future.then(calls.append).cancel()
    promise.set_result(1)
    assert calls == []


def test_then_calls_in_the_context_of_who_asked_for_it(spawn: Spawn) -> None:
    variable = contextvars.ContextVar("variable", default="none")
    promise = Promise[int]()
    variable.set("ours")
    derived = promise.future.then(lambda _: variable.get())
    spawn(promise.set_result, 1).result()
    assert derived.result() == "ours"


# gather, race, timeout


@settings(deadline=None)
@given(outcomes=st.lists(st.booleans(), max_size=6), shuffler=st.randoms())
def test_gather_gives_all_values_in_order_or_all_failures(outcomes: list[bool], shuffler: Any) -> None:
    promises = [Promise[int]() for _ in outcomes]
    whole = gather(*(promise.future for promise in promises))
    errors = {index: UnpleasantError(index) for index, is_good in enumerate(outcomes) if not is_good}
    order = list(range(len(promises)))
    shuffler.shuffle(order)
    for index in order:
        assert not whole.done()
        promises[index].set_exception(errors[index]) if index in errors else promises[index].set_result(index)
    failure = whole.exception(timeout=0)
    if not errors:
        assert whole.result() == list(range(len(promises)))
    elif len(errors) == 1:
        assert [failure] == list(errors.values())
    else:
        assert isinstance(failure, ExceptionGroup)
        assert list(failure.exceptions) == list(errors.values())


def test_gather_counts_a_cancelled_future_as_failed() -> None:
    promise = Promise[int]()
    whole = gather(finished(1), promise.future)
    promise.future.cancel()
    assert isinstance(whole.exception(), CancelledError)


def test_a_gather_that_nobody_waits_for_may_be_cancelled() -> None:
    promise = Promise[int]()
    assert gather(promise.future).cancel()
    promise.set_result(1)


def test_gather_and_race_take_the_standard_librarys_futures() -> None:
    future = concurrent.futures.Future[int]()
    whole, winner = gather(finished(1), future), race(future, Promise[int]().future)
    future.set_result(2)
    assert (whole.result(), winner.result()) == ([1, 2], 2)


def test_a_race_is_won_by_the_first_whatever_its_outcome() -> None:
    promises = [Promise[int]() for _ in range(3)]
    winner = race(*(promise.future for promise in promises))
    promises[1].set_exception(UnpleasantError())
    promises[0].set_result(1)
    assert isinstance(winner.exception(), UnpleasantError)
    with pytest.raises(ValueError, match="at least one"):
        race()


def test_a_future_with_a_timeout_fails_when_its_time_is_over_and_the_first_goes_on() -> None:
    promise = Promise[int]()
    limited = promise.future.timeout(0)
    assert isinstance(limited.exception(10), TimeoutError)
    promise.set_result(1)
    assert promise.future.result() == 1


def test_a_future_that_is_in_time_needs_no_timer_any_more(until: Until) -> None:
    promise = Promise[int]()
    limited = promise.future.timeout(60)
    assert any(thread.name == "concli-timer" for thread in threading.enumerate())
    promise.set_result(1)
    assert limited.result() == 1
    until(lambda: all(thread.name != "concli-timer" for thread in threading.enumerate()))
    with pytest.raises(ValueError, match="non-negative"):
        promise.future.timeout(-1)


# The timer


def test_the_timer_calls_in_the_order_of_the_deadlines_whatever_the_order_of_the_requests() -> None:
    timer, calls, all_made = _timer.Timer(), [], threading.Event()
    for seconds in (0.02, 0.0, 0.01):
        timer.call_later(seconds, lambda seconds=seconds: calls.append(seconds))  # type: ignore[misc]
    timer.call_later(0.03, all_made.set)
    assert all_made.wait(10)
    assert sorted(calls) == [0.0, 0.01, 0.02]


def test_the_timer_survives_a_call_that_raises(caplog: pytest.LogCaptureFixture) -> None:
    timer, made = _timer.Timer(), threading.Event()
    timer.call_later(0, lambda: fail(Interrupt()))
    timer.call_later(0.001, made.set)
    assert made.wait(10)
    assert "made by the timer" in caplog.text


def test_the_timer_keeps_few_of_the_cancelled_alarms() -> None:
    timer = _timer.Timer()
    alarms = [timer.call_later(60, print) for _ in range(100)]
    for alarm in alarms[1:]:
        alarm.cancel()
        alarm.cancel()
    assert len(timer._heap) <= 2
    alarms[0].cancel()


def test_a_timer_without_a_thread_raises_and_works_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    timer = _timer.Timer()

    def no_thread(**_: object) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(_sync, "Thread", no_thread)
        with pytest.raises(RuntimeError, match="start new thread"):
            timer.call_later(0, print)
    made = threading.Event()
    timer.call_later(0, made.set)
    assert made.wait(10)


@pytest.mark.stress
def test_readers_givers_and_cancellers_agree_under_stress(spawn: Spawn) -> None:
    def read(future: Future[int], timeout: float) -> object:
        try:
            return future.result(timeout)
        except (CancelledError, TimeoutError) as error:
            return type(error)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for number in range(1500):
            promise = Promise[int]()
            chained = promise.future.then(abs)
            readers = [spawn(read, promise.future, timeout) for timeout in (10, 10, 0.00005)]
            others = [spawn(promise.future.cancel)] if number % 3 == 0 else []
            promise.run(abs, -number)
            expected = CancelledError if promise.future.cancelled() else number
            assert [reader.result() for reader in readers[:2]] == [expected] * 2
            assert readers[2].result() in (expected, TimeoutError)
            assert read(chained, 10) == expected
            assert [other.result() for other in others] in ([], [expected is CancelledError])
            assert waiting(promise.future, 0)()
    finally:
        sys.setswitchinterval(interval)
