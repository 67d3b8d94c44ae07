import contextlib
import ctypes
import random
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concli.patterns import _sync
from concli.patterns.rwlock import RWLock

Spawn = Callable[..., Future[Any]]
ThrowInto = Callable[[Future[Any], type[BaseException]], None]
Until = Callable[[Callable[[], object]], None]
SetClock = Callable[[float], None]
UntilWaiting = Callable[[RWLock, int], None]
Prefer = Literal["writer", "fair"]

both = pytest.mark.parametrize("prefer", ["writer", "fair"])
sides = pytest.mark.parametrize("side", ["read", "write"])


class Interrupt(BaseException):
    """What a signal or another thread throws in."""


def acquire(lock: RWLock, side: str, *args: Any, **options: Any) -> bool:
    return lock.acquire_read(*args, **options) if side == "read" else lock.acquire_write(*args, **options)


def release(lock: RWLock, side: str) -> None:
    return lock.release_read() if side == "read" else lock.release_write()


def waiting(lock: RWLock) -> int:
    return lock.statistics().waiting_readers + lock.statistics().waiting_writers


def is_free(lock: RWLock) -> bool:
    """Whether nobody holds the lock or waits for it, and both sides can be had."""
    now = lock.statistics()
    if (now.readers, now.is_written, now.waiting_readers, now.waiting_writers) != (0, False, 0, 0):
        return False
    for side in ("read", "write"):
        if not acquire(lock, side, blocking=False):
            return False
        release(lock, side)
    return not lock._is_closed and lock._guest is None and not lock._mutex.locked()


@pytest.fixture
def until_waiting(until: Until) -> UntilWaiting:
    """Wait until so many threads wait for the lock."""
    return lambda lock, count: until(lambda: waiting(lock) == count)


def use(lock: RWLock, side: str, then: Callable[[], object] = lambda: None) -> None:
    assert acquire(lock, side)
    try:
        then()
    finally:
        release(lock, side)


# Who may come in.


def test_readers_read_together(spawn: Spawn) -> None:
    lock = RWLock()
    together = threading.Barrier(3)
    readers = [spawn(use, lock, "read", lambda: together.wait(10)) for _ in range(3)]
    for reader in readers:
        reader.result()
    assert is_free(lock)


@both
@sides
def test_nobody_comes_in_while_one_writes(prefer: Prefer, side: str, spawn: Spawn, until_waiting: UntilWaiting) -> None:
    lock = RWLock(prefer)
    with lock.write():
        assert spawn(acquire, lock, side, blocking=False).result() is False
        assert spawn(acquire, lock, side, timeout=0.01).result() is False
        other = spawn(use, lock, side)
        until_waiting(lock, 1)
        assert not other.done()
    other.result()
    assert is_free(lock)


def test_a_writer_waits_for_the_readers(spawn: Spawn, until_waiting: UntilWaiting) -> None:
    lock = RWLock()
    with lock.read():
        assert spawn(lock.acquire_write, blocking=False).result() is False
        with ThreadPoolExecutor(1) as other:  # a writer that does not wait holds nobody back
            assert other.submit(lock.acquire_read, blocking=False).result() is True
            other.submit(lock.release_read).result()
        writer = spawn(use, lock, "write")
        until_waiting(lock, 1)
    writer.result()
    assert is_free(lock)


def test_the_writer_may_write_again_and_read(spawn: Spawn) -> None:
    lock = RWLock()
    with lock.write(), lock.write(), lock.read(), lock.read(), lock.write():
        assert lock.statistics().is_written
        assert spawn(lock.acquire_read, blocking=False).result() is False
    assert is_free(lock)


def test_a_writer_that_reads_reads_on_when_it_stops_writing(spawn: Spawn) -> None:
    lock = RWLock()
    lock.acquire_write()
    lock.acquire_read()
    lock.release_write()
    assert spawn(lock.acquire_write, blocking=False).result() is False
    spawn(use, lock, "read").result()
    lock.release_read()
    assert is_free(lock)


@both
def test_a_reader_may_read_again_while_a_writer_waits_but_others_may_not(
    prefer: Prefer, spawn: Spawn, until_waiting: UntilWaiting
) -> None:
    lock = RWLock(prefer)
    with lock.read():
        writer = spawn(use, lock, "write")
        until_waiting(lock, 1)
        assert spawn(lock.acquire_read, blocking=False).result() is False
        with lock.read():
            assert lock.statistics().readers == 1
    writer.result()
    assert is_free(lock)


