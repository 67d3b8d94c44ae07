from collections.abc import Iterator
from itertools import permutations
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from concli.verify.history import INTERRUPTED, Call, Raised
from concli.verify.linearizability import linearize
from tests.verify.broken import CounterModel
from tests.verify.buffer import QueueModel

QUEUE = QueueModel(1)


def fits(*calls: Call, at_rest: bool = False) -> bool:
    return linearize(QUEUE, calls, at_rest=at_rest).is_linearizable


def test_calls_that_overlap_may_be_put_in_either_order() -> None:
    assert fits(Call(1, "get", (), 0, 3, "a"), Call(2, "put", ("a",), 1, 2, None))


def test_a_call_does_not_go_before_one_that_had_returned() -> None:
    assert not fits(Call(1, "get", (), 0, 1, "a"), Call(2, "put", ("a",), 2, 3, None))


def test_a_timeout_needs_a_moment_in_which_there_was_nothing() -> None:
    put = Call(1, "put", ("a",), 0, 1, None)
    late = Call(2, "get", (True, 1.0), 2, 3, Raised("Empty"))
    assert not fits(put, late)
    assert fits(put, late._replace(called=-1))


def test_an_interrupted_call_may_or_may_not_have_taken_effect_but_not_later() -> None:
    put = Call(1, "put", ("a",), 0, 1, INTERRUPTED)
    assert fits(put, Call(2, "get", (), 2, 3, "a"))
    assert fits(put, Call(2, "get", (False,), 2, 3, Raised("Empty")))
    empty = Call(2, "get", (False,), 2, 3, Raised("Empty"))
    assert not fits(put, empty, Call(2, "get", (), 4, 5, "a"))


def test_at_rest_no_call_may_wait_that_could_proceed() -> None:
    waits = Call(2, "get", (), 0)
    assert fits(waits, at_rest=True)
    assert fits(waits, Call(1, "put", ("a",), 1, 2, None))
    assert not fits(waits, Call(1, "put", ("a",), 1, 2, None), at_rest=True)


def test_the_longest_explanation_is_returned_when_there_is_none() -> None:
    judgement = linearize(QUEUE, [Call(1, "put", ("a",), 0, 1, None), Call(1, "get", (), 2, 3, "b")])
    assert not judgement.is_linearizable
    assert [call.name for call in judgement.order] == ["put"]
    assert judgement.state.items == ("a",)


class Cells:
    """A counter for each key."""

    initial = 0

    def partition(self, call: Call) -> object:
        return call.args[0]

    def apply(self, state: int, call: Call) -> Iterator[tuple[Any, int]]:
        yield (None, state + 1) if call.name == "add" else (state, state)


def test_parts_are_judged_by_themselves() -> None:
    good = [Call(1, "add", ("x",), 0, 1, None), Call(1, "get", ("y",), 2, 3, 0), Call(1, "get", ("x",), 4, 5, 1)]
    assert linearize(Cells(), good).is_linearizable
    assert not linearize(Cells(), [*good, Call(1, "get", ("y",), 6, 7, 1)]).is_linearizable


class Meeting:
    """Two have to come before any may go: a call takes effect when it arrives and when it returns."""

    initial: tuple[int, int] = (0, 0)

    def arrive(self, state: tuple[int, int], _call: Call) -> tuple[int, int]:
        here, may_go = state
        return (0, may_go + 2) if here else (1, may_go)

    def apply(self, state: tuple[int, int], _call: Call) -> Iterator[tuple[Any, tuple[int, int]]]:
        here, may_go = state
        if may_go:
            yield None, (here, may_go - 1)


def test_a_call_may_take_effect_twice() -> None:
    calls = [Call(1, "meet", (), 0, 2, None), Call(2, "meet", (), 1, 3, None)]
    assert linearize(Meeting(), calls).is_linearizable
    assert not linearize(Meeting(), [calls[0], Call(2, "meet", (), 4, 5, None)]).is_linearizable
    assert linearize(Meeting(), [Call(1, "meet", (), 0)], at_rest=True).is_linearizable
    assert not linearize(Meeting(), [Call(1, "meet", (), 0), Call(2, "meet", (), 1)], at_rest=True).is_linearizable


def by_brute_force(calls: list[Call]) -> bool:
    for order in permutations(calls):
        count = 0
        for i, call in enumerate(order):
            if any(later.returned < call.called for later in order[i + 1 :]):
                break
            if call.name == "get" and call.result != count:
                break
            count += call.name == "add"
        else:
            return True
    return False


@settings(deadline=None, max_examples=200)
@given(st.lists(st.tuples(st.integers(0, 12), st.integers(1, 6), st.integers(-1, 3)), max_size=5))
def test_the_search_agrees_with_trying_every_order(spans: list[tuple[int, int, int]]) -> None:
    calls = [
        Call(i, "add", (), 2 * began, 2 * (began + took) + 1, None)
        if result < 0
        else Call(i, "get", (), 2 * began, 2 * (began + took) + 1, result)
        for i, (began, took, result) in enumerate(spans)
    ]
    assert linearize(CounterModel(), calls).is_linearizable == by_brute_force(calls)
