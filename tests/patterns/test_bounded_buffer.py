import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from operator import itemgetter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concli.patterns import BoundedBuffer, Empty, Full, ShutDown

Spawn = Callable[..., Future[Any]]
ThrowInto = Callable[[Future[Any], type[BaseException]], None]
Until = Callable[[Callable[[], object]], None]
SetClock = Callable[[float], None]
Wait = Callable[[BoundedBuffer[int], int], None]


Item = tuple[int, int, int]  # producer, number, size


class Interrupt(BaseException):
    """What a signal or another thread throws in."""


def itself(item: int) -> int:
    return item


def filled(maxsize: int, *items: int, sizer: Callable[[int], int] | None = None) -> BoundedBuffer[int]:
    buffer = BoundedBuffer[int](maxsize, sizer=sizer)
    assert buffer.put_many(items, timeout=0) == len(items)
    return buffer


class MutexThatLetsOthersGoFirst:
    """A lock that, the second time it is taken, finds that something has happened while it was free."""

    def __init__(self, happening: Callable[[], object]) -> None:
        self._lock = threading.Lock()
        self._happenings: Iterator[Callable[[], object]] = iter([lambda: None, happening])
        self.release = self._lock.release

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        next(self._happenings, lambda: None)()
        return self._lock.acquire(blocking, timeout)

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


@pytest.fixture
def until_getters(until: Until) -> Wait:
    """Wait until so many gets have had to wait."""
    return lambda buffer, count: until(lambda: buffer.statistics().get_waits == count)


@pytest.fixture
def until_putters(until: Until) -> Wait:
    """Wait until so many puts have had to wait."""
    return lambda buffer, count: until(lambda: buffer.statistics().put_waits == count)


# One thread: what goes in comes out.


class Model:
    """What a buffer does when nobody waits, said as simply as can be."""

    def __init__(self, maxsize: int) -> None:
        self.maxsize = maxsize
        self.items: deque[tuple[int, int]] = deque()  # each with its size
        self.puts = self.gets = self.peak = 0
        self.ended = False

    def size(self) -> int:
        return sum(size for _, size in self.items)

    def put(self, item: tuple[int, int]) -> None:
        if self.ended:
            raise ShutDown
        if self.maxsize and self.items and self.size() + item[1] > self.maxsize:
            raise Full
        self.items.append(item)
        self.puts += 1
        self.peak = max(self.peak, self.size())

    def put_many(self, items: list[tuple[int, int]]) -> int:
        for done, item in enumerate(items):
            try:
                self.put(item)
            except Full:
                return done
        return len(items)

    def get(self) -> tuple[int, int]:
        if self.items:
            self.gets += 1
            return self.items.popleft()
        raise ShutDown if self.ended else Empty

    def get_many(self, limit: int) -> list[tuple[int, int]]:
        return [self.get() for _ in range(min(limit, max(1, len(self.items))))]

    def shutdown(self, immediate: bool) -> None:
        self.ended = True
        if immediate:
            self.items.clear()


def outcome_of(call: Callable[..., object], *args: object, **options: object) -> object:
    try:
        return call(*args, **options)
    except (Full, Empty, ShutDown) as refusal:
        return type(refusal)


sizes = st.integers(min_value=0, max_value=7)
operations = st.one_of(
    st.tuples(st.just("put"), sizes),
    st.tuples(st.just("get"), st.none()),
    st.tuples(st.just("put_many"), st.lists(sizes, max_size=5)),
    st.tuples(st.just("get_many"), st.integers(min_value=1, max_value=5)),
)
endings = st.tuples(st.just("shutdown"), st.booleans())


