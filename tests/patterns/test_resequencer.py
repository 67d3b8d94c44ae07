from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concli.patterns import Resequencer, ShutDown

Spawn = Callable[..., Future[Any]]
ThrowInto = Callable[[Future[Any], type[BaseException]], None]
Until = Callable[[Callable[[], object]], None]
SetClock = Callable[[float], None]
Item = tuple[int, int]  # number, size


class Interrupt(BaseException):
    """What a signal or another thread throws in."""


def itself(number: int) -> int:
    return number


def size_of(item: Item) -> int:
    return item[1]


def filled(maxsize: int, *numbers: int) -> Resequencer[int]:
    buffer = Resequencer[int](maxsize, number=itself)
    for number in numbers:
        buffer.put(number)
    return buffer


def put_all(buffer: Resequencer[Item], items: list[Item]) -> None:
    for item in items:
        buffer.put(item)


@settings(deadline=None)
@given(st.integers(min_value=0, max_value=30).flatmap(lambda count: st.permutations(range(count))))
def test_any_permutation_comes_out_in_sequence(numbers: list[int]) -> None:
    buffer = filled(len(numbers), *numbers)
    buffer.shutdown()
    assert list(buffer) == sorted(numbers)


@settings(deadline=None, max_examples=30)
@given(
    items=st.lists(
        st.tuples(st.integers(min_value=0, max_value=3), st.integers(min_value=0, max_value=5)), max_size=60
    ),
    getters=st.integers(min_value=1, max_value=3),
    maxsize=st.integers(min_value=0, max_value=6),
)
def test_what_many_threads_put_comes_out_in_sequence_once(
    begin: Spawn, items: list[tuple[int, int]], getters: int, maxsize: int
) -> None:
    # Each item is some thread's; each thread puts its own in ascending order, as workers do that take turns.
    buffer = Resequencer[Item](maxsize, number=lambda item: item[0], sizer=size_of)
    own: list[list[Item]] = [[] for _ in range(4)]
    for number, (thread, size) in enumerate(items):
        own[thread].append((number, size))
    getting = [begin(list[Item], buffer) for _ in range(getters)]
    for done in [begin(put_all, buffer, some) for some in own]:
        done.result()
    buffer.shutdown()
    received = [done.result() for done in getting]

    for got in received:
        assert got == sorted(got)
    everything = [(number, size) for number, (_, size) in enumerate(items)]
    assert sorted(item for got in received for item in got) == everything
    counted = buffer.statistics()
    assert counted.puts == counted.gets == len(everything)
    assert counted.depth == counted.size == 0
    assert counted.peak <= maxsize + max([size for _, size in everything], default=0)


def test_whoever_has_the_next_never_waits() -> None:
    buffer = filled(2, 1, 2)
    buffer.put(0)
    assert buffer.statistics().peak == 3
    assert [buffer.get() for _ in range(3)] == [0, 1, 2]


def test_whoever_has_another_waits_for_room(spawn: Spawn, until: Until) -> None:
    buffer = filled(2, 1, 2)
    putter = spawn(buffer.put, 3)
    until(lambda: len(buffer._putters) == 1)
    buffer.put(0)
    assert buffer.get() == 0
    until(lambda: len(buffer._putters) == 1)  # it has looked again
    assert [buffer.get() for _ in range(3)] == [1, 2, 3]
    putter.result()
    assert buffer.statistics().put_waits == 1


def test_one_that_waits_goes_in_when_its_turn_comes_however_full_it_is(spawn: Spawn, until: Until) -> None:
    buffer = Resequencer[Item](10, number=lambda item: item[0], sizer=size_of)
    buffer.put((2, 10))
    waiting = [spawn(buffer.put, item) for item in [(1, 1000), (3, 1)]]
    until(lambda: len(buffer._putters) == 2)
    buffer.put((0, 1))
    assert [buffer.get() for _ in range(4)] == [(0, 1), (1, 1000), (2, 10), (3, 1)]
    for putter in waiting:
        putter.result()
    assert buffer.statistics().peak == 1010


def test_a_getter_waits_for_the_next_whatever_else_there_is(spawn: Spawn, until: Until) -> None:
    buffer = filled(9, 1, 2)
    getter = spawn(buffer.get)
    until(lambda: len(buffer._getters) == 1)
    buffer.put(3)
    assert not getter.done()
    buffer.put(0)
    assert getter.result() == 0


