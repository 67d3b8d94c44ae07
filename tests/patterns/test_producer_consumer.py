import itertools
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concli.patterns import BoundedBuffer, ProducerConsumer, Resequencer, ShutDown, ThreadGroup

Until = Callable[[Callable[[], object]], None]
Interrupt = Callable[[], None]


class RefusedError(Exception):
    """What a consumer says to an item that it does not take."""


def itself(number: int) -> int:
    return number


def failures_of(run: Callable[[], object]) -> list[str]:
    with pytest.raises(ExceptionGroup) as caught:
        run()
    return sorted(repr(error) for error in caught.value.exceptions)


@settings(deadline=None, max_examples=30)
@given(
    counts=st.lists(st.integers(min_value=0, max_value=30), max_size=4),
    consumers=st.integers(min_value=1, max_value=4),
    maxsize=st.integers(min_value=0, max_value=4),
)
def test_everything_that_is_produced_is_consumed_once(counts: list[int], consumers: int, maxsize: int) -> None:
    taken: list[list[tuple[int, int]]] = [[] for _ in range(consumers)]
    made = [[(producer, number) for number in range(count)] for producer, count in enumerate([*counts, 1])]
    work = ProducerConsumer(made, [own.append for own in taken], buffer=BoundedBuffer(maxsize))
    work.run()
    assert sorted(itertools.chain(*taken)) == sorted(itertools.chain(*made))
    assert all(list(items) == sorted(items) for own in taken for items in split(own))
    assert work.leftover == []


def split(items: list[tuple[int, int]]) -> Iterator[list[int]]:
    """Yield for each producer the numbers of its items."""
    for producer in {producer for producer, _ in items}:
        yield [number for made_by, number in items if made_by == producer]


def test_a_producer_is_an_iterable_or_makes_one() -> None:
    def produce() -> Iterator[str]:
        yield from "cd"

    taken: list[str] = []
    ProducerConsumer[str](["ab", produce, lambda: "ef"], [taken.append]).run()
    assert sorted(taken) == list("abcdef")


def test_each_has_a_thread_of_its_own_with_a_name_that_tells() -> None:
    names: list[str] = []
    all_there = threading.Barrier(4)

    def produce() -> Iterator[int]:
        names.append(threading.current_thread().name)
        all_there.wait()
        yield 1

    def consume(_: int) -> None:
        names.append(threading.current_thread().name)

    class Meeting(BoundedBuffer[int]):
        def __iter__(self) -> Iterator[int]:
            all_there.wait()
            return super().__iter__()

    ProducerConsumer[int]([produce] * 2, [consume] * 2, buffer=Meeting(), names=("read", "parse")).run()
    assert sorted(names[:2]) == ["read-1", "read-2"]
    assert set(names[2:]) <= {"parse-1", "parse-2"}


def test_over_a_resequencer_the_items_come_in_sequence() -> None:
    taken: list[int] = []
    buffer = Resequencer[int](4, number=itself)
    ProducerConsumer[int]([range(start, 60, 3) for start in (2, 0, 1)], [taken.append], buffer=buffer).run()
    assert taken == list(range(60))


def test_what_stands_behind_a_gap_in_the_sequence_is_left_over() -> None:
    taken: list[int] = []
    work = ProducerConsumer[int]([[0, 1, 3, 4]], [taken.append], buffer=Resequencer(9, number=itself))
    work.run()
    assert taken == [0, 1]
    assert work.leftover == [3, 4]


def test_without_producers_it_goes_on_until_somebody_ends_the_buffer() -> None:
    taken: list[int] = []
    buffer = BoundedBuffer[int]()
    with ThreadGroup() as group:
        ProducerConsumer[int]([], [taken.append], buffer=buffer, group=group).start()
        buffer.put_many(range(5))
        assert group.wait(timeout=0) is False
        buffer.shutdown()
    assert taken == list(range(5))


def test_ending_the_buffer_early_stops_the_producers_and_loses_nothing() -> None:
    source, taken = itertools.count(), list[int]()

    def consume(number: int) -> None:
        taken.append(number)
        if number == 10:
            buffer.shutdown()

    buffer = BoundedBuffer[int](2)
    work = ProducerConsumer[int]([source], [consume], buffer=buffer)
    work.run()
    assert taken + work.leftover == list(range(next(source)))


# One after another.


def test_when_the_last_consumer_is_through_the_end_is_told_once() -> None:
    taken: list[int] = []
    ends: list[int] = []
    ProducerConsumer([range(20)] * 2, [taken.append] * 3, at_end=lambda: ends.append(len(taken))).run()
    assert ends == [40]


def test_two_make_a_chain() -> None:
    taken: list[int] = []
    with ThreadGroup() as group:
        second = ProducerConsumer[int]([], [taken.append], buffer=BoundedBuffer(2), group=group)
        first = ProducerConsumer[int](
            [range(50)],
            [lambda number: second.buffer.put(number * number)] * 2,
            buffer=BoundedBuffer(2),
            group=group,
            at_end=second.buffer.shutdown,
        )
        second.start()
        first.start()
    assert sorted(taken) == [number * number for number in range(50)]


def test_a_failure_at_the_end_of_a_chain_stops_its_beginning() -> None:
    group = ThreadGroup()
    second = ProducerConsumer[int]([], [refuse({5})], buffer=BoundedBuffer(2), group=group)
    first = ProducerConsumer[int](
        [itertools.count()], [second.buffer.put] * 3, group=group, at_end=second.buffer.shutdown
    )
    second.start()
    first.start()
    assert failures_of(group.wait) == ["RefusedError(5)"]
    assert first.buffer.is_shutdown
    assert second.buffer.is_shutdown