@settings(deadline=None)
@given(
    st.integers(min_value=0, max_value=6),
    st.booleans(),
    st.lists(operations, max_size=30),
    st.lists(operations | endings, max_size=6),
)
def test_it_does_what_a_deque_with_a_limit_does(
    maxsize: int, sized: bool, before: list[tuple[str, Any]], after: list[tuple[str, Any]]
) -> None:
    buffer = BoundedBuffer[tuple[int, int]](maxsize, sizer=(lambda item: item[1]) if sized else None)
    model = Model(maxsize)
    serial = iter(range(1000))

    def new(size: int) -> tuple[int, int]:
        return next(serial), size if sized else 1

    for operation, argument in before + after:
        match operation:
            case "put":
                item = new(argument)
                assert outcome_of(buffer.put_nowait, item) == outcome_of(model.put, item)
            case "get":
                assert outcome_of(buffer.get_nowait) == outcome_of(model.get)
            case "put_many":
                items = [new(size) for size in argument]
                assert outcome_of(buffer.put_many, items, timeout=0) == outcome_of(model.put_many, items)
            case "get_many":
                assert outcome_of(buffer.get_many, argument, block=False) == outcome_of(model.get_many, argument)
            case _:
                buffer.shutdown(immediate=argument)
                model.shutdown(argument)
        assert buffer.qsize() == len(model.items)
        assert buffer.empty() == (not model.items)
        assert buffer.full() == (0 < maxsize <= model.size())
        assert buffer.is_shutdown == model.ended
        counted = buffer.statistics()
        assert (counted.size, counted.depth) == (model.size(), len(model.items))
        assert (counted.puts, counted.gets, counted.peak) == (model.puts, model.gets, model.peak)
    assert buffer.drain() == list(model.items)


def test_an_item_larger_than_the_capacity_goes_in_alone() -> None:
    buffer = filled(4, 1, sizer=itself)
    with pytest.raises(Full):
        buffer.put_nowait(9)
    buffer.get()
    buffer.put_nowait(9)
    with pytest.raises(Full):
        buffer.put_nowait(1)
    assert buffer.statistics().peak == 9


def test_an_item_whose_size_cannot_be_told_stays_out() -> None:
    buffer = BoundedBuffer[Any](4, sizer=len)
    with pytest.raises(TypeError):
        buffer.put(1)
    with pytest.raises(TypeError):
        buffer.put_many(["ab", 1])
    assert buffer.drain() == []


# The protocol of the standard library.


@pytest.mark.parametrize("items", [(), (1,)])
def test_a_negative_timeout_is_an_error_whether_or_not_there_is_anything_to_wait_for(items: tuple[int, ...]) -> None:
    buffer = filled(1, *items)
    for call in (
        lambda: buffer.put(2, timeout=-1),
        lambda: buffer.put_many([2], timeout=-1),
        lambda: buffer.get(timeout=-1),
        lambda: buffer.get_many(1, timeout=-1),
    ):
        with pytest.raises(ValueError):
            call()
    assert buffer.drain() == list(items)


def test_a_timeout_does_not_matter_to_who_does_not_wait() -> None:
    buffer = BoundedBuffer[int](1)
    buffer.put(1, block=False, timeout=-1)
    assert buffer.get(block=False, timeout=-1) == 1


@pytest.mark.parametrize("limit", [0, -1])
def test_getting_fewer_than_one_is_an_error(limit: int) -> None:
    buffer = filled(1, 1)
    with pytest.raises(ValueError):
        buffer.get_many(limit)
    assert buffer.get() == 1


def test_task_done_is_an_error_when_there_was_no_task() -> None:
    buffer = filled(0, 1)
    assert buffer.get() == 1
    buffer.task_done()
    with pytest.raises(ValueError):
        buffer.task_done()
    assert buffer.unfinished_tasks == 0


def test_join_waits_for_the_work_and_not_for_the_getting(spawn: Spawn, until: Until) -> None:
    buffer = filled(0, 1, 2)
    joiners = [spawn(buffer.join) for _ in range(2)]
    until(lambda: len(buffer._joiners) == 2)
    buffer.get_many(2)
    buffer.task_done()
    assert not any(joiner.done() for joiner in joiners)
    buffer.task_done()
    for joiner in joiners:
        joiner.result()
    buffer.join()


# Waiting and waking.


def test_a_getter_waits_for_an_item(spawn: Spawn, until_getters: Wait) -> None:
    buffer = BoundedBuffer[int]()
    getter = spawn(buffer.get)
    until_getters(buffer, 1)
    buffer.put(1)
    assert getter.result() == 1


