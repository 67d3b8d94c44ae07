import pytest

from concli.verify import explore, scenario
from concli.verify.history import Call, Raised
from concli.verify.models.bounded_buffer import BOUNDED_BUFFER, BoundedBufferModel, BufferState


@pytest.mark.parametrize("strategy", ["random", "pct", "dfs"])
def test_the_buffer_keeps_to_the_model(strategy: str) -> None:
    found = explore(BOUNDED_BUFFER, strategy=strategy, schedules=1000)
    assert found.passed, found.show()


def test_the_buffer_keeps_to_it_in_every_schedule_with_two_preemptions() -> None:
    calls = [[("put", 1), ("get",)], [("put", 2), ("get",)], [("get",), ("put", 3)]]
    found = explore(scenario(BOUNDED_BUFFER, calls, config={"maxsize": 1}), strategy="dfs 2", schedules=20_000)
    assert found.passed, found.show()
    assert found.exhaustive


def test_who_must_wait_has_no_result() -> None:
    model = BoundedBufferModel(1)
    full = BufferState(("a",))
    assert list(model.apply(full, Call(1, "put", ("b",)))) == []
    assert list(model.apply(full, Call(1, "put", ("b", True, 1.0)))) == [(Raised("Full"), full)]
    assert list(model.apply(BufferState(), Call(1, "get", ()))) == []
    assert list(model.apply(BufferState((), True), Call(1, "get", ()))) == [(Raised("ShutDown"), BufferState((), True))]
