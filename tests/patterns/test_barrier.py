import random
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concli.patterns import _sync
from concli.patterns.barrier import Barrier, BrokenBarrierError

Spawn = Callable[..., Future[Any]]
ThrowInto = Callable[[Future[Any], type[BaseException]], None]
Until = Callable[[Callable[[], object]], None]
SetClock = Callable[[float], None]
UntilWaiting = Callable[[Barrier, int], None]


class Interrupt(BaseException):
    """What a signal or another thread throws in."""


@pytest.fixture
def until_waiting(until: Until) -> UntilWaiting:
    """Wait until so many threads wait at the barrier."""
    return lambda barrier, count: until(lambda: barrier.n_waiting == count)


def test_it_breaks_with_the_error_of_the_standard_library() -> None:
    assert BrokenBarrierError is threading.BrokenBarrierError


@pytest.mark.parametrize("parties", [0, -1])
def test_it_wants_at_least_one_party(parties: int) -> None:
    with pytest.raises(ValueError):
        Barrier(parties)


def test_all_go_when_the_last_has_come_and_each_has_a_number(spawn: Spawn, until: Until) -> None:
    barrier = Barrier(3)
    waiters: list[Future[Any]] = []
    for _ in range(2):
        waiters.append(spawn(barrier.wait))
        until(lambda: barrier.n_waiting == len(waiters))
    assert not any(waiter.done() for waiter in waiters)
    assert barrier.wait() == 2
    assert [waiter.result() for waiter in waiters] == [0, 1]
    assert (barrier.n_waiting, barrier.broken, barrier.parties) == (0, False, 3)


def test_a_new_round_begins_before_the_threads_of_the_last_one_have_left(
    monkeypatch: pytest.MonkeyPatch, spawn: Spawn, until: Until
) -> None:
    may_leave = threading.Event()

    class SlowGate:
        """A gate from which a thread comes long after it was opened."""

        def __init__(self) -> None:
            self.lock = threading.Lock()
            self.release = self.lock.release
            self.calls = 0

        def acquire(self, *args: Any) -> bool:
            self.calls += 1
            result = self.lock.acquire(*args)
            return result and (self.calls == 1 or may_leave.wait(10))

    barrier = Barrier(2)
    monkeypatch.setattr(_sync, "Lock", SlowGate)
    slow = spawn(barrier.wait)
    until(lambda: barrier.n_waiting == 1)
    monkeypatch.undo()
    barrier.wait()
    quick = spawn(barrier.wait)
    until(lambda: barrier.n_waiting == 1)
    assert barrier.wait() == 1
    assert quick.result() == 0
    assert not slow.done()
    may_leave.set()
    assert slow.result() == 0


def test_the_action_runs_once_a_round_before_anybody_goes(spawn: Spawn) -> None:
    calls: list[int] = []
    barrier = Barrier(3, lambda: calls.append(barrier.n_waiting))

    def phases() -> None:
        for number in range(1, 6):
            barrier.wait()
            assert len(calls) in (number, number + 1)  # others may have begun the next round

    for thread in [spawn(phases) for _ in range(3)]:
        thread.result()
    assert calls == [2] * 5


