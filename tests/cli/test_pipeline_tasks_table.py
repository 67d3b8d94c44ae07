"""The table, of reports of real runs."""

import io
from typing import Any

from rich.console import Console, RenderableType

from concli.cli.pipeline_tasks_table import render, render_bar
from concli.metrics import Run
from concli.tasks import Items, Job, do_tasks
from concli.tasks.stages import parse_stage


def drawn(what: RenderableType) -> str:
    console = Console(file=io.StringIO(), width=80)
    with console.capture() as capture:
        console.print(what)
    text = capture.get()
    assert max(map(len, text.splitlines())) <= 80
    return text


def done(*items: str, **more: Any) -> Run:
    run = Run("pipeline tasks", {})
    stages = tuple(map(parse_stage, ("expr:10 // int(x)", "expr:'a rather long name of a stage' + str(x)")))
    do_tasks(Job(stages, Items("lines", items), "/dev/null", **more), run)
    return run


def test_a_run_that_has_not_begun_can_be_drawn() -> None:
    report = Run("pipeline tasks", {}).snapshot()
    assert "pipeline tasks" in drawn(render(report, expected=0))
    assert "0 tasks" in drawn(render_bar(report, expected=0))


def test_the_account_adds_up_and_each_stage_has_a_row() -> None:
    report = done("1", "0", "2").snapshot()
    text = drawn(render(report))
    assert "tasks  3 read = 2 done + 1 failed" in text
    assert "10 // int(x)" in text
    assert "…" in text
    assert "to go" not in text
    assert drawn(render_bar(report)) == text


def test_a_run_that_goes_on_tells_how_far_it_is_and_what_is_at_work() -> None:
    report = done("1", "2", "5").snapshot()
    report = report._replace(totals={**report.totals, "done": 1}, elapsed_s=10.0)
    text = drawn(render_bar(report, expected=0))
    assert "1 of 3 tasks, 33%, 20 s to go" in text
    assert "busy" not in text
    assert "1 done + 2 at work" in drawn(render(report, expected=0))
    slow = report._replace(elapsed_s=9000.0)
    assert "5.0 h to go" in drawn(render_bar(slow, expected=0))


def test_what_was_left_behind_or_went_wrong_is_told() -> None:
    report = done("1").snapshot()
    stages = [{"name": "fetch", "retries": 2, "abandoned": 3}]
    report = report._replace(
        result={**report.result, "stages": stages},
        checks=tuple(check._replace(passed=False) for check in report.checks),
    )
    text = drawn(render(report, ending="stopped by SIGINT"))
    for words in ("3 calls of fetch", "check failed  every task came out once", "stopped by SIGINT"):
        assert words in text