def test_a_putter_waits_for_room(spawn: Spawn, until_putters: Wait) -> None:
    buffer = filled(1, 1)
    putter = spawn(buffer.put, 2)
    until_putters(buffer, 1)
    assert buffer.get() == 1
    putter.result()
    assert buffer.get() == 2


def test_getters_are_served_in_the_order_in_which_they_came(spawn: Spawn, until_getters: Wait) -> None:
    buffer = BoundedBuffer[int]()
    getters = []
    for number in range(3):
        getters.append(spawn(buffer.get))
        until_getters(buffer, number + 1)
    for number, getter in enumerate(getters):
        buffer.put(number)
        assert getter.result() == number


def test_putting_many_wakes_as_many_getters(spawn: Spawn, until_getters: Wait) -> None:
    buffer = BoundedBuffer[int]()
    getters = [spawn(buffer.get) for _ in range(3)]
    until_getters(buffer, 3)
    assert buffer.put_many([1, 2, 3]) == 3
    assert sorted(getter.result() for getter in getters) == [1, 2, 3]


def test_putting_more_than_there_is_room_for_wakes_a_getter_of_many(spawn: Spawn, until_getters: Wait) -> None:
    buffer = BoundedBuffer[int](2)
    getter = spawn(lambda: buffer.get_many(5) + buffer.get_many(5) + buffer.get_many(5))
    until_getters(buffer, 1)
    assert buffer.put_many(range(6)) == 6
    buffer.shutdown()
    assert getter.result() + list(buffer) == list(range(6))


def test_getting_many_makes_room_for_as_many_putters(spawn: Spawn, until_putters: Wait) -> None:
    buffer = filled(3, 1, 2, 3)
    putters = [spawn(buffer.put, number) for number in (4, 5, 6)]
    until_putters(buffer, 3)
    assert buffer.get_many(9) == [1, 2, 3]
    for putter in putters:
        putter.result()
    assert sorted(buffer.get_many(9)) == [4, 5, 6]


def test_one_large_item_taken_makes_room_for_several_small_ones(spawn: Spawn, until_putters: Wait) -> None:
    buffer = filled(6, 6, sizer=itself)
    putters = [spawn(buffer.put, 2) for _ in range(3)]
    until_putters(buffer, 3)
    assert buffer.get() == 6
    for putter in putters:
        putter.result()
    assert buffer.drain() == [2, 2, 2]


@pytest.mark.parametrize("put", ["put", "put_many"])
def test_a_large_item_that_gives_up_lets_the_small_ones_behind_it_in(
    put: str, spawn: Spawn, until_putters: Wait
) -> None:
    buffer = filled(6, 2, 2, 2, sizer=itself)
    small: list[Future[Any]] = []

    def meanwhile() -> None:
        small.append(spawn(buffer.put, 2))
        until_putters(buffer, 2)
        assert buffer.get() == 2  # room for the small one, but the large one stands in front

    buffer._mutex = MutexThatLetsOthersGoFirst(meanwhile)  # type: ignore[assignment]
    if put == "put_many":
        assert buffer.put_many([5], timeout=0) == 0
    else:
        with pytest.raises(Full):
            buffer.put(5, timeout=0)
    small[0].result()
    assert buffer.drain() == [2, 2, 2]


def test_a_large_item_that_is_interrupted_lets_the_small_ones_behind_it_in(
    spawn: Spawn, until: Until, until_putters: Wait, throw_into: ThrowInto
) -> None:
    buffer = filled(6, 2, 2, 2, sizer=itself)
    large = spawn(buffer.put, 5)
    until_putters(buffer, 1)
    small = spawn(buffer.put, 2)
    until_putters(buffer, 2)
    assert buffer.get() == 2
    until(lambda: len(buffer._putters) == 2)  # the large one has found that there is not enough room
    with buffer._mutex:
        throw_into(large, Interrupt)
        buffer._putters[0].release()  # it is not chosen: only made to look up
    with pytest.raises(Interrupt):
        large.result()
    small.result()


