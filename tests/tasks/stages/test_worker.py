"""What a worker calls."""

import gc
import os
import pickle
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from concli.errors import UsageError
from concli.patterns import ShutDown
from concli.tasks.stages.worker import Abandoned, Callers, Step, make_calls


@pytest.fixture
def callers() -> Iterator[Callers]:
    callers = Callers()
    yield callers
    callers.stop()


@pytest.fixture
def calls_of(callers: Callers) -> Callable[..., Callable[[Any], Any]]:
    return lambda *steps: make_calls(os.getcwd(), steps, callers)


Make = Callable[..., Callable[[Any], Any]]


def test_a_unit_is_a_call_of_the_step_with_that_number(calls_of: Make) -> None:
    do = calls_of(Step("builtins:int", "builtins", "int"), Step("math:sqrt", "math", "sqrt", 50.0))
    assert [do((0, "4")), do((1, 9)), do((0, "5"))] == [4, 3.0, 5]
    with pytest.raises(ValueError, match="invalid literal"):
        do((0, "x"))
    with pytest.raises(TypeError, match="real number"):
        do((1, "x"))


def test_a_function_that_is_not_there_is_told_of(calls_of: Make) -> None:
    with pytest.raises(UsageError, match="no module 'no_such'"):
        calls_of(Step("no_such:f", "no_such", "f"))


def test_functions_are_called_in_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, callers: Callers
) -> None:
    monkeypatch.chdir("/")
    do = make_calls(str(tmp_path), [Step("os:listdir", "os", "listdir")], callers)
    (tmp_path / "item").touch()
    assert do((0, ".")) == ["item"]


def test_a_call_that_takes_too_long_is_left_behind_and_the_next_is_made(calls_of: Make) -> None:
    gate = threading.Event()
    do = calls_of(Step("builtins:next", "builtins", "next", 0.2))

    def late() -> Iterator[object]:
        yield gate.wait()

    with pytest.raises(Abandoned, match=r"next took longer than 0\.2 s"):
        do((0, late()))
    assert do((0, iter(["now"]))) == "now"
    gate.set()


def test_when_callers_have_been_stopped_no_more_calls_are_made(calls_of: Make, callers: Callers) -> None:
    do = calls_of(Step("math:sqrt", "math", "sqrt", 50.0))
    assert do((0, 4)) == 2.0
    callers.stop()
    late = calls_of(Step("math:sqrt", "math", "sqrt", 50.0))
    for each in (do, late):
        with pytest.raises(ShutDown):
            each((0, 4))
    # That their threads end is what every test is held to.


def test_callers_that_are_sent_have_none(callers: Callers) -> None:
    callers.new(len, "len")
    assert isinstance(pickle.loads(pickle.dumps(callers)), Callers)


def test_an_error_of_a_timed_call_holds_nothing_that_only_the_garbage_collector_could_free(calls_of: Make) -> None:
    do = calls_of(Step("builtins:int", "builtins", "int", 50.0))
    gc.collect()
    gc.disable()
    try:
        for _ in range(20):
            with pytest.raises(ValueError, match="invalid"):
                do((0, "x"))
        found = gc.collect()
    finally:
        gc.enable()
    assert found < 20