# Failures.


def refuse(bad: set[int], taken: list[int] | None = None) -> Callable[[int], None]:
    def consume(number: int) -> None:
        if number in bad:
            raise RefusedError(number)
        if taken is not None:
            taken.append(number)

    return consume


@settings(deadline=None, max_examples=40)
@given(
    producers=st.integers(min_value=1, max_value=3),
    consumers=st.integers(min_value=1, max_value=3),
    maxsize=st.integers(min_value=0, max_value=4),
    bad=st.sets(st.integers(min_value=0, max_value=39), min_size=1, max_size=3),
)
def test_when_consumers_fail_every_item_is_accounted_for(
    producers: int, consumers: int, maxsize: int, bad: set[int]
) -> None:
    taken: list[int] = []
    sources = [iter(range(first, 40, producers)) for first in range(producers)]
    work = ProducerConsumer[int](sources, [refuse(bad, taken)] * consumers, buffer=BoundedBuffer(maxsize))
    with pytest.raises(ExceptionGroup) as caught:
        work.run()
    refused = [error.args[0] for error in caught.value.exceptions]
    assert set(refused) <= bad
    never_made = list(itertools.chain(*sources))
    assert sorted(taken + refused + work.leftover + never_made) == list(range(40))


def test_when_a_producer_fails_every_item_is_accounted_for() -> None:
    taken: list[int] = []

    def produce() -> Iterator[int]:
        yield from range(20)
        raise OSError("the source is gone")

    work = ProducerConsumer[int]([produce], [taken.append], buffer=BoundedBuffer(3))
    assert failures_of(work.run) == ["OSError('the source is gone')"]
    assert taken + work.leftover == list(range(20))


def test_a_producer_that_waits_for_room_when_all_is_stopped_leaves_its_item_over() -> None:
    goes_on = threading.Event()

    def refuse_when_full(number: int) -> None:
        goes_on.wait()
        raise RefusedError(number)

    class Buffer(BoundedBuffer[int]):
        def put(self, item: int, block: bool = True, timeout: float | None = None) -> None:
            if item == 3:
                goes_on.set()
            super().put(item, block, timeout)

    source = iter(range(9))
    work = ProducerConsumer[int]([source], [refuse_when_full], buffer=Buffer(2))
    assert failures_of(work.run) == ["RefusedError(0)"]
    assert sorted(work.leftover) + list(source) == list(range(1, 9))


def test_failures_on_both_sides_arrive_together_each_with_its_own_type_and_traceback(until: Until) -> None:
    buffer = BoundedBuffer[int]()
    has_item = threading.Event()

    def break_off() -> Iterator[int]:
        yield 0
        has_item.wait()
        raise OSError

    def fail_later(_: int) -> None:
        has_item.set()
        until(lambda: buffer.is_shutdown)
        raise LookupError

    with pytest.raises(ExceptionGroup) as caught:
        ProducerConsumer[int]([break_off], [fail_later], buffer=buffer).run()
    first, second = caught.value.exceptions
    assert (type(first), type(second)) == (OSError, LookupError)
    assert traceback.extract_tb(first.__traceback__)[-1].name == "break_off"
    assert traceback.extract_tb(second.__traceback__)[-1].name == "fail_later"


def test_a_producer_that_cannot_even_begin_is_a_failure() -> None:
    def produce() -> Iterable[int]:
        raise OSError("no source")

    assert failures_of(ProducerConsumer[int]([produce], [print]).run) == ["OSError('no source')"]


def test_the_end_is_not_told_when_a_consumer_has_failed() -> None:
    ends: list[int] = []
    work = ProducerConsumer[int]([range(9)], [refuse({3})] * 2, at_end=lambda: ends.append(1))
    assert failures_of(work.run) == ["RefusedError(3)"]
    assert ends == []


def test_what_the_end_raises_is_a_failure() -> None:
    def at_end() -> None:
        raise OSError("at the end")

    assert failures_of(ProducerConsumer[int]([[1]], [print], at_end=at_end).run) == ["OSError('at the end')"]


def test_a_shutdown_of_something_else_is_a_failure() -> None:
    ended = BoundedBuffer[int]()
    ended.shutdown()

    def produce() -> Iterator[int]:
        yield ended.get()

    with pytest.raises(ExceptionGroup) as caught:
        ProducerConsumer[int]([produce], [print]).run()
    assert [type(error) for error in caught.value.exceptions] == [ShutDown]


def test_an_interrupt_stops_all_and_loses_nothing(until: Until, interrupt_main: Interrupt) -> None:
    source, taken = itertools.count(), list[int]()
    enough = threading.Event()

    def consume(number: int) -> None:
        taken.append(number)
        if number == 100:
            enough.set()

    def interrupt() -> Iterator[int]:
        enough.wait()
        until(lambda: len(group._idle) == 1)
        interrupt_main()
        return iter(())

    group = ThreadGroup()
    work = ProducerConsumer[int]([source, interrupt], [consume], buffer=BoundedBuffer(4), group=group)
    with pytest.raises(KeyboardInterrupt):
        work.run()
    assert sorted(taken + work.leftover) == list(range(next(source)))
