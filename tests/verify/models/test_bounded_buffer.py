import sys
from typing import Any

import pytest

from concli.patterns import BoundedBuffer
from concli.verify import Spec, explore, scenario
from concli.verify.catalogue import SCENARIOS, SCHEDULES, STRATEGY
from concli.verify.history import Call, Raised
from concli.verify.models.bounded_buffer import (
    BOUNDED_BUFFER,
    SIZED_BUFFER,
    BoundedBufferModel,
    BufferState,
    make_sized,
)
from tests.verify.mutants import bounded_buffer as mutants

Calls = list[list[tuple[Any, ...]]]


@pytest.fixture(autouse=True)
def _as_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """How small a failure can be made is not the question here."""
    monkeypatch.setattr(sys.modules["concli.verify.explore"], "minimize", lambda _, scenario, run: (scenario, run))


@pytest.mark.parametrize("strategy", ["random", "pct", "dfs"])
@pytest.mark.parametrize("spec", [BOUNDED_BUFFER, SIZED_BUFFER], ids=["in items", "by size"])
def test_the_buffer_keeps_to_the_model(spec: Spec, strategy: str) -> None:
    found = explore(spec, strategy=strategy, schedules=500)
    assert found.passed, found.show()


def test_the_buffer_keeps_to_it_in_every_schedule_with_two_preemptions() -> None:
    calls: Calls = [[("put", 1), ("get",)], [("put", 2), ("get",)], [("get",), ("put", 3)]]
    found = explore(scenario(BOUNDED_BUFFER, calls, config={"maxsize": 1}), strategy="dfs 2", schedules=20_000)
    assert found.passed, found.show()
    assert found.exhaustive


@pytest.mark.parametrize(
    ("kind", "violation"),
    [
        (mutants.IfForWhile, "not linearizable"),
        (mutants.OneLine, "invariant"),
        (mutants.StaysInLine, "invariant"),
    ],
)
def test_a_mistake_is_found_within_the_default_budget(kind: type[BoundedBuffer[Any]], violation: str) -> None:
    spec = BOUNDED_BUFFER._replace(make=kind)
    found = explore(spec, strategy=STRATEGY, schedules=SCHEDULES, scenarios=SCENARIOS)
    assert [failure.violation.kind for failure in found.violations] == [violation]


def test_a_consumer_that_polls_is_found_line_by_line() -> None:
    spec = BOUNDED_BUFFER._replace(make=mutants.PollsEmpty, granularity="line", watched=(mutants.PollsEmpty,))
    found = explore(spec, strategy=STRATEGY, schedules=SCHEDULES, scenarios=SCENARIOS)
    assert [failure.violation.kind for failure in found.violations] == ["lost wakeup"]


def test_a_wakeup_that_comes_after_the_change_is_lost_by_an_interrupt() -> None:
    calls: Calls = [[("get",)], [("put", 1)], [("put", 2)]]
    spec = BOUNDED_BUFFER._replace(make=mutants.WakesAfterwards)
    one = scenario(spec, calls, config={"maxsize": 0}, interrupts=1)
    found = explore(one, strategy="random", schedules=SCHEDULES)
    assert [failure.violation.kind for failure in found.violations] == ["not linearizable"]
    assert explore(one._replace(interrupts=0), strategy="random", schedules=200).passed


@pytest.mark.parametrize("is_right", [True, False])
def test_of_several_small_items_that_wait_for_a_large_one_to_go_none_is_left_behind(is_right: bool) -> None:
    spec = (
        SIZED_BUFFER
        if is_right
        else SIZED_BUFFER._replace(make=lambda maxsize: make_sized(maxsize, kind=mutants.WakesOnlyOne))
    )
    calls: Calls = [[("put", 1)], [("put", 2)], [("get",)]]
    found = explore(
        scenario(spec, calls, setup=[("put", 3)], config={"maxsize": 3}), strategy="dfs 2", schedules=20_000
    )
    assert [failure.violation.kind for failure in found.violations] == ([] if is_right else ["lost wakeup"])
    assert found.exhaustive is is_right


def test_who_must_wait_has_no_result() -> None:
    model = BoundedBufferModel(1)
    full = BufferState(("a",))
    assert list(model.apply(full, Call(1, "put", ("b",)))) == []
    assert list(model.apply(full, Call(1, "put", ("b", True, 1.0)))) == [(Raised("Full"), full)]
    assert list(model.apply(BufferState(), Call(1, "get", ()))) == []
    assert list(model.apply(BufferState((), True), Call(1, "get", ()))) == [(Raised("ShutDown"), BufferState((), True))]


def test_putting_many_goes_in_by_halves() -> None:
    model, many = BoundedBufferModel(1), Call(1, "put_many", (1.0, "a", "b"))
    half = model.arrive(BufferState(), many)
    assert half is not None
    assert half.items == ("a",)
    assert [result for result, _ in model.apply(half, many)] == [1]
    ((_, empty),) = model.apply(half, Call(2, "get", ()))
    assert [(result, state.items) for result, state in model.apply(empty, many)] == [(2, ("b",))]
