"""The lab's table is a pure function of a report."""

import io

from rich.console import Console

from concli.cli.lab_table import render, sparkline
from concli.lab import Workload, run_lab
from concli.lab.bounded_buffer import Shape, bounded_buffer
from concli.lab.compare import Comparison, Row
from concli.metrics import Check, Report, Run


def report() -> Report:
    run = Run("bounded-buffer", {})
    run_lab(bounded_buffer(Shape(producers=5, consumers=5)), Workload(ops=500), run)
    return run.snapshot()


def shown(report: Report, **options: object) -> str:
    file = io.StringIO()
    Console(file=file, width=80).print(render(report, **options))  # type: ignore[arg-type]
    return file.getvalue()


def test_a_role_is_a_row_and_all_fits_80_characters() -> None:
    text = shown(report())
    assert any(line.startswith("consumer") for line in text.splitlines())
    assert "and 2 more" in text
    assert all(len(line) <= 80 for line in text.splitlines())
    assert "…" not in text


def test_a_failed_check_a_missing_peer_and_those_left_behind_are_never_silent() -> None:
    before = report()
    rows = (Row("ours", 1000.0), Row("culsans", problem="not installed"))
    result = {**before.result, "comparison": Comparison(1, rows), "abandoned": ["consumer-7"]}
    text = shown(before._replace(result=result, checks=(Check("a law", False, "1 is not 2"),)), ending="stopped")
    for words in ("check failed  a law: 1 is not 2", "not installed", "consumer-7", "stopped"):
        assert words in text


def test_a_run_that_has_not_begun_can_be_shown() -> None:
    assert "bounded-buffer" in shown(Run("bounded-buffer", {}).snapshot())


def test_a_sparkline_is_short_and_shows_peaks() -> None:
    assert sparkline([0, 10], 10) == "▁█"
    assert sparkline([0] * 999 + [10], 10) == "▁" * 39 + "█"
    assert sparkline([0, 0], 0) == "▁▁"