@pytest.mark.parametrize("options", [{}, {"blocking": False}, {"timeout": 1}])
def test_a_reader_that_wants_to_write_is_told_at_once(options: dict[str, Any]) -> None:
    lock = RWLock()
    with lock.read():
        with pytest.raises(RuntimeError, match="would wait for itself"):
            lock.acquire_write(**options)
        assert lock.statistics().readers == 1
    assert is_free(lock)


@sides
def test_only_who_holds_it_releases_it(side: str, spawn: Spawn) -> None:
    lock = RWLock()
    with pytest.raises(RuntimeError):
        release(lock, side)
    acquire(lock, side)
    with pytest.raises(RuntimeError):
        spawn(release, lock, side).result()
    release(lock, side)
    assert is_free(lock)


@sides
def test_a_timeout_makes_sense(side: str) -> None:
    lock = RWLock()
    with pytest.raises(ValueError):
        acquire(lock, side, timeout=-1)
    with pytest.raises(ValueError):
        acquire(lock, side, blocking=False, timeout=1)
    assert acquire(lock, side, timeout=1e100)
    release(lock, side)
    assert is_free(lock)


def test_there_are_two_preferences() -> None:
    assert RWLock().prefer == "writer"
    with pytest.raises(ValueError):
        RWLock("reader")  # type: ignore[arg-type]


actions = st.lists(
    st.tuples(
        st.integers(min_value=0, max_value=2),
        st.sampled_from(["acquire_read", "acquire_write", "release_read", "release_write", "downgrade"]),
    ),
    max_size=40,
)


class Model:
    """What the lock does when nobody waits, said as simply as can be."""

    def __init__(self) -> None:
        self.reads = [0, 0, 0]
        self.writes = [0, 0, 0]

    def do(self, who: int, action: str) -> object:
        others_write = any(count for other, count in enumerate(self.writes) if other != who)
        others_read = any(count for other, count in enumerate(self.reads) if other != who)
        if action == "acquire_read":
            self.reads[who] += not others_write
            return not others_write
        if action == "acquire_write":
            if self.reads[who] and not self.writes[who]:
                return RuntimeError
            self.writes[who] += not (others_write or others_read)
            return not (others_write or others_read)
        side = self.reads if action == "release_read" else self.writes
        if not side[who] or (action == "downgrade" and side[who] > 1):
            return RuntimeError
        side[who] -= 1
        self.reads[who] += action == "downgrade"
        return None


@settings(deadline=None)
@given(st.sampled_from(["writer", "fair"]), actions)
def test_three_threads_that_never_wait_get_what_the_rules_say(prefer: Prefer, steps: list[tuple[int, str]]) -> None:
    lock, model = RWLock(prefer), Model()
    with contextlib.ExitStack() as stack:
        threads = [stack.enter_context(ThreadPoolExecutor(1)) for _ in range(3)]
        for who, action in steps:
            args = [False] if action.startswith("acquire") else []
            outcome = threads[who].submit(getattr(lock, action), *args)
            error = outcome.exception()
            assert (type(error) if error else outcome.result()) == model.do(who, action)
            assert lock.statistics().readers == sum(map(bool, model.reads))
            assert lock.statistics().is_written == any(model.writes)


# Who comes next.


@both
def test_writers_come_in_the_order_in_which_they_came(
    prefer: Prefer, spawn: Spawn, until: Until, until_waiting: UntilWaiting
) -> None:
    lock = RWLock(prefer)
    order: list[int] = []
    with lock.write():
        for number in range(4):
            spawn(use, lock, "write", lambda number=number: order.append(number))
            until_waiting(lock, number + 1)
    until(lambda: len(order) == 4)
    assert order == [0, 1, 2, 3]


@pytest.mark.parametrize(("prefer", "expected"), [("writer", "wr"), ("fair", "rw")])
@pytest.mark.parametrize("first", ["read", "write"])
def test_after_a_writer_comes_who_is_preferred(
    prefer: Prefer, expected: str, first: str, spawn: Spawn, until: Until, until_waiting: UntilWaiting
) -> None:
    lock = RWLock(prefer)
    order: list[str] = []
    with lock.write():
        for number, side in enumerate([first, "write" if first == "read" else "read"]):
            spawn(use, lock, side, lambda side=side: order.append(side[0]))
            until_waiting(lock, number + 1)
    until(lambda: len(order) == 2)
    assert "".join(order) == expected


