"""How calls that are made elsewhere end here."""

from typing import Any

import pytest

from concli.engines.engine import EngineLost, EngineStatistics
from concli.tasks.placing import NoWorkers, Placed, work_of
from concli.tasks.stages import parse_stage
from concli.tasks.stages.worker import Abandoned, Unit


class _Place:
    """A place where each unit comes to the same."""

    def __init__(self, error: Exception | None = None) -> None:
        self._error = error

    def __call__(self, unit: Unit, /) -> Unit:
        if self._error is not None:
            raise self._error
        return unit

    def buffer(self, nbytes: int) -> memoryview:
        return memoryview(bytearray(nbytes))

    def cancel(self) -> None:
        pass

    def statistics(self) -> EngineStatistics:
        return EngineStatistics("none")


def test_a_call_is_its_stages_number_and_the_value() -> None:
    assert Placed(_Place(), 3).function("a") == (3, "a")


def test_a_call_that_was_left_behind_is_a_timeout_and_counted() -> None:
    placed = Placed(_Place(Abandoned("took longer")), 0)
    for _ in range(2):
        with pytest.raises(TimeoutError, match="took longer") as caught:
            placed.function("a")
        assert type(caught.value) is TimeoutError
    assert placed.abandoned == 2


def test_a_functions_own_timeout_is_not_counted() -> None:
    placed = Placed(_Place(TimeoutError()), 0)
    with pytest.raises(TimeoutError):
        placed.function("a")
    assert placed.abandoned == 0


def test_that_there_is_nobody_left_is_no_tasks_failure() -> None:
    error = EngineLost("gone")
    with pytest.raises(NoWorkers) as caught:
        Placed(_Place(error), 0).function("a")
    assert caught.value.error is error


@pytest.mark.parametrize(("texts", "holds"), [(["expr:x", "py:json:loads"], True), (["expr:x", "sh:true"], False)])
def test_python_may_hold_the_gil_for_all_one_knows(texts: list[str], holds: Any) -> None:
    work = work_of(map(parse_stage, texts))
    assert (work.holds_gil, work.expected_s) == (holds, None)