def test_putting_many_at_a_full_buffer_returns_how_many_went_in() -> None:
    buffer = filled(2, 1)
    assert buffer.put_many([2, 3, 4, 5], timeout=0.01) == 1
    assert buffer.drain() == [1, 2]


@pytest.mark.parametrize("immediate", [False, True])
def test_shutting_down_wakes_everybody(
    immediate: bool, spawn: Spawn, until: Until, until_getters: Wait, until_putters: Wait
) -> None:
    empty, full = BoundedBuffer[int](), filled(1, 1)
    getters = [spawn(empty.get), spawn(empty.get_many, 2), spawn(list, empty)]
    putters = [spawn(full.put, 2), spawn(full.put_many, [2])]
    joiner = spawn(full.join)
    until_getters(empty, 3)
    until_putters(full, 2)
    until(lambda: len(full._joiners))
    empty.shutdown(immediate)
    full.shutdown(immediate)
    for ended in [*getters[:2], *putters]:
        with pytest.raises(ShutDown):
            ended.result()
    assert getters[2].result() == []
    if not immediate:
        assert full.get() == 1
        full.task_done()
    joiner.result()
    with pytest.raises(ShutDown):
        full.get()


def test_what_was_put_before_the_end_can_be_got_after_it() -> None:
    buffer = filled(0, 1, 2, 3)
    buffer.shutdown()
    with pytest.raises(ShutDown):
        buffer.put(4)
    assert buffer.get() == 1
    assert list(buffer) == [2, 3]


def test_putting_many_into_a_buffer_that_ends_keeps_what_went_in(spawn: Spawn, until_putters: Wait) -> None:
    buffer = BoundedBuffer[int](2)
    putter = spawn(buffer.put_many, range(5))
    until_putters(buffer, 1)
    buffer.shutdown()
    with pytest.raises(ShutDown):
        putter.result()
    assert list(buffer) == [0, 1]


def test_ending_at_once_after_task_done_was_called_early_still_wakes_everybody(
    spawn: Spawn, until_putters: Wait
) -> None:
    buffer = filled(1, 1)
    buffer.task_done()
    putter = spawn(buffer.put, 2)
    until_putters(buffer, 1)
    buffer.shutdown(immediate=True)
    with pytest.raises(ShutDown):
        putter.result()
    buffer.join()


def test_a_capacity_that_grows_lets_putters_in(spawn: Spawn, until_putters: Wait) -> None:
    buffer = filled(1, 1)
    putters = [spawn(buffer.put, item) for item in (2, 3)]
    until_putters(buffer, 2)
    buffer.maxsize = 3
    for putter in putters:
        putter.result()
    assert buffer.full()
    buffer.shutdown()
    buffer.maxsize = 5
    with pytest.raises(ShutDown):
        buffer.put(4)


# Giving up.


def test_a_get_that_times_out_leaves_the_line(set_clock: SetClock) -> None:
    buffer = BoundedBuffer[int]()
    with pytest.raises(Empty):
        buffer.get(timeout=0.01)
    with pytest.raises(Empty):
        buffer.get_many(2, timeout=0.01)
    assert len(buffer._getters) == 0
    set_clock(5.0)
    assert buffer.statistics().get_wait_s == 0.0
    buffer.put(1)
    assert buffer.get(timeout=0) == 1


def test_a_put_that_times_out_leaves_the_line(set_clock: SetClock) -> None:
    buffer = filled(1, 1)
    with pytest.raises(Full):
        buffer.put(2, timeout=0.01)
    assert buffer.put_many([2], timeout=0.01) == 0
    assert len(buffer._putters) == 0
    set_clock(5.0)
    assert buffer.statistics().put_wait_s == 0.0
    assert buffer.drain() == [1]


def test_a_getter_takes_what_came_at_the_moment_of_its_timeout() -> None:
    buffer = BoundedBuffer[int]()
    buffer._mutex = MutexThatLetsOthersGoFirst(lambda: buffer.put(1))  # type: ignore[assignment]
    assert buffer.get(timeout=0) == 1


