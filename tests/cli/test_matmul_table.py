"""The table shows what a report says, at any moment."""

from rich.console import Console

from concli.arrays.matmul import Job, matmul
from concli.cli.matmul_table import render
from concli.metrics import Run


def drawn(run: Run, ending: str = "") -> str:
    console = Console(width=100, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(render(run.snapshot(), ending=ending))
    console.file.close()
    return console.export_text()


def test_a_run_that_has_not_begun_has_a_table() -> None:
    assert "stopped by SIGINT" in drawn(Run("matmul", {}), "stopped by SIGINT")


def test_the_workers_the_phases_and_the_barrier_are_shown() -> None:
    run = Run("matmul", {})
    matmul(Job(size=(300, 300, 300), threads=2, rounds=20, normalize="max"), run)
    text = drawn(run)
    for words in ("worker 1", "multiply", "normalize", "rounds, skew", "normalize  by ", "most time"):
        assert words in text
    assert max(map(len, text.splitlines())) <= 100
