import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest

from concli.patterns import ThreadLocal

Spawn = Callable[..., Future[Any]]


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
