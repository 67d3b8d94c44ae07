import operator
import random
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concli.patterns.thread_local import ThreadAttributes, ThreadLocal

Spawn = Callable[..., Future[Any]]
ThrowInto = Callable[[Future[Any], type[BaseException]], None]


class Interrupt(BaseException):
    """What a signal or another thread throws in."""


def in_a_thread(target: Callable[..., object], *args: object) -> None:
    thread = threading.Thread(target=target, args=args)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()


def test_a_thread_gets_the_same_value_every_time() -> None:
    local = ThreadLocal[list[int]](list)
    assert local.get() is local.get()
    assert len(local.values()) == 1


def test_every_thread_has_a_value_of_its_own(spawn: Spawn) -> None:
    local = ThreadLocal[list[int]](list)
    all_there = threading.Barrier(4)

    def work(number: int) -> list[int]:
        local.get().append(number)
        all_there.wait()
        local.get().append(number)
        return local.get()

    outcomes = [spawn(work, number) for number in range(4)]
    assert [outcome.result() for outcome in outcomes] == [[number, number] for number in range(4)]


def test_the_values_of_ended_threads_are_kept_in_the_order_of_their_making(spawn: Spawn) -> None:
    local = ThreadLocal[list[int]](list)
    for number in range(3):
        spawn(lambda own=number: local.get().append(own)).result()
    local.get().append(3)
    assert local.values() == [[0], [1], [2], [3]]


def test_what_many_threads_count_for_themselves_adds_up(spawn: Spawn) -> None:
    local = ThreadLocal[list[int]](lambda: [0])

    def count() -> None:
        for _ in range(1000):
            local.get()[0] += 1

    for outcome in [spawn(count) for _ in range(4)]:
        outcome.result()
    assert sum(value[0] for value in local.values()) == 4000


def test_the_list_of_values_is_a_copy() -> None:
    local = ThreadLocal[list[int]](list)
    local.get()
    local.values().clear()
    assert len(local.values()) == 1


@pytest.mark.parametrize("error", [ValueError, AttributeError])
def test_a_factory_that_fails_leaves_nothing_and_is_asked_again(error: type[Exception]) -> None:
    answers: list[Exception | str] = [error("not yet"), "made"]

    def make() -> str:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    local = ThreadLocal(make)
    with pytest.raises(error, match="not yet"):
        local.get()
    assert local.values() == []
    assert local.get() == "made"
    assert local.values() == ["made"]


def test_two_of_them_do_not_share_values() -> None:
    first, second = ThreadLocal[list[int]](list), ThreadLocal[list[int]](list)
    assert first.get() is not second.get()
    assert first.values() is not second.values()


# Setting and deleting.


def test_a_value_that_was_set_is_got_and_seen_from_outside() -> None:
    local = ThreadLocal(lambda: 0)
    local.set(1)
    assert (local.get(), local.values()) == (1, [1])
    local.set(2)
    assert (local.get(), local.values()) == (2, [2])


def test_setting_does_not_ask_the_factory() -> None:
    def fail() -> int:
        raise AssertionError

    local = ThreadLocal(fail)
    local.set(1)
    assert local.get() == 1


def test_a_value_that_was_deleted_is_gone_everywhere_and_made_anew() -> None:
    local = ThreadLocal[list[int]](list)
    first = local.get()
    local.delete()
    assert local.values() == []
    assert local.get() is not first
    assert len(local.values()) == 1


def test_there_is_nothing_to_delete_twice() -> None:
    local = ThreadLocal(int)
    with pytest.raises(LookupError):
        local.delete()
    local.get()
    local.delete()
    with pytest.raises(LookupError):
        local.delete()


def test_deleting_leaves_the_values_of_others() -> None:
    local = ThreadLocal(int)
    in_a_thread(local.set, 1)
    local.set(2)
    local.delete()
    assert local.values() == [1]


# Reading them all.


def test_fold_goes_over_all_values_in_order() -> None:
    local = ThreadLocal(str)
    for letter in "abc":
        in_a_thread(local.set, letter)
    assert local.fold(operator.add, ">") == ">abc"
    assert ThreadLocal(int).fold(operator.add, 7) == 7


@settings(deadline=None, max_examples=20)
@given(numbers=st.lists(st.integers(), max_size=150), keep=st.integers(0, 3))
def test_folding_ended_threads_changes_no_sum(numbers: list[int], keep: int) -> None:
    local = ThreadLocal(int, fold_ended=operator.add)
    go = threading.Event()
    there = threading.Semaphore(0)

    def live() -> None:
        local.set(1)
        there.release()
        assert go.wait(10)

    living = [threading.Thread(target=live) for _ in range(keep)]
    for thread in living:
        thread.start()
        assert there.acquire(timeout=10)
    for number in numbers:
        in_a_thread(local.set, number)
    assert sum(local.values()) == keep + sum(numbers)
    go.set()
    for thread in living:
        thread.join(10)
    assert sum(local.values()) == keep + sum(numbers)


