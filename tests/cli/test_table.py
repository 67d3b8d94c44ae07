"""The table is a pure function of a report."""

import io

from rich.console import Console

from concli.cli.table import render
from concli.metrics import Check, Report, Run
from concli.patterns import BoundedBuffer


def report() -> Report:
    run = Run("some job", {})
    buffer = BoundedBuffer[int](10)
    stage = run.stage("work", workers=2, source=buffer)
    stage.record(0.5, items_in=12_345, items_out=12_000, bytes_in=6_000_000, errors=345)
    run.totals = lambda: {"read": 10, "written": 6, "filtered": 1, "rejected": 2, "blank": 1, "bytes_in": 50}
    run.result = lambda: {"levels": {"INFO": 6}}
    run.end()
    return run.snapshot()._replace(elapsed_s=1.0)


def shown(report: Report, width: int = 80, **options: object) -> str:
    file = io.StringIO()
    Console(file=file, width=width).print(render(report, **options))  # type: ignore[arg-type]
    return file.getvalue()


def test_a_stage_is_a_row_with_its_counts_and_shares() -> None:
    row = next(line for line in shown(report()).splitlines() if line.startswith("work"))
    assert row.split() == ["work", "2", "12.3k", "12.0k", "12.3k", "░" * 8, "25%", "0%", "0%", "531.2ms", "345"]


def test_every_column_fits_80_characters() -> None:
    text = shown(report())
    assert "…" not in text
    assert all(len(line) <= 80 for line in text.splitlines())


def test_the_account_is_shown_as_a_sum() -> None:
    assert "10 read = 6 written + 1 filtered + 2 rejected + 1 blank" in shown(report())


def test_progress_and_time_to_go_are_shown_while_the_size_is_known() -> None:
    assert "50%, 1 s to go" in shown(report(), expected=100)
    assert "to go" not in shown(report())


def test_a_failed_check_and_an_early_end_are_never_silent() -> None:
    failed = report()._replace(checks=(Check("a law", passed=False, detail="1 is not 2"),))
    text = shown(failed, ending="stopped by SIGINT")
    assert "check failed  a law: 1 is not 2" in text
    assert "stopped by SIGINT" in text


def test_markup_in_names_is_shown_and_not_obeyed() -> None:
    run = Run("job", {})
    run.stage("[red]x")
    run.result = lambda: {"levels": {"[bold]": 1}}
    text = shown(run.snapshot())
    assert "[red]x" in text
    assert "[bold] 1" in text
