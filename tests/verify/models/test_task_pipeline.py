import sys
from collections.abc import Sequence
from typing import Any

import pytest

from concli.patterns import Stage, TaskPipeline, _pipeline_run, task_pipeline
from concli.verify import Op, Spec, explore, scenario
from concli.verify.catalogue import SCENARIOS, SCHEDULES, STRATEGY
from concli.verify.models.task_pipeline import TASK_PIPELINE, Runs
from tests.verify.mutants import task_pipeline as mutants


@pytest.fixture(autouse=True)
def _as_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """How small a failure can be made is not the question here."""
    monkeypatch.setattr(sys.modules["concli.verify.explore"], "minimize", lambda _, scenario, run: (scenario, run))


def of(module: Any, name: str, kind: type) -> Spec:
    return TASK_PIPELINE._replace(fresh=((module, name, lambda: kind),))


def test_runs_keep_their_promises() -> None:
    found = explore(TASK_PIPELINE, strategy=STRATEGY, schedules=300, scenarios=15)
    assert found.passed, found.show()


def test_they_keep_them_where_the_reader_and_the_workers_look_without_a_lock() -> None:
    spec = TASK_PIPELINE._replace(watched=(_pipeline_run.PipelineRun._work, _pipeline_run.PipelineRun._guard))
    one = scenario(spec, [[("run", 1, 5, 2)]], config={"on_error": "stop"}, granularity="line", interrupts=1)
    found = explore(one, strategy=STRATEGY, schedules=300)
    assert found.passed, found.show()


@pytest.mark.parametrize(
    "spec",
    [
        of(_pipeline_run, "Line", mutants.TheFirstClosesTheDoor),
        of(task_pipeline, "PipelineRun", mutants.ForgetsWhatItRead),
        of(task_pipeline, "PipelineRun", mutants.FinishesWithTheWorkers),
    ],
)
def test_a_mistake_is_found_within_the_default_budget(spec: Spec) -> None:
    found = explore(spec, strategy=STRATEGY, schedules=SCHEDULES, scenarios=SCENARIOS)
    assert [failure.violation.kind for failure in found.violations] == ["exception"]


def test_an_end_that_not_all_are_told_of_leaves_a_thread_behind() -> None:
    spec = of(task_pipeline, "PipelineRun", mutants.EndsWithoutAWord)
    found = explore(spec, strategy=STRATEGY, schedules=SCHEDULES, scenarios=SCENARIOS)
    assert [failure.violation.kind for failure in found.violations] == ["thread left behind"]


@pytest.mark.parametrize("items", [(), (1,), (4, 5), (7, 1, -1)])
@pytest.mark.parametrize("config", TASK_PIPELINE.configs)
def test_what_is_expected_of_a_run_is_what_happens_outside_the_scheduler(items: Sequence[int], config: Any) -> None:
    Runs(**config).run(*items)


class Forgetful(TaskPipeline):
    """Reads one item less than there are."""

    def run(self, items: Any) -> Any:
        return super().run(list(items)[:-1])


class Wrong(TaskPipeline):
    """Leaves out its second stage."""

    def __init__(self, stages: Sequence[Stage], **config: Any) -> None:
        super().__init__(stages[:1], **config)


@pytest.mark.parametrize("kind", [Forgetful, Wrong])
def test_a_run_that_is_not_what_it_should_be_is_told_of(kind: type[TaskPipeline]) -> None:
    with pytest.raises(AssertionError):
        Runs(kind).run(1, 2, 3)


def test_the_calls_of_a_scenario_are_whole_runs() -> None:
    one = scenario(TASK_PIPELINE, [[("run", 1, 2)], [("statistics",)]], config={"workers": 2})
    assert one.threads[0] == (Op("run", (1, 2)),)
    assert explore(one, strategy=STRATEGY, schedules=20).passed