@both
def test_after_the_readers_comes_the_writer_that_held_others_back(
    prefer: Prefer, spawn: Spawn, until: Until, until_waiting: UntilWaiting
) -> None:
    lock = RWLock(prefer)
    order: list[str] = []
    with lock.read():
        spawn(use, lock, "write", lambda: order.append("w"))
        until_waiting(lock, 1)
        spawn(use, lock, "read", lambda: order.append("r"))
        until_waiting(lock, 2)
    until(lambda: len(order) == 2)
    assert order == ["w", "r"]


@both
@sides
def test_a_writer_that_comes_back_at_once_every_time_starves_nobody(prefer: Prefer, side: str, spawn: Spawn) -> None:
    lock = RWLock(prefer)
    is_at_work = threading.Event()
    for _ in range(20):
        is_at_work.clear()
        with lock.write():
            other = spawn(use, lock, side, is_at_work.set)
        while not is_at_work.is_set():  # the fixture ends a test that hangs
            with lock.write():
                pass
        other.result()
    assert is_free(lock)


@both
def test_readers_that_never_stop_do_not_starve_a_writer(prefer: Prefer, spawn: Spawn, until: Until) -> None:
    lock = RWLock(prefer)
    is_over = threading.Event()

    def read_on() -> None:
        while not is_over.is_set():
            with lock.read():
                pass

    for _ in range(3):
        spawn(read_on)
    until(lambda: lock.statistics().reads > 100)
    try:
        for _ in range(20):
            assert lock.acquire_write(timeout=10)
            lock.release_write()
    finally:
        is_over.set()