def test_a_putter_takes_the_room_that_came_at_the_moment_of_its_timeout() -> None:
    buffer = filled(1, 1)
    buffer._mutex = MutexThatLetsOthersGoFirst(buffer.get)  # type: ignore[assignment]
    buffer.put(2, timeout=0)
    assert buffer.drain() == [2]


def test_a_getter_that_another_has_forestalled_waits_on(spawn: Spawn, until: Until, until_getters: Wait) -> None:
    buffer = BoundedBuffer[int]()
    buffer._mutex = threading.RLock()  # type: ignore[assignment] # both can be done before anybody else comes in
    getter = spawn(buffer.get)
    until_getters(buffer, 1)
    with buffer._mutex:
        buffer.put(1)  # this wakes it,
        assert buffer.get() == 1  # but too late
    until(lambda: len(buffer._getters) == 1)
    buffer.put(2)
    assert getter.result() == 2
    assert buffer.statistics().get_waits == 1


def test_a_putter_that_another_has_forestalled_waits_on_in_front(
    spawn: Spawn, until: Until, until_putters: Wait
) -> None:
    buffer = filled(1, 1)
    buffer._mutex = threading.RLock()  # type: ignore[assignment] # both can be done before anybody else comes in
    first = spawn(buffer.put, 2)
    until_putters(buffer, 1)
    second = spawn(buffer.put, 3)
    until_putters(buffer, 2)
    with buffer._mutex:
        assert buffer.get() == 1  # this wakes it,
        buffer.put(4)  # but too late
    until(lambda: len(buffer._putters) == 2)
    assert [buffer.get() for _ in range(3)] == [4, 2, 3]
    first.result()
    second.result()
    assert buffer.statistics().put_waits == 2


def test_a_getter_that_is_interrupted_passes_its_wakeup_on(
    spawn: Spawn, until_getters: Wait, throw_into: ThrowInto
) -> None:
    buffer = BoundedBuffer[int]()
    first = spawn(buffer.get)
    until_getters(buffer, 1)
    second = spawn(buffer.get)
    until_getters(buffer, 2)
    throw_into(first, Interrupt)
    buffer.put(1)
    with pytest.raises(Interrupt):
        first.result()
    assert second.result() == 1
    assert buffer.statistics().gets == 1


def test_a_putter_that_is_interrupted_passes_its_wakeup_on(
    spawn: Spawn, until_putters: Wait, throw_into: ThrowInto
) -> None:
    buffer = filled(1, 1)
    first = spawn(buffer.put, 2)
    until_putters(buffer, 1)
    second = spawn(buffer.put, 3)
    until_putters(buffer, 2)
    throw_into(first, Interrupt)
    assert buffer.get() == 1
    with pytest.raises(Interrupt):
        first.result()
    second.result()
    assert buffer.drain() == [3]
    assert buffer.statistics().puts == 2


def test_a_main_thread_that_is_interrupted_leaves_the_buffer_usable(
    spawn: Spawn, until_getters: Wait, interrupt_main: Callable[[], None]
) -> None:
    def interrupt() -> None:
        until_getters(buffer, 1)
        interrupt_main()

    buffer = BoundedBuffer[int]()
    interrupting = spawn(interrupt)
    with pytest.raises(KeyboardInterrupt):
        buffer.get()
    interrupting.result()
    assert len(buffer._getters) == 0
    buffer.put(1)
    assert buffer.get() == 1


def test_a_joiner_that_is_interrupted_leaves_the_buffer_usable(
    spawn: Spawn, until: Until, throw_into: ThrowInto
) -> None:
    buffer = filled(0, 1)
    first, second = spawn(buffer.join), spawn(buffer.join)
    until(lambda: len(buffer._joiners) == 2)
    buffer.statistics()  # both have given up the mutex
    throw_into(first, Interrupt)
    buffer.get()
    buffer.task_done()
    with pytest.raises(Interrupt):
        first.result()
    second.result()


# Many threads.


