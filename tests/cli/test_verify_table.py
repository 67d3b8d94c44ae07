import io
from typing import Any, get_args

from rich.console import Console

from concli.cli.verify_table import render
from concli.metrics import Report, Run
from concli.verify import explore
from concli.verify.catalogue import PATTERNS
from concli.verify.job import Job, Outcome, Row, Verification
from tests.verify.buffer import BUFFER


def report() -> Report:
    """A report in which every outcome stands once."""
    asked = Job(PATTERNS, "pct 3", 5000, 50, 4)
    run = Run("verify", asked._asdict())
    verification = Verification(asked, run)
    explored = explore(BUFFER, schedules=10)
    found: Any = ("a failure",)
    counted = explored._replace(
        schedules=1_234_567,
        distinct=999_999,
        switch_points=56_789_012,
        longest=1234,
        seconds=12345.67,
        violations=found,
    )
    for pattern, outcome in zip(PATTERNS, get_args(Outcome), strict=False):
        verification._rows[pattern] = Row(pattern, outcome, None if outcome in {"waiting", "not run"} else counted)
    run.end()
    return run.snapshot()


def shown(width: int = 80, ending: str = "") -> list[str]:
    file = io.StringIO()
    Console(file=file, width=width).print(render(report(), ending=ending))
    return file.getvalue().splitlines()


def test_a_pattern_is_a_row_with_what_was_run_and_what_came_of_it() -> None:
    rows = {line.split()[0]: line.split()[1:] for line in shown() if line}
    assert rows["channel"] == ["1.2M", "999,999", "56.8M", "1,234", "100", "no", "passed"]
    assert rows["barrier"] == ["waiting"]
    assert rows["counter"][-2:] == ["1", "violation"]


def test_every_column_fits_80_characters() -> None:
    assert not any("…" in line or len(line) > 80 for line in shown())


def test_an_early_end_is_said() -> None:
    assert "stopped by SIGINT" in shown(ending="stopped by SIGINT")[0]