class SlowGate:
    """A gate from which the thread that waited comes only when it is told to."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.release = self.lock.release
        self.calls = 0
        self.may_go = threading.Event()

    def acquire(self, *args: Any) -> bool:
        self.calls += 1
        result = self.lock.acquire(*args)
        return result and (self.calls == 1 or self.may_go.wait(10))


@both
@sides
def test_one_that_is_overtaken_after_it_was_woken_is_handed_the_lock_next_time(
    prefer: Prefer,
    side: str,
    monkeypatch: pytest.MonkeyPatch,
    spawn: Spawn,
    until: Until,
    until_waiting: UntilWaiting,
) -> None:
    lock, gate, may_end = RWLock(prefer), SlowGate(), threading.Event()
    lock.acquire_write()
    monkeypatch.setattr(_sync, "Lock", lambda: gate)
    other = spawn(use, lock, side, lambda: may_end.wait(10))
    until_waiting(lock, 1)
    lock.release_write()
    assert lock.acquire_write(blocking=False)
    gate.may_go.set()
    until(lambda: lock._is_overdue)
    lock.release_write()
    assert waiting(lock) == 0
    assert not lock.acquire_write(blocking=False)
    may_end.set()
    other.result()
    assert is_free(lock)
    assert not lock._is_overdue


def test_one_that_is_handed_the_lock_after_it_was_woken_has_it(
    monkeypatch: pytest.MonkeyPatch, spawn: Spawn, until_waiting: UntilWaiting
) -> None:
    lock, gate = RWLock(), SlowGate()
    lock.acquire_write()
    monkeypatch.setattr(_sync, "Lock", lambda: gate)
    writer = spawn(use, lock, "write")
    until_waiting(lock, 1)
    lock.release_write()
    assert not lock.acquire_read(blocking=False)
    assert lock.statistics().is_written
    gate.may_go.set()
    writer.result()
    assert is_free(lock)


def test_a_reader_that_comes_at_the_same_time_as_a_writer_steps_back_and_lets_it_in(
    spawn: Spawn, until_waiting: UntilWaiting
) -> None:
    has_entered, may_look = threading.Event(), threading.Event()

    class Watched(RWLock):
        """A lock whose first reader stops between entering itself and looking whether it is closed."""

        def __getattribute__(self, name: str) -> Any:
            if name == "_is_closed" and not has_entered.is_set():
                has_entered.set()
                may_look.wait(10)
            return super().__getattribute__(name)

    lock = Watched()
    reader = spawn(lock.acquire_read, blocking=False)
    assert has_entered.wait(10)
    writer = spawn(use, lock, "write")
    until_waiting(lock, 1)
    may_look.set()
    assert reader.result() is False
    writer.result()
    assert is_free(lock)


# Downgrading.


@both
def test_a_downgraded_writer_reads_with_others_and_no_writer_comes_between(
    prefer: Prefer, spawn: Spawn, until_waiting: UntilWaiting
) -> None:
    lock = RWLock(prefer)
    with lock.write():
        spawn(use, lock, "read")
        until_waiting(lock, 1)
        lock.downgrade()
        until_waiting(lock, 0)
        assert spawn(lock.acquire_write, blocking=False).result() is False
        writer = spawn(use, lock, "write")
        until_waiting(lock, 1)
        assert lock.statistics().readers >= 1
        assert not lock.statistics().is_written
    writer.result()
    assert is_free(lock)


def test_only_a_writer_that_has_entered_once_can_be_downgraded() -> None:
    lock = RWLock()
    with pytest.raises(RuntimeError):
        lock.downgrade()
    with lock.read(), pytest.raises(RuntimeError):
        lock.downgrade()
    with lock.write():
        with lock.write(), pytest.raises(RuntimeError, match="more than once"):
            lock.downgrade()
        lock.downgrade()
    assert is_free(lock)


# Giving up.


@both
def test_a_writer_whose_time_is_up_lets_in_the_readers_it_held_back(
    prefer: Prefer, spawn: Spawn, until_waiting: UntilWaiting
) -> None:
    lock = RWLock(prefer)
    with lock.read():
        writer = spawn(lock.acquire_write, timeout=0.2)
        until_waiting(lock, 1)
        reader = spawn(use, lock, "read")
        reader.result()
        assert writer.result() is False
    assert is_free(lock)


class InterruptedGate:
    """A gate at which who waits is interrupted, as the main thread is by a signal."""

    def __init__(self) -> None:
        self.calls = 0
        self.is_time = threading.Event()

    def acquire(self, *_: object) -> bool:
        self.calls += 1
        if self.calls == 1:
            return True  # it is made closed
        assert self.is_time.wait(10)
        raise Interrupt

    def release(self) -> None:
        pass


@both
def test_a_writer_that_is_interrupted_lets_in_the_readers_it_held_back(
    prefer: Prefer, monkeypatch: pytest.MonkeyPatch, spawn: Spawn, until_waiting: UntilWaiting
) -> None:
    lock, gate = RWLock(prefer), InterruptedGate()
    with lock.read():
        monkeypatch.setattr(_sync, "Lock", lambda: gate)
        writer = spawn(lock.acquire_write)
        until_waiting(lock, 1)
        monkeypatch.undo()
        reader = spawn(use, lock, "read")
        until_waiting(lock, 2)
        gate.is_time.set()
        with pytest.raises(Interrupt):
            writer.result()
        reader.result()
    assert is_free(lock)


@both
@sides
@pytest.mark.parametrize("behind", ["read", "write"])
def test_one_that_is_interrupted_when_its_turn_has_come_passes_it_on(
    prefer: Prefer, side: str, behind: str, spawn: Spawn, until_waiting: UntilWaiting, throw_into: ThrowInto
) -> None:
    lock = RWLock(prefer)
    with lock.write():
        first = spawn(acquire, lock, side)
        until_waiting(lock, 1)
        second = spawn(use, lock, behind)
        until_waiting(lock, 2)
        throw_into(first, Interrupt)
    with pytest.raises(Interrupt):
        first.result()
    second.result()
    assert is_free(lock)


@sides
def test_one_that_is_interrupted_after_a_hand_over_passes_it_on(
    side: str, spawn: Spawn, until_waiting: UntilWaiting, throw_into: ThrowInto
) -> None:
    lock = RWLock()
    with lock.write():
        first = spawn(acquire, lock, side)
        until_waiting(lock, 1)
        second = spawn(use, lock, "write")
        until_waiting(lock, 2)
        throw_into(first, Interrupt)
        lock._is_overdue = True
    with pytest.raises(Interrupt):
        first.result()
    second.result()
    assert is_free(lock)


@both
@pytest.mark.parametrize("action", ["release_read", "release_write", "acquire_read", "acquire_write"])
def test_an_interrupt_while_the_mutex_is_taken_leaves_the_lock_as_it_has_to_be(
    prefer: Prefer, action: str, spawn: Spawn, until: Until, until_waiting: UntilWaiting
) -> None:
    """Released what was to be released, not acquired what was to be acquired, and others come in."""
    lock = RWLock(prefer)
    mutex = InterruptedMutex(lock._mutex)
    if action.startswith("release"):
        acquire(lock, action.removeprefix("release_"))
    else:
        helper = threading.Event()
        spawn(use, lock, "write", lambda: helper.wait(10))
        until(lambda: lock.statistics().is_written)
    other = spawn(use, lock, "write")
    until_waiting(lock, 1)
    lock._mutex, lock._enter = mutex, iter(mutex.acquire, None)  # type: ignore[assignment]
    with pytest.raises(Interrupt):
        getattr(lock, action)()
    if action.startswith("acquire"):
        helper.set()
    other.result()
    lock._mutex, lock._enter = mutex.lock, iter(mutex.lock.acquire, None)
    until(lambda: is_free(lock))


class InterruptedMutex:
    """A mutex at which the first that comes is interrupted."""

    def __init__(self, lock: threading.Lock) -> None:
        self.lock = lock
        self.release = lock.release
        self.locked = lock.locked
        self.is_first = True

    def acquire(self) -> bool:
        if self.is_first:
            self.is_first = False
            raise Interrupt
        return self.lock.acquire()

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


def test_one_that_is_let_in_just_as_its_time_is_up_has_the_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    class LateGate(InterruptedGate):
        def acquire(self, *_: object) -> bool:
            self.calls += 1
            if self.calls == 2:
                done.append(pool.submit(lock.release_write).result())
            return self.calls == 1

    done: list[None] = []
    lock = RWLock()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lock.acquire_write).result()
        lock._is_overdue = True
        monkeypatch.setattr(_sync, "Lock", LateGate)
        assert lock.acquire_write(timeout=5) is True
    assert done == [None]
    lock.release_write()
    assert is_free(lock)


# What can be seen.


def test_statistics_count_what_happened(spawn: Spawn, until_waiting: UntilWaiting, set_clock: SetClock) -> None:
    lock = RWLock()
    with lock.read(), lock.read():
        assert lock.statistics()[:6] == (1, False, 0, 0, 2, 0)
        writer = spawn(use, lock, "write")
        until_waiting(lock, 1)
        set_clock(2.0)
        reader = spawn(use, lock, "read")
        until_waiting(lock, 2)
        set_clock(3.0)
        assert lock.statistics() == (1, False, 1, 1, 2, 0, 1, 1, 1.0, 3.0)
    writer.result()
    reader.result()
    assert lock.statistics() == (0, False, 0, 0, 3, 1, 1, 1, 1.0, 3.0)


# Under stress.


@pytest.mark.stress
@pytest.mark.usefixtures("tiny_switch_interval")
@both
def test_readers_never_see_half_a_change_whatever_is_tried(prefer: Prefer, spawn: Spawn) -> None:
    lock = RWLock(prefer)
    values = [0, 0]
    counts = [0] * 8

    def work(number: int) -> None:
        choose = random.Random(number)
        for _ in range(1500):
            side = choose.choice(["read", "read", "write"])
            options: dict[str, Any] = choose.choice(
                [{}, {"blocking": False}, {"timeout": 0}, {"timeout": choose.random() / 500}]
            )
            if not acquire(lock, side, **options):
                continue
            try:
                if side == "write":
                    counts[number] += 1
                    values[0] += 1
                    if choose.random() < 0.1 and lock.acquire_read():
                        lock.release_read()
                    values[1] += 1
                    if choose.random() < 0.1:
                        side = "read"
                        lock.downgrade()
                assert values[0] == values[1]
                if choose.random() < 0.1:
                    raise ZeroDivisionError
            except ZeroDivisionError:
                pass
            finally:
                release(lock, side)

    workers = [spawn(work, number) for number in range(8)]
    for worker in workers:
        worker.result(60)
    assert values == [sum(counts)] * 2
    assert is_free(lock)


@pytest.mark.stress
@pytest.mark.usefixtures("tiny_switch_interval")
@both
def test_threads_that_are_interrupted_while_they_wait_leave_no_trace(
    prefer: Prefer, spawn: Spawn, until_waiting: UntilWaiting
) -> None:
    lock = RWLock(prefer)
    choose = random.Random(1)
    for _ in range(150):
        hold = choose.choice(["read", "write"])
        acquire(lock, hold)
        sides_ = ["write", *choose.choices(["read", "write"], k=5)]
        victims = []
        for number, side in enumerate(sides_):
            victims.append(spawn(use, lock, side))
            until_waiting(lock, number + 1)
        thrown = choose.sample(victims, 3)
        for victim in thrown:
            ident = ctypes.c_ulong(victim.thread.ident)  # type: ignore[attr-defined]
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ident, ctypes.py_object(Interrupt))
        release(lock, hold)
        for victim in victims:
            if victim in thrown:
                with pytest.raises(Interrupt):
                    victim.result()
            else:
                victim.result()
        assert is_free(lock)
