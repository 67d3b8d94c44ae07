import gc
import random
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concli.patterns.sharded_counter import Shard, ShardedCounter

Spawn = Callable[..., Future[Any]]


def in_threads(count: int, target: Callable[[int], object]) -> None:
    threads = [threading.Thread(target=target, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_it_starts_at_nought() -> None:
    assert ShardedCounter().value == 0
    assert ShardedCounter().statistics() == (0, 0, 0)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.lists(st.integers(-(10**20), 10**20), max_size=20), max_size=6))
def test_it_sums_exactly_what_all_threads_added_those_that_have_ended_included(amounts: list[list[int]]) -> None:
    counter = ShardedCounter()

    def add(number: int) -> None:
        for amount in amounts[number]:
            counter.increment(amount)

    in_threads(len(amounts), add)
    assert counter.value == sum(map(sum, amounts))
    assert counter.value == sum(map(sum, amounts))


def test_many_short_lived_threads_leave_their_counts_and_nothing_else() -> None:
    counter = ShardedCounter()
    most = 0
    for _ in range(100):
        in_threads(2, lambda number: counter.increment(number + 1))
        most = max(most, len(counter._shards))
    assert counter._folded > 0  # nobody has read it so far: it is the new threads that tidy up
    assert most <= 20
    assert counter.statistics() == (300, 0, 200)


def test_shards_of_living_threads_are_not_folded(spawn: Spawn) -> None:
    counter = ShardedCounter()
    first, go_on = threading.Barrier(41), threading.Event()

    def count() -> None:
        counter.increment()
        first.wait(10)
        assert go_on.wait(10)
        counter.increment()

    counting = [spawn(count) for _ in range(40)]
    first.wait(10)
    assert counter.statistics() == (40, 40, 0)
    go_on.set()
    for one in counting:
        one.result()
    assert counter.value == 80


def test_a_shard_that_comes_while_others_are_folded_stays(spawn: Spawn) -> None:
    counter = ShardedCounter()
    coming = [spawn]

    def ended() -> None:
        if coming:
            coming.pop()(counter.increment).result()

    counter._shards.append((ended, Shard()))  # type: ignore[arg-type]
    assert counter.value == 1
    assert counter.value == 1


def test_a_thread_that_reads_sees_what_it_counted_itself() -> None:
    counter = ShardedCounter()
    for number in range(1, 5):
        counter.increment()
        assert counter.value == number


def test_a_thread_may_count_on_its_own_shard_and_on_the_counter_in_turn(spawn: Spawn) -> None:
    counter = ShardedCounter()

    def count() -> None:
        counter.shard().increment(2)
        counter.increment()
        counter.shard().increment()

    count()
    spawn(count).result()
    assert counter.shard() is counter.shard()
    assert counter.shard().count == 4
    assert counter.value == 8


def test_each_counter_counts_for_itself() -> None:
    one, other = ShardedCounter(), ShardedCounter()
    one.increment()
    other.increment(5)
    assert (one.value, other.value) == (1, 5)


@pytest.mark.parametrize("before", [0, 1])
def test_an_amount_that_is_no_number_is_an_error_and_changes_nothing(before: int) -> None:
    counter = ShardedCounter()
    for _ in range(before):
        counter.increment()
    with pytest.raises(TypeError):
        counter.increment("1")  # type: ignore[arg-type]
    assert counter.value == before
    counter.increment()
    assert counter.value == before + 1


def test_a_new_thread_counts_while_another_reads(spawn: Spawn) -> None:
    counter = ShardedCounter()
    for _ in range(20):
        in_threads(1, lambda _: counter.increment())
    counter._fold_at = 0
    with counter._mutex:  # as a reader has it
        spawn(counter.increment).result()
    assert counter.value == 21


@pytest.mark.stress
@pytest.mark.usefixtures("tiny_switch_interval")
def test_no_increment_is_lost_while_threads_come_go_and_read() -> None:
    counter = ShardedCounter()
    added = [0] * 8

    def live(number: int) -> None:
        rng = random.Random(number)
        for _ in range(40):
            amount = rng.randrange(1, 400)
            added[number] += amount

            def burst(_: int, amount: int = amount) -> None:
                for _ in range(amount):
                    counter.increment()

            before = counter.value
            in_threads(1, burst)
            assert counter.value >= before + amount

    in_threads(8, live)
    gc.collect()
    assert counter.statistics() == (sum(added), 0, 320)