def test_an_action_that_fails_breaks_the_barrier_and_is_raised_in_one_thread(spawn: Spawn, until: Until) -> None:
    barrier = Barrier(2, lambda: 1 // 0)
    waiter = spawn(barrier.wait)
    until(lambda: barrier.n_waiting == 1)
    with pytest.raises(ZeroDivisionError):
        barrier.wait()
    with pytest.raises(BrokenBarrierError):
        waiter.result()
    assert barrier.broken


@pytest.mark.parametrize("end", ["abort", "reset"])
def test_the_action_may_end_the_round(end: str, spawn: Spawn, until: Until) -> None:
    barrier = Barrier(2, lambda: barrier.abort() if end == "abort" else barrier.reset())
    waiter = spawn(barrier.wait)
    until(lambda: barrier.n_waiting == 1)
    for wait in (barrier.wait, waiter.result):
        with pytest.raises(BrokenBarrierError):
            wait()
    assert barrier.broken is (end == "abort")
    assert barrier.statistics().rounds == 0


def test_abort_breaks_it_for_those_that_wait_and_those_that_come(spawn: Spawn, until: Until) -> None:
    barrier = Barrier(3)
    waiters = [spawn(barrier.wait) for _ in range(2)]
    until(lambda: barrier.n_waiting == 2)
    barrier.abort()
    for waiter in waiters:
        with pytest.raises(BrokenBarrierError):
            waiter.result()
    with pytest.raises(BrokenBarrierError):
        barrier.wait()
    assert barrier.broken


def test_reset_frees_those_that_wait_and_makes_it_as_new(spawn: Spawn, until: Until) -> None:
    barrier = Barrier(2)
    for is_broken in (False, True):
        waiter = spawn(barrier.wait)
        until(lambda: barrier.n_waiting == 1)
        if is_broken:
            barrier.abort()
        barrier.reset()
        with pytest.raises(BrokenBarrierError):
            waiter.result()
        assert not barrier.broken
        other = spawn(barrier.wait)
        barrier.wait(10)
        other.result()


@pytest.mark.parametrize("given_to", ["wait", "barrier"])
@pytest.mark.parametrize("timeout", [0.05, 0, -1])
def test_a_timeout_breaks_it_for_all(given_to: str, timeout: float, spawn: Spawn, until: Until) -> None:
    barrier = Barrier(3, timeout=timeout if given_to == "barrier" else None)
    waiter = spawn(barrier.wait, 10)
    until(lambda: barrier.n_waiting == 1)
    with pytest.raises(BrokenBarrierError):
        barrier.wait(*[timeout] * (given_to == "wait"))
    with pytest.raises(BrokenBarrierError):
        waiter.result()
    assert barrier.broken


def test_one_that_is_let_go_just_as_its_time_is_up_goes(monkeypatch: pytest.MonkeyPatch, spawn: Spawn) -> None:
    class LateGate:
        """A gate whose waiter gives up at the moment when the last one comes."""

        calls = 0

        def acquire(self, *_: object) -> bool:
            LateGate.calls += 1
            if LateGate.calls == 2:
                others.append(spawn(barrier.wait).result())
            return LateGate.calls == 1

        def release(self) -> None:
            pass

    others: list[int] = []
    barrier = Barrier(2)
    monkeypatch.setattr(_sync, "Lock", LateGate)
    assert barrier.wait(1) == 0
    assert others == [1]
    assert not barrier.broken


def test_a_thread_that_is_interrupted_breaks_it_instead_of_letting_the_others_hang(
    monkeypatch: pytest.MonkeyPatch, spawn: Spawn, until: Until
) -> None:
    is_time = threading.Event()

    class InterruptedGate:
        """A gate at which who waits is interrupted, as the main thread is by a signal."""

        calls = 0

        def acquire(self, *_: object) -> bool:
            self.calls += 1
            if self.calls == 1:
                return True
            assert is_time.wait(10)
            raise Interrupt

        def release(self) -> None:
            pass

    barrier = Barrier(3)
    other = spawn(barrier.wait)
    until(lambda: barrier.n_waiting == 1)
    monkeypatch.setattr(_sync, "Lock", InterruptedGate)
    interrupted = spawn(barrier.wait)
    until(lambda: barrier.n_waiting == 2)
    monkeypatch.undo()
    is_time.set()
    with pytest.raises(Interrupt):
        interrupted.result()
    with pytest.raises(BrokenBarrierError):
        other.result()
    assert (barrier.broken, barrier.n_waiting) == (True, 0)


def test_a_thread_that_is_interrupted_when_it_has_been_let_go_breaks_nothing(
    spawn: Spawn, until: Until, throw_into: ThrowInto
) -> None:
    barrier = Barrier(3)
    interrupted = spawn(barrier.wait)
    until(lambda: barrier.n_waiting == 1)
    other = spawn(barrier.wait)
    until(lambda: barrier.n_waiting == 2)
    throw_into(interrupted, Interrupt)
    assert barrier.wait() == 2
    with pytest.raises(Interrupt):
        interrupted.result()
    assert other.result() == 1
    assert not barrier.broken


def test_an_interrupt_before_the_thread_has_come_breaks_nothing() -> None:
    def interrupt() -> None:
        raise Interrupt

    barrier = Barrier(1)
    barrier._enter = iter(interrupt, True)  # type: ignore[arg-type]
    with pytest.raises(Interrupt):
        barrier.wait()
    barrier._enter = iter(barrier._mutex.acquire, None)
    assert barrier.wait() == 0


@settings(deadline=None)
@given(st.lists(st.integers(min_value=0, max_value=50), min_size=1, max_size=5))
def test_statistics_are_those_of_the_arrivals(gaps: list[int]) -> None:
    now = 0.0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_sync, "monotonic", lambda: now)
        patch.setattr(_sync, "Lock", OpenGate)
        barrier = Barrier(len(gaps) + 1)
        arrivals = [0.0]
        barrier.wait()
        for gap in gaps:
            now += gap
            arrivals.append(now)
            barrier.wait()
        found = barrier.statistics()
    assert (found.rounds, found.breaks, found.waiting) == (1, 0, 0)
    assert found.last_skew_s == found.max_skew_s == found.mean_skew_s == now
    assert found.waited_s == pytest.approx(sum(now - arrival for arrival in arrivals))


