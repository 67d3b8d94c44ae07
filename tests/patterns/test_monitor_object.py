import contextlib
import random
import threading
import time
from collections.abc import Callable, Iterator, MutableMapping
from concurrent.futures import Future
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concli.patterns.monitor_object import Counter, MonitorObject

Spawn = Callable[..., Future[Any]]
ThrowInto = Callable[[Future[Any], type[BaseException]], None]
Until = Callable[[Callable[[], object]], None]


class Interrupt(BaseException):
    """What a signal or another thread throws in."""


class Gate(MonitorObject):
    """A monitor whose methods can be held up from outside."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self.go_on = threading.Event()
        self.inside = 0
        self.most = 0

    def stay(self) -> None:
        self.inside += 1
        self.most = max(self.most, self.inside)
        self.entered.release()
        assert self.go_on.wait(10)
        self.inside -= 1

    def look(self) -> int:
        return self.inside

    @property
    def glance(self) -> int:
        return self.inside

    def __len__(self) -> int:
        return self.inside

    def _private(self) -> int:
        return self.inside

    @staticmethod
    def free() -> str:
        return "free"


class Box(MonitorObject):
    """One place, with a condition for each side."""

    def __init__(self) -> None:
        self._items: list[int] = []

    def put(self, item: int, timeout: float | None = None) -> bool:
        if not self.condition("empty").wait_for(lambda: not self._items, timeout):
            return False
        self._items.append(item)
        self.condition("full").notify()
        return True

    def get(self, timeout: float | None = None) -> int | None:
        if not self.condition("full").wait_for(lambda: self._items, timeout):
            return None
        self.condition("empty").notify()
        return self._items.pop()


class Value(MonitorObject):
    def __init__(self) -> None:
        self._value = 0

    def set(self, value: int) -> None:
        self._value = value

    def set_and_wait(self, value: int, other: int) -> bool:
        self._value = value
        return self.wait_until(lambda: self._value == other, 10)

    def wait_for(self, value: int, timeout: float | None = None) -> bool:
        return self.wait_until(lambda: self._value == value, timeout)

    def wait_and_fail(self, value: int) -> None:
        self.wait_for(value)
        raise KeyError(value)


@pytest.mark.parametrize("call", [Gate.look, Gate.stay, Gate.__len__, lambda gate: gate.glance])
def test_public_methods_run_one_at_a_time(call: Callable[[Gate], object], spawn: Spawn) -> None:
    gate = Gate()
    first = spawn(gate.stay)
    gate.entered.acquire()
    second = spawn(call, gate)
    assert not gate._its_monitor.mutex.acquire(timeout=0.02)  # the first has it, and the second can't have come by
    assert not second.done()
    gate.go_on.set()
    first.result()
    second.result()
    assert gate.most == 1
    assert gate.look() == 0


def test_private_and_static_methods_and_other_objects_are_not_held_up(spawn: Spawn) -> None:
    gate = Gate()
    first = spawn(gate.stay)
    gate.entered.acquire()
    assert (gate._private(), gate.free(), Gate().look()) == (1, "free", 0)
    gate.go_on.set()
    first.result()


def test_methods_call_each_other_those_of_a_subclass_and_by_super_too() -> None:
    class Base(MonitorObject):
        def outer(self) -> str:
            return "outer " + self.inner()

        def inner(self) -> str:
            return "inner"

    class Derived(Base):
        def inner(self) -> str:
            return "derived " + super().inner()

        @property
        def all(self) -> str:
            return self.outer()

    assert Derived().all == "outer derived inner"


def test_a_method_is_wrapped_once_and_keeps_its_name_and_its_words() -> None:
    class Base(MonitorObject):
        def work(self) -> int:
            """Do it."""
            return 1

    class Derived(Base):
        pass

    assert Derived.work is Base.work
    assert (Base.work.__name__, Base.work.__doc__) == ("work", "Do it.")
    assert not hasattr(Base.work.__wrapped__, "__wrapped__")  # type: ignore[attr-defined]


def test_what_a_plain_mixin_brings_is_guarded_too(spawn: Spawn) -> None:
    class Table(MonitorObject, MutableMapping[str, int]):
        def __init__(self) -> None:
            self._data: dict[str, int] = {}
            self.in_between: Callable[[], object] = lambda: None

        def __getitem__(self, key: str) -> int:
            try:
                return self._data[key]
            finally:
                self.in_between()

        def __setitem__(self, key: str, value: int) -> None:
            self._data[key] = value

        def __delitem__(self, key: str) -> None:
            del self._data[key]

        def __iter__(self) -> Iterator[str]:
            return iter(list(self._data))

        def __len__(self) -> int:
            return len(self._data)

    table = Table()
    found, go_on = threading.Event(), threading.Event()

    def pause() -> None:
        found.set()
        assert go_on.wait(10)

    table.in_between = pause
    first = spawn(table.setdefault, "a", 1)
    assert found.wait(10)
    second = spawn(table.__setitem__, "a", 2)  # must not come between the look and the setting
    assert not table._its_monitor.mutex.acquire(timeout=0.02)
    go_on.set()
    assert first.result() == 1
    second.result()
    assert table._data == {"a": 2}


def test_a_method_that_would_run_later_is_refused() -> None:
    with pytest.raises(TypeError, match=r"Bad\.items"):

        class Bad(MonitorObject):
            def items(self) -> Iterator[int]:
                yield 1

    with pytest.raises(TypeError, match=r"Worse\.work"):

        class Worse(MonitorObject):
            async def work(self) -> None:
                pass


def test_init_need_not_be_passed_on_and_may_call_public_methods() -> None:
    class Early(MonitorObject):
        def __init__(self) -> None:
            self.seen = self.work()

        def work(self) -> int:
            self.condition("x").notify_all()
            return 1

    assert Early().seen == 1


def test_a_method_that_raises_leaves_the_monitor(spawn: Spawn) -> None:
    value = Value()
    value.set(1)
    for _ in range(2):
        with pytest.raises(KeyError):
            value.wait_and_fail(1)
    assert spawn(value.wait_for, 1).result()


@pytest.mark.parametrize(
    "call",
    [
        lambda box: box.condition("full").wait(0),
        lambda box: box.condition("full").wait_for(lambda: True),
        lambda box: box.condition("full").notify(),
        lambda box: box.condition("full").notify_all(),
        lambda box: box.wait_until(lambda: True),
    ],
)
def test_waiting_and_notifying_outside_of_a_method_is_an_error(call: Callable[[Box], object]) -> None:
    with pytest.raises(RuntimeError):
        call(Box())


def test_wait_until_is_woken_by_the_end_of_any_public_method(spawn: Spawn, until: Until) -> None:
    value = Value()
    waiting = [spawn(value.wait_for, 2) for _ in range(3)]
    until(lambda: value.statistics().waiting == 3)
    value.set(1)
    until(lambda: value.statistics().waiting == 3)
    assert not any(one.done() for one in waiting)
    value.set(2)
    assert all(one.result() for one in waiting)
    assert value.statistics()[:2] == (0, 3)


def test_wait_until_is_woken_when_another_method_begins_to_wait(spawn: Spawn, until: Until) -> None:
    value = Value()
    first = spawn(value.wait_for, 1)
    until(lambda: value.statistics().waiting == 1)
    second = spawn(value.set_and_wait, 1, 2)
    assert first.result()
    value.set(2)
    assert second.result()


def test_wait_until_is_woken_when_another_method_begins_to_wait_for_a_condition(spawn: Spawn, until: Until) -> None:
    class Bell(Value):
        def set_and_listen(self, value: int) -> bool:
            self._value = value
            return self.condition("bell").wait(10)

        def ring(self) -> None:
            self.condition("bell").notify()

    bell = Bell()
    first = spawn(bell.wait_for, 1)
    until(lambda: bell.statistics().waiting == 1)
    second = spawn(bell.set_and_listen, 1)
    assert first.result()
    bell.ring()
    assert second.result()


def test_threads_that_wait_in_vain_do_not_wake_each_other(spawn: Spawn, until: Until) -> None:
    value = Value()
    looks = [0]

    class Watched(Value):
        def watch(self) -> bool:
            def look() -> bool:
                looks[0] += 1
                return self._value == 9

            return self.wait_until(look, 10)

    value = Watched()
    waiting = [spawn(value.watch) for _ in range(2)]
    until(lambda: value.statistics().waiting == 2)
    value.set(1)
    until(lambda: value.statistics().waiting == 2 and looks[0] >= 4)
    before = looks[0]
    until(lambda: value.statistics().waiting == 2)
    assert looks[0] == before <= 6
    value.set(9)
    assert all(one.result() for one in waiting)


def test_a_wait_that_times_out_says_so_and_leaves_nobody_behind() -> None:
    value, box = Value(), Box()
    assert not value.wait_for(1, 0.01)
    assert value.wait_for(0, 0)
    assert box.get(0.01) is None
    assert value.statistics()[:2] == (0, 1)
    assert value._its_monitor.watchers == 0
    with pytest.raises(ValueError):
        value.wait_for(1, -1)


def test_waiting_leaves_the_monitor_at_any_depth_of_calls(spawn: Spawn, until: Until) -> None:
    class Deep(Value):
        def outer(self) -> bool:
            return self.wait_for(3, 10)

    deep = Deep()
    waiting = spawn(deep.outer)
    until(lambda: deep.statistics().waiting == 1)
    deep.set(3)
    assert waiting.result()


def test_a_named_condition_wakes_as_many_as_are_notified(spawn: Spawn, until: Until) -> None:
    class Call(MonitorObject):
        def wait(self) -> bool:
            return self.condition("bell").wait(10)

        def ring(self, count: int) -> None:
            self.condition("bell").notify(count)

        def ring_all(self) -> None:
            self.condition("bell").notify_all()

    call = Call()
    waiting = [spawn(call.wait) for _ in range(4)]
    until(lambda: call.statistics().waiting == 4)
    call.ring(1)
    until(lambda: sum(one.done() for one in waiting) == 1)
    assert call.statistics().waiting == 3
    call.ring_all()
    assert all(one.result() for one in waiting)
    assert call.condition("bell") is call.condition("bell")


def test_a_thread_that_is_interrupted_while_it_waits_leaves_the_monitor_usable(
    spawn: Spawn, until: Until, throw_into: ThrowInto
) -> None:
    box = Box()
    first = spawn(box.get)
    until(lambda: box.statistics().waiting == 1)
    second = spawn(box.get)
    until(lambda: box.statistics().waiting == 2)
    throw_into(first, Interrupt)
    box.put(1)  # wakes the first, which passes it on
    with pytest.raises(Interrupt):
        first.result()
    assert second.result() == 1
    assert box.put(2)
    assert box.get() == 2


def test_a_watcher_that_is_interrupted_is_counted_out(spawn: Spawn, until: Until, throw_into: ThrowInto) -> None:
    value = Value()
    waiting = spawn(value.wait_for, 1)
    until(lambda: value.statistics().waiting == 1)
    throw_into(waiting, Interrupt)
    value.set(2)
    with pytest.raises(Interrupt):
        waiting.result()
    assert value._its_monitor.watchers == 0
    assert value._its_monitor.owner is None
    assert not value.wait_for(1, 0)


# The counter.


@settings(deadline=None, max_examples=20)
@given(st.lists(st.lists(st.integers(-5, 5), max_size=30), min_size=1, max_size=4))
def test_a_counter_is_exact(amounts: list[list[int]]) -> None:
    counter = Counter()
    threads = [threading.Thread(target=lambda own=own: [counter.increment(n) for n in own]) for own in amounts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counter.value == sum(map(sum, amounts))


def test_every_increment_learns_a_total_of_its_own(spawn: Spawn) -> None:
    counter = Counter(10)
    totals = [spawn(lambda: [counter.increment() for _ in range(200)]) for _ in range(4)]
    assert sorted(total for one in totals for total in one.result()) == list(range(11, 811))


def test_a_counter_can_be_waited_for(spawn: Spawn, until: Until) -> None:
    counter = Counter()
    waiting = spawn(counter.wait_at_least, 3)
    until(lambda: counter.statistics().waiting == 1)
    for _ in range(3):
        counter.increment()
    assert waiting.result()
    assert not counter.wait_at_least(4, timeout=0)


def test_a_subclass_may_increment_in_a_method_of_its_own() -> None:
    class Tickets(Counter):
        def take(self) -> int | None:
            return self.increment() if self.value < 2 else None

    tickets = Tickets()
    assert [tickets.take() for _ in range(3)] == [1, 2, None]


class Bag(MonitorObject):
    """Room for three."""

    def __init__(self) -> None:
        self._items: list[int] = []
        self.most = 0

    def put(self, timeout: float) -> None:
        if self.condition("room").wait_for(lambda: len(self._items) < 3, timeout):
            self._items.append(1)
            self.most = max(self.most, len(self._items))
            self.condition("item").notify()

    def get(self, timeout: float) -> None:
        if self.wait_until(lambda: self._items, timeout):
            self._items.pop()  # an IndexError, if ever two were in here
            self.condition("room").notify()

    def fail(self) -> None:
        raise KeyError


def work_on(bag: Bag, seed: int, end: float) -> None:
    rng = random.Random(seed)
    calls: list[Callable[[], None]] = [
        lambda: bag.put(rng.random() / 500),
        lambda: bag.get(rng.random() / 500),
        bag.fail,
    ]
    while time.monotonic() < end:
        with contextlib.suppress(Interrupt, KeyError):
            rng.choice(calls)()


def survive(bag: Bag, seed: int, end: float) -> None:
    while time.monotonic() < end:
        with contextlib.suppress(Interrupt):
            work_on(bag, seed, end)


@pytest.mark.stress
@pytest.mark.usefixtures("tiny_switch_interval")
def test_nothing_is_stuck_or_shared_under_timeouts_interrupts_and_errors(spawn: Spawn, throw_into: ThrowInto) -> None:
    bag, rng, pause = Bag(), random.Random(0), threading.Event()
    end = time.monotonic() + 3
    workers = [spawn(survive, bag, seed, end) for seed in range(6)]
    while time.monotonic() < end - 0.5:
        throw_into(rng.choice(workers), Interrupt)
        pause.wait(0.002)
    for worker in workers:
        with contextlib.suppress(Interrupt):
            worker.result()
    monitor = bag._its_monitor
    assert monitor.mutex.acquire(timeout=5)
    monitor.mutex.release()
    assert (monitor.owner, monitor.watchers, bag.statistics().waiting) == (None, 0, 0)
    assert bag.most == 3