def produce(buffer: BoundedBuffer[Item], items: list[Item], batch: int) -> None:
    if batch == 1:
        for item in items:
            buffer.put(item)
    else:
        for first in range(0, len(items), batch):
            some = items[first : first + batch]
            assert buffer.put_many(some) == len(some)


def consume(buffer: BoundedBuffer[Item], batch: int) -> list[Item]:
    if batch == 1:
        return list(buffer)
    got = []
    try:
        while True:
            got += buffer.get_many(batch)
    except ShutDown:
        return got


@settings(deadline=None, max_examples=25)
@given(
    sizes=st.lists(st.lists(sizes, max_size=40), min_size=1, max_size=3),
    producer_batches=st.lists(st.integers(min_value=1, max_value=5), min_size=3, max_size=3),
    consumer_batches=st.lists(st.integers(min_value=1, max_value=5), min_size=1, max_size=3),
    maxsize=st.integers(min_value=1, max_value=6),
    sized=st.booleans(),
)
def test_every_item_comes_out_once_and_those_of_a_producer_in_order(
    begin: Spawn,
    sizes: list[list[int]],
    producer_batches: list[int],
    consumer_batches: list[int],
    maxsize: int,
    sized: bool,
) -> None:
    buffer = BoundedBuffer[Item](maxsize, sizer=(lambda item: item[2]) if sized else None)
    made = [[(producer, number, size) for number, size in enumerate(own)] for producer, own in enumerate(sizes)]
    consuming = [begin(consume, buffer, batch) for batch in consumer_batches]
    producing = [begin(produce, buffer, *work) for work in zip(made, producer_batches, strict=False)]
    for done in producing:
        done.result()
    buffer.shutdown()
    received = [done.result() for done in consuming]

    for got in received:
        assert sorted(got, key=itemgetter(0)) == sorted(got)  # by producer is by producer and number
    everything = [item for items in made for item in items]
    assert sorted(item for got in received for item in got) == everything
    counted = buffer.statistics()
    assert counted.puts == counted.gets == len(everything)
    assert counted.peak <= max([maxsize] + [size for _, _, size in everything if sized])


# Statistics.


def test_statistics_count_what_went_through() -> None:
    buffer = filled(10, 3, 4, sizer=itself)
    buffer.get()
    buffer.put(5)
    buffer.get_many(2)
    counted = buffer.statistics()
    assert (counted.capacity, counted.depth, counted.size, counted.peak) == (10, 0, 0, 9)
    assert (counted.puts, counted.gets, counted.put_waits, counted.get_waits) == (3, 3, 0, 0)
    assert counted.mean == (7 + 9 + 5) / 3
    assert counted.put_wait_s == counted.get_wait_s == 0.0


def test_a_buffer_that_was_never_used_has_statistics() -> None:
    assert BoundedBuffer[int](3).statistics().mean == 0.0


def test_waiting_is_counted_while_it_goes_on_and_when_it_has_ended(
    spawn: Spawn, until_getters: Wait, until_putters: Wait, set_clock: SetClock
) -> None:
    empty, full = BoundedBuffer[int](), filled(1, 1)
    getter, putter = spawn(empty.get), spawn(full.put, 2)
    until_getters(empty, 1)
    until_putters(full, 1)
    set_clock(1.0)
    assert (empty.statistics().get_wait_s, full.statistics().put_wait_s) == (1.0, 1.0)
    set_clock(3.0)
    assert (empty.statistics().get_wait_s, full.statistics().put_wait_s) == (3.0, 3.0)
    empty.put(1)
    full.get()
    getter.result()
    putter.result()
    set_clock(7.0)
    assert (empty.statistics().get_wait_s, full.statistics().put_wait_s) == (3.0, 3.0)
    assert (empty.statistics().put_wait_s, full.statistics().get_wait_s) == (0.0, 0.0)


def test_a_finished_wait_has_taken_time(spawn: Spawn, until_getters: Wait) -> None:
    buffer = BoundedBuffer[int]()
    getter = spawn(buffer.get)
    until_getters(buffer, 1)
    buffer.put(1)
    getter.result()
    assert buffer.statistics().get_wait_s > 0.0