class OpenGate:
    """A gate that holds nobody up."""

    def acquire(self, *_: object) -> bool:
        return True

    def release(self) -> None:
        pass


def test_statistics_tell_the_last_round_from_all(monkeypatch: pytest.MonkeyPatch, set_clock: SetClock) -> None:
    barrier = Barrier(2)
    monkeypatch.setattr(_sync, "Lock", OpenGate)
    for came, went in [(0.0, 3.0), (10.0, 11.0)]:
        set_clock(came)
        barrier.wait()
        set_clock(went)
        barrier.wait()
    set_clock(20.0)
    barrier.wait()
    set_clock(25.0)
    assert barrier.statistics() == (2, 1, False, 2, 0, 1.0, 3.0, 2.0, 4.0)
    barrier.abort()
    barrier.abort()
    assert barrier.statistics() == (2, 0, True, 2, 1, 1.0, 3.0, 2.0, 9.0)


def test_its_representation_shows_its_state() -> None:
    barrier = Barrier(3)
    assert repr(barrier).endswith(": waiters=0/3>")
    barrier.abort()
    assert repr(barrier).endswith(": broken>")


# Under stress.


@pytest.mark.stress
@pytest.mark.usefixtures("tiny_switch_interval")
@pytest.mark.parametrize("parties", [2, 5])
def test_no_thread_is_ever_a_phase_ahead(parties: int, spawn: Spawn) -> None:
    barrier = Barrier(parties)
    phases = [0] * parties

    def work(number: int) -> None:
        for phase in range(1, 1000):
            phases[number] = phase
            barrier.wait()
            assert all(other in (phase, phase + 1) for other in phases)

    for worker in [spawn(work, number) for number in range(parties)]:
        worker.result(60)
    assert barrier.statistics().rounds == 999


@pytest.mark.stress
@pytest.mark.usefixtures("tiny_switch_interval")
def test_every_round_ends_whatever_happens_in_it(
    spawn: Spawn, until_waiting: UntilWaiting, throw_into: ThrowInto
) -> None:
    choose = random.Random(1)
    barrier = Barrier(4)
    for _ in range(300):
        waiters: list[Future[Any]] = []
        for _ in range(3):
            waiters.append(spawn(barrier.wait))
            until_waiting(barrier, len(waiters))
        victims = choose.sample(waiters, 2)
        for victim in victims:
            throw_into(victim, Interrupt)
        expected: type[BaseException] | None = BrokenBarrierError
        match choose.choice(["wait", "abort", "reset"]):
            case "wait":
                barrier.wait()
                expected = None
            case "abort":
                barrier.abort()
            case "reset":
                barrier.reset()
        for waiter in waiters:
            error = waiter.exception(20)
            assert (type(error) if error else None) is (Interrupt if waiter in victims else expected)
            waiter.is_seen = True  # type: ignore[attr-defined]
        barrier.reset()
        assert (barrier.n_waiting, barrier.broken) == (0, False)