def test_what_fills_a_gap_wakes_as_many_getters_as_can_go_on(spawn: Spawn, until: Until) -> None:
    buffer = filled(9, 1, 2)
    getters = [spawn(buffer.get) for _ in range(3)]
    until(lambda: len(buffer._getters) == 3)
    buffer.put(0)
    assert sorted(getter.result() for getter in getters) == [0, 1, 2]


@pytest.mark.parametrize("maxsize", [2, 9])
@pytest.mark.parametrize("number", [0, 2, 3])
def test_a_number_that_was_put_before_is_an_error_even_where_there_is_no_room(
    number: int, maxsize: int, spawn: Spawn
) -> None:
    buffer = filled(maxsize, 0)
    assert buffer.get() == 0
    buffer.put(2)
    buffer.put(3)
    with pytest.raises(ValueError):
        spawn(buffer.put, number).result()
    assert buffer.drain() == [2, 3]


def test_of_two_that_wait_with_the_same_number_one_goes_in(spawn: Spawn, until: Until) -> None:
    buffer = filled(1, 1)
    putters = [spawn(buffer.put, 2) for _ in range(2)]
    until(lambda: len(buffer._putters) == 2)
    buffer.put(0)
    assert [buffer.get() for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError):
        [putter.result() for putter in putters]
    assert [type(putter.exception(10)) for putter in putters].count(type(None)) == 1


def test_shutting_down_wakes_everybody(spawn: Spawn, until: Until) -> None:
    buffer = filled(1, 1)
    ended = [spawn(buffer.put, 2), spawn(buffer.get)]
    until(lambda: len(buffer._putters) == len(buffer._getters) == 1)
    buffer.shutdown()
    for thread in ended:
        with pytest.raises(ShutDown):
            thread.result()
    assert buffer.is_shutdown
    with pytest.raises(ShutDown):
        buffer.put(0)


def test_after_the_end_it_gives_what_is_in_sequence_and_drains_the_rest() -> None:
    buffer = filled(9, 4, 1, 3, 0)
    buffer.shutdown()
    assert list(buffer) == [0, 1]
    with pytest.raises(ShutDown):
        buffer.get()
    assert buffer.drain() == [3, 4]
    assert buffer.drain() == []


def test_ending_at_once_drops_what_is_inside() -> None:
    buffer = filled(9, 0, 1)
    buffer.shutdown(immediate=True)
    assert list(buffer) == []
    assert buffer.statistics().size == buffer.statistics().depth == 0


def test_a_getter_that_is_interrupted_passes_its_wakeup_on(spawn: Spawn, until: Until, throw_into: ThrowInto) -> None:
    buffer = Resequencer[int](9, number=itself)
    first = spawn(buffer.get)
    until(lambda: buffer.statistics().get_waits == 1)
    second = spawn(buffer.get)
    until(lambda: buffer.statistics().get_waits == 2)
    throw_into(first, Interrupt)
    buffer.put(0)
    with pytest.raises(Interrupt):
        first.result()
    assert second.result() == 0


def test_a_putter_that_is_interrupted_leaves_its_number_free(spawn: Spawn, until: Until, throw_into: ThrowInto) -> None:
    buffer = filled(1, 1)
    putter = spawn(buffer.put, 2)
    until(lambda: buffer.statistics().put_waits == 1)
    throw_into(putter, Interrupt)
    buffer.put(0)
    assert buffer.get() == 0
    with pytest.raises(Interrupt):
        putter.result()
    assert buffer.get() == 1
    buffer.put(2)
    assert buffer.get() == 2
    assert buffer.statistics().puts == 3


def test_statistics_count_what_went_through_and_the_waiting(spawn: Spawn, until: Until, set_clock: SetClock) -> None:
    buffer = filled(2, 1, 2)
    getter, putter = spawn(buffer.get), spawn(buffer.put, 3)
    until(lambda: buffer.statistics().get_waits == buffer.statistics().put_waits == 1)
    set_clock(2.0)
    counted = buffer.statistics()
    assert (counted.capacity, counted.depth, counted.size, counted.peak, counted.mean) == (2, 2, 2, 2, 0.0)
    assert (counted.puts, counted.gets, counted.get_wait_s, counted.put_wait_s) == (2, 0, 2.0, 2.0)
    buffer.put(0)
    getter.result()
    assert [buffer.get() for _ in range(3)] == [1, 2, 3]
    putter.result()
    set_clock(5.0)
    counted = buffer.statistics()
    assert (counted.puts, counted.gets, counted.get_wait_s, counted.put_wait_s) == (4, 4, 2.0, 2.0)
    assert counted.mean > 0
