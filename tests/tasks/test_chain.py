"""The stages as the pipeline takes them."""

import json

import pytest

from concli.errors import UsageError
from concli.metrics import Run, Trace
from concli.patterns import TaskPipeline
from concli.tasks.chain import Chain, Defaults, Observer
from concli.tasks.items import Item
from concli.tasks.stages import CommandFailed, parse_stage


def chain(*texts: str) -> Chain:
    return Chain([parse_stage(text) for text in texts], Defaults(workers=3, timeout=5.0, retries=2))


def test_a_stage_has_what_it_asks_for_and_else_the_default() -> None:
    first, second = chain("py:json:loads", "py:json:dumps workers=1 timeout=1s retries=0 queue=7").stages(parses=False)
    assert (first.name, first.workers, first.timeout, first.retries) == ("loads", 3, 5.0, 2)
    assert (second.name, second.workers, second.timeout, second.retries, second.queue_size) == ("dumps", 1, 1.0, 0, 7)


def test_a_command_sees_to_its_timeout_itself() -> None:
    [command] = chain("sh:true").stages(parses=False)
    assert command.timeout is None


def test_the_first_stage_gets_the_items_value() -> None:
    [stage] = chain("expr:x + '!'").stages(parses=False)
    assert stage.function(Item(0, b"a", "a")) == "a!"
    parse, stage = chain("expr:x + 1").stages(parses=True)
    item = Item(0, b"2", "2")
    assert (parse.retries, stage.function(parse.function(item)), item.value) == (0, 3, 2)


def test_what_can_not_be_made_is_refused() -> None:
    with pytest.raises(UsageError):
        chain("expr:x", "py:json:nothing")


def test_a_description_is_exact_for_what_is_known() -> None:
    assert chain("sh:echo {}", "expr:x * 2").describe("a b") == "echo 'a b' | expr:x * 2"


def test_a_cancelled_chain_fails_what_comes() -> None:
    one = chain("sh:cat")
    [stage] = one.stages(parses=False)
    one.cancel()
    with pytest.raises(CommandFailed):
        stage.function(Item(0, b"a", "a"))


def test_the_report_shows_the_pipelines_figures_and_the_time_of_calls() -> None:
    trace = Trace()
    run = Run("pipeline tasks", {}, trace)
    observer = Observer(run)
    stages = chain("expr:x + 1", "expr:1 // x").stages(parses=True)
    pipeline = TaskPipeline(stages, observe=observer.told)
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
