"""The stages as the pipeline takes them."""

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from concli.engines.threads import Threads
from concli.errors import UsageError
from concli.metrics import Run, Trace
from concli.patterns import ShutDown, Stage, TaskPipeline, ThreadGroup
from concli.tasks.chain import Chain, Defaults, Observer
from concli.tasks.items import Item
from concli.tasks.stages import CommandFailed, parse_stage


def chain(*texts: str, workers: int = 3) -> Chain:
    specs = [parse_stage(text) for text in texts]
    return Chain(specs, Defaults(workers=3, timeout=5.0, retries=2), Threads(workers))


def stages(one: Chain, *, parses: bool = False) -> list[Stage]:
    with one.open() as place:
        return one.stages(place, parses=parses)


def test_a_stage_has_what_it_asks_for_and_else_the_default() -> None:
    first, second = stages(chain("expr:x", "expr:x + 1 workers=1 timeout=1s retries=0 queue=7"))
    assert (first.name, first.workers, first.timeout, first.retries) == ("x", 3, 5.0, 2)
    assert (second.name, second.workers, second.timeout, second.retries, second.queue_size) == ("x + 1", 1, 1.0, 0, 7)


def test_a_python_stage_has_a_thread_for_each_worker_of_the_engine_unless_it_says_otherwise() -> None:
    texts = ("py:json:loads", "py:json:loads workers=2", "expr:x")
    assert [stage.workers for stage in stages(chain(*texts, workers=8))] == [8, 2, 3]


def test_calls_of_python_stages_go_through_the_place() -> None:
    specs = [parse_stage(text) for text in ("expr:x", "py:builtins:int", "py:operator:neg")]
    one = Chain(specs, Defaults(), Threads(2))
    with one.open() as place:
        _, to_int, negative = one.stages(place, parses=False)
        assert negative.function(to_int.function("4")) == -4
        place.cancel()
        with pytest.raises(ShutDown):
            to_int.function("4")


def test_without_a_python_stage_an_engine_is_not_opened() -> None:
    class Unwanted(Threads):
        def open(self, make: Callable[..., Any], /, *_: Any) -> Any:
            raise AssertionError(make)

    with Chain([parse_stage("expr:x")], Defaults(), Unwanted(1)).open():
        pass
    with pytest.raises(AssertionError), Chain([parse_stage("py:os:fspath")], Defaults(), Unwanted(1)).open():
        pass


def test_a_chain_that_is_cancelled_lets_go_who_waits_for_a_call() -> None:
    gate = threading.Event()
    one = Chain([parse_stage("py:builtins:next timeout=50s")], Defaults(), Threads(1))
    asked = threading.Event()

    def never() -> Iterator[object]:
        asked.set()
        yield gate.wait()

    with one.open() as place, ThreadGroup() as group:
        [stage] = one.stages(place, parses=False)
        calls = []

        def call() -> None:
            with pytest.raises(ShutDown):
                stage.function(Item(0, b"", never()))
            calls.append("let go")

        group.spawn(call)
        asked.wait()
        one.cancel()
        group.wait()
    gate.set()
    assert calls == ["let go"]


def test_commands_and_functions_see_to_their_timeout_themselves() -> None:
    command, function = stages(chain("sh:true", "py:builtins:int"))
    assert (command.timeout, function.timeout) == (None, None)


def test_the_first_stage_gets_the_items_value() -> None:
    [stage] = stages(chain("expr:x + '!'"))
    assert stage.function(Item(0, b"a", "a")) == "a!"
    parse, stage = stages(chain("expr:x + 1"), parses=True)
    item = Item(0, b"2", "2")
    assert (parse.retries, stage.function(parse.function(item)), item.value) == (0, 3, 2)


def test_what_can_not_be_made_is_refused() -> None:
    with pytest.raises(UsageError):
        chain("expr:x", "py:json:nothing")


def test_a_description_is_exact_for_what_is_known() -> None:
    assert chain("sh:echo {}", "expr:x * 2").describe("a b") == "echo 'a b' | expr:x * 2"


def test_a_cancelled_chain_fails_what_comes() -> None:
    one = chain("sh:cat")
    [stage] = stages(one)
    one.cancel()
    with pytest.raises(CommandFailed):
        stage.function(Item(0, b"a", "a"))


def test_the_report_shows_the_pipelines_figures_and_the_time_of_calls() -> None:
    trace = Trace()
    run = Run("pipeline tasks", {}, trace)
    observer = Observer(run)
    pipeline = TaskPipeline(stages(chain("expr:x + 1", "expr:1 // x"), parses=True), observe=observer.told)
    observer.watch(pipeline)
    assert [usage.p50_ms for usage in observer.usages()] == [None] * 3
    tasks = list(pipeline.run(Item(number, b"", str(number - 1)) for number in range(100)))
    parse, add, divide = run.snapshot().stages
    assert len(tasks) == 100
    assert (parse.items_in, add.items_out, divide.items_out, divide.errors) == (100, 100, 99, 1)
    assert add.p50_ms is not None
    assert add.p99_ms is not None
    assert 0 < add.p50_ms <= add.p99_ms
    assert divide.queue is not None
    assert 1 <= divide.queue.peak <= divide.queue.capacity
    names = {event["name"] for event in json.loads(trace.to_json())["traceEvents"] if event["ph"] == "X"}
    assert names == {"parse", "x + 1", "1 // x"}
