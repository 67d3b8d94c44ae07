"""The table, of reports of real runs."""

import io

from rich.console import Console

from concli.arrays.fft import Job, transform
from concli.cli.pipeline_fft_table import render
from concli.metrics import Run


def drawn(run: Run) -> str:
    console = Console(file=io.StringIO(), width=80)
    with console.capture() as capture:
        console.print(render(run.snapshot()))
    return capture.get()


def test_a_run_that_has_not_begun_and_one_that_has_ended_can_be_drawn() -> None:
    run = Run("pipeline fft", {})
    assert "pipeline fft" in drawn(run)
    transform(Job(chunks=3, shape=(20, 60)), run)
    text = drawn(run)
    assert "3 = 3 done" in text
    assert "@" in text  # the brightest of the picture
    assert max(map(len, text.splitlines())) <= 80


def test_chunks_that_are_not_finite_are_told() -> None:
    run = Run("pipeline fft", {})
    transform(Job(chunks=1, shape=(4, 4)), run)
    result = run.result
    run.result = lambda: {**result(), "not_finite": 1}
    assert "1 with values that are not finite" in drawn(run)