def test_the_values_of_many_short_lived_threads_do_not_pile_up() -> None:
    local = ThreadLocal(int, fold_ended=operator.add)
    for _ in range(300):
        in_a_thread(local.set, 1)
        assert len(local.values()) <= 40
    assert sum(local.values()) == 300


def test_the_value_of_a_living_thread_is_never_folded() -> None:
    local = ThreadLocal[list[int]](list, fold_ended=operator.add)
    mine = local.get()
    for number in range(100):
        in_a_thread(local.set, [number])
    mine.append(-1)
    assert local.get() is mine
    assert sorted(local.fold(operator.add, [])) == list(range(-1, 100))


def test_folding_that_fails_says_so_and_loses_nothing(spawn: Spawn) -> None:
    may_fail = True

    def add(first: int, second: int) -> int:
        if may_fail:
            raise ArithmeticError
        return first + second

    local = ThreadLocal(int, fold_ended=add)
    failures = 0
    for _ in range(100):
        try:
            spawn(local.set, 1).result()
        except ArithmeticError:
            failures += 1
    assert failures
    assert sum(local.values()) == 100
    may_fail = False
    for _ in range(300):
        in_a_thread(local.set, 1)
    assert sum(local.values()) == 400
    assert len(local.values()) < 300


def test_a_fold_that_asks_for_values_itself_does_not_lock_up() -> None:
    def add(first: int, second: int) -> int:
        local.get()
        assert local.values()
        return first + second

    local = ThreadLocal(int, fold_ended=add)
    for _ in range(100):
        in_a_thread(local.set, 1)
    assert sum(local.values()) == 100


# Attributes.


def test_attributes_of_living_threads_are_seen_from_outside_and_those_of_ended_ones_are_gone(spawn: Spawn) -> None:
    attributes = ThreadAttributes()
    there, go = threading.Event(), threading.Event()

    def work() -> None:
        attributes.at = "work"
        there.set()
        assert go.wait(10)

    outcome = spawn(work)
    assert there.wait(10)
    assert attributes.values() == [{"at": "work"}]
    attributes.at = "home"
    assert attributes.values() == [{"at": "home"}, {"at": "work"}]
    go.set()
    outcome.result()
    outcome.thread.join(10)  # type: ignore[attr-defined]
    assert attributes.values() == [{"at": "home"}]


def test_attributes_seen_from_outside_are_copies() -> None:
    attributes = ThreadAttributes()
    attributes.at = "work"
    attributes.values()[0]["at"] = "home"
    assert attributes.at == "work"


def test_ended_threads_leave_nothing_behind_in_attributes() -> None:
    attributes = ThreadAttributes()
    for number in range(50):
        in_a_thread(setattr, attributes, "number", number)
    assert len(attributes._holders) <= 3


# Under stress.


@pytest.mark.stress
@pytest.mark.parametrize("seed", range(3))
def test_sums_are_exact_while_threads_come_and_go(seed: int, spawn: Spawn) -> None:
    chance = random.Random(seed)
    local = ThreadLocal(int, fold_ended=operator.add)
    ended = threading.Event()

    def count(times: int) -> None:
        for _ in range(times):
            local.set(local.get() + 1)

    def read() -> None:
        last = 0
        while not ended.is_set():
            now = local.fold(operator.add, 0)
            assert now >= last  # nothing is ever out of sight
            last = now

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        reader = spawn(read)
        total = 0
        for _ in range(150):
            batch = [chance.randrange(50) for _ in range(4)]
            for outcome in [spawn(count, times) for times in batch]:
                outcome.result()
            total += sum(batch)
        ended.set()
        reader.result()
    finally:
        ended.set()
        sys.setswitchinterval(interval)
    assert local.fold(operator.add, 0) == total


@pytest.mark.stress
def test_a_thread_that_is_interrupted_leaves_it_usable(spawn: Spawn, throw_into: ThrowInto) -> None:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(200):
            local = ThreadLocal(int, fold_ended=operator.add)
            busy = threading.Event()

            def work(local: ThreadLocal[int] = local, busy: threading.Event = busy) -> None:
                while True:
                    local.set(local.get() + 1)
                    local.delete()
                    busy.set()

            outcome = spawn(work)
            assert busy.wait(10)
            throw_into(outcome, Interrupt)
            with pytest.raises(Interrupt):
                outcome.result()
            for _ in range(3):
                in_a_thread(local.set, 1)
            assert sum(local.values()) in {3, 4}
    finally:
        sys.setswitchinterval(interval)
