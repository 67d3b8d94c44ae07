import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest

from concli.patterns import _sync
from concli.patterns._waiters import RawLock, Waiters

Spawn = Callable[..., Future[Any]]
ThrowInto = Callable[[Future[Any], type[BaseException]], None]
Until = Callable[[Callable[[], object]], None]
SetClock = Callable[[float], None]


class Interrupt(BaseException):
    """What a signal or another thread throws in."""


class HookedMutex:
    """A lock that does something first each time it is taken, and afterwards each time it is given up."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.before_acquire: deque[Callable[[], object]] = deque()
        self.after_release: deque[Callable[[], object]] = deque()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if self.before_acquire:
            self.before_acquire.popleft()()
        return self.lock.acquire(blocking, timeout)

    def release(self) -> None:
        self.lock.release()
        if self.after_release:
            self.after_release.popleft()()


def interrupt() -> None:
    raise Interrupt


def wait(waiters: Waiters, mutex: RawLock, deadline: float | None = None, *, again: bool = False) -> bool:
    """Do what the owner of a line does; giving up a mutex that is not held raises."""
    mutex.acquire()
    try:
        return waiters.wait(mutex, deadline, again=again)
    finally:
        mutex.release()


def test_they_are_woken_in_the_order_in_which_they_came(spawn: Spawn, until: Until) -> None:
    waiters, mutex = Waiters(), threading.Lock()
    outcomes: list[Future[Any]] = []
    for _ in range(3):
        outcomes.append(spawn(wait, waiters, mutex))
        until(lambda: len(waiters) == len(outcomes))
    for number, outcome in enumerate(outcomes, 1):
        with mutex:
            waiters.wake()
        assert outcome.result() is True
        assert len(waiters) == 3 - number


def test_several_are_woken_at_once(spawn: Spawn, until: Until) -> None:
    waiters, mutex = Waiters(), threading.Lock()
    outcomes = [spawn(wait, waiters, mutex) for _ in range(3)]
    until(lambda: len(waiters) == 3)
    with mutex:
        waiters.wake(2)
        assert len(waiters) == 1
        waiters.wake_all()
        assert len(waiters) == 0
    assert [outcome.result() for outcome in outcomes] == [True] * 3


def test_waking_an_empty_line_leaves_nothing_for_who_comes_later() -> None:
    waiters, mutex = Waiters(), threading.Lock()
    waiters.wake(5)
    waiters.wake_all()
    assert wait(waiters, mutex, _sync.deadline_after(0)) is False


def test_one_whose_deadline_passes_leaves_the_line() -> None:
    waiters, mutex = Waiters(), threading.Lock()
    assert wait(waiters, mutex, _sync.deadline_after(0.01)) is False
    assert len(waiters) == 0
    assert not mutex.locked()


def test_one_that_is_chosen_while_its_deadline_passes_knows_that_it_was() -> None:
    waiters, mutex = Waiters(), HookedMutex()
    mutex.acquire()
    mutex.before_acquire.append(waiters.wake)
    assert waiters.wait(mutex, _sync.deadline_after(0)) is True


def test_one_that_waits_again_stands_in_front_and_counts_once(spawn: Spawn, until: Until) -> None:
    waiters, mutex = Waiters(), threading.Lock()
    behind = spawn(wait, waiters, mutex)
    until(lambda: len(waiters) == 1)
    in_front = spawn(wait, waiters, mutex, again=True)
    until(lambda: len(waiters) == 2)
    with mutex:
        waiters.wake()
    assert in_front.result() is True
    assert len(waiters) == 1
    with mutex:
        waiters.wake()
    assert behind.result() is True
    assert waiters.waits == 1


def test_seconds_waited_grow_during_a_wait_and_stay_after_it(spawn: Spawn, until: Until, set_clock: SetClock) -> None:
    waiters, mutex = Waiters(), threading.Lock()
    outcome = spawn(wait, waiters, mutex)
    until(lambda: len(waiters) == 1)
    with mutex:
        assert waiters.waited_s() == 0.0
        set_clock(2.0)
        assert waiters.waited_s() == 2.0
        set_clock(3.0)
        assert waiters.waited_s() == 3.0
        waiters.wake()
    outcome.result()
    set_clock(9.0)
    assert waiters.waited_s() == 3.0


def test_an_interrupted_wait_leaves_the_line(monkeypatch: pytest.MonkeyPatch, set_clock: SetClock) -> None:
    waiters, mutex, own = Waiters(), threading.Lock(), HookedMutex()
    own.before_acquire += [lambda: None, interrupt]
    monkeypatch.setattr(_sync, "Lock", lambda: own)
    with pytest.raises(Interrupt):
        wait(waiters, mutex)
    assert len(waiters) == 0
    assert not mutex.locked()
    set_clock(5.0)
    assert waiters.waited_s() == 0.0


def test_one_that_is_interrupted_when_it_was_chosen_passes_that_on(
    spawn: Spawn, until: Until, throw_into: ThrowInto
) -> None:
    waiters, mutex = Waiters(), threading.Lock()
    first = spawn(wait, waiters, mutex)
    until(lambda: len(waiters) == 1)
    second = spawn(wait, waiters, mutex)
    until(lambda: len(waiters) == 2)
    with mutex:
        throw_into(first, Interrupt)
        waiters.wake()
    with pytest.raises(Interrupt):
        first.result()
    assert second.result() is True


def test_an_interrupt_as_soon_as_the_mutex_is_given_up_finds_it_held_again(set_clock: SetClock) -> None:
    waiters, mutex = Waiters(), HookedMutex()
    mutex.acquire()
    mutex.after_release.append(interrupt)
    with pytest.raises(Interrupt):
        waiters.wait(mutex, None)
    assert mutex.lock.locked()
    assert len(waiters) == 0
    set_clock(5.0)
    assert waiters.waited_s() == 0.0


@pytest.mark.parametrize("times", [1, 3])
def test_one_that_is_interrupted_while_it_takes_the_mutex_again_leaves_the_line(
    times: int, set_clock: SetClock
) -> None:
    waiters, mutex = Waiters(), HookedMutex()
    mutex.acquire()
    mutex.before_acquire += [interrupt] * times
    with pytest.raises(Interrupt):
        waiters.wait(mutex, _sync.deadline_after(0))
    assert mutex.lock.locked()
    assert len(waiters) == 0
    set_clock(5.0)
    assert waiters.waited_s() == 0.0


def test_one_that_is_chosen_and_interrupted_while_it_takes_the_mutex_again_passes_that_on(
    spawn: Spawn, until: Until
) -> None:
    waiters, mutex = Waiters(), HookedMutex()
    first = spawn(wait, waiters, mutex)
    until(lambda: len(waiters) == 1)
    second = spawn(wait, waiters, mutex)
    until(lambda: len(waiters) == 2)
    with mutex.lock:
        mutex.before_acquire.append(interrupt)
        waiters.wake()
    with pytest.raises(Interrupt):
        first.result()
    assert second.result() is True


def test_an_interrupt_between_taking_the_mutex_and_knowing_it_does_not_take_it_twice(
    spawn: Spawn, until: Until, throw_into: ThrowInto
) -> None:
    class WatchedMutex:
        """A real lock that tells when somebody is about to take it."""

        def __init__(self) -> None:
            self.lock = threading.Lock()
            self.release = self.lock.release
            self.is_asked_for = threading.Event()

        @property
        def acquire(self) -> Callable[..., bool]:
            self.is_asked_for.set()
            return self.lock.acquire

    waiters, mutex = Waiters(), WatchedMutex()
    for _ in range(20):  # the thread may not quite have arrived at the lock
        outcome = spawn(wait, waiters, mutex)
        until(lambda: len(waiters) == 1)
        with mutex.lock:
            mutex.is_asked_for.clear()
            waiters.wake()
            mutex.is_asked_for.wait()
            throw_into(outcome, Interrupt)
        with pytest.raises(Interrupt):
            outcome.result()
        assert not mutex.lock.locked()
