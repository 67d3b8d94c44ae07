"""The table of the smoke run is a pure function of a report."""

import io
from collections.abc import Mapping

import pytest
from rich.console import Console

from concli.cli.smoke_table import render
from concli.lab.smoke import Row
from concli.metrics import Check, Report, Run

ROWS = (
    Row("bounded-buffer", "ok", 0.25, checks=(Check("a", True, ""),) * 12, items=10_000, items_s=0.05),
    Row("channel", "failed", 1.5, checks=(Check("a", True, ""), Check("a law", False, "1 is not \x1b[31m2"))),
    Row("logs process", "running"),
    Row("producer-consumer", "skipped"),
    Row("verify"),
)
GIL: Mapping[str, object] = {"free_threaded": False, "gil": True, "gil_enabled_by": {}}


def report(*rows: Row, **gil: object) -> Report:
    run = Run("smoke", {})
    run.result = lambda: {"commands": [row.plain() for row in rows], **GIL, **gil}
    run.totals = lambda: {
        "commands": len(rows),
        **{outcome: sum(row.outcome == outcome for row in rows) for outcome in ("ok", "failed", "skipped")},
        "checks": 14,
        "checks_passed": 13,
    }
    run.end()
    return run.snapshot()


def shown(report: Report, ending: str = "", width: int = 80) -> list[str]:
    file = io.StringIO()
    Console(file=file, width=width).print(render(report, ending=ending))
    return file.getvalue().splitlines()


def test_a_command_is_a_row_with_what_came_of_it() -> None:
    lines = shown(report(*ROWS), width=120)
    rows = [line.split() for line in lines[2:7]]
    assert rows[0] == ["bounded-buffer", "ok", "0.25s", "12/12", "10.0k", "200k"]
    assert rows[1][:4] == ["channel", "failed", "1.50s", "1/2"]
    assert rows[2] == ["logs", "process", "running"]
    assert rows[4] == ["verify", "waiting"]
    assert "5 commands: 1 ok, 1 failed, 1 skipped" in lines[0]
    assert any("13 of 14 passed" in line for line in lines)


def test_the_first_failure_is_shown_and_no_terminal_obeys_it() -> None:
    text = "\n".join(shown(report(*ROWS), width=120))
    assert "a law: 1 is not \\x1b[31m2" in text
    assert "stopped before its end" in text


def test_all_fits_80_characters() -> None:
    long = Row("logs process", "failed", 10.0, checks=(Check("word" * 20, False, "word " * 30),))
    lines = shown(report(*ROWS, long))
    assert not any("…" in line or len(line) > 80 for line in lines)
    assert "word" * 5 in "\n".join(lines)


@pytest.mark.parametrize(
    ("gil", "words"),
    [
        ({}, "GIL  on; this build"),
        ({"free_threaded": True, "gil": False}, "GIL  off; "),
        ({"free_threaded": True}, "because of: unknown"),
        ({"free_threaded": True, "gil_enabled_by": {"matmul": "old._core"}}, "because of: old._core (matmul)"),
    ],
)
def test_whether_there_is_a_gil_is_said_and_who_turned_it_on(gil: dict[str, object], words: str) -> None:
    assert words in shown(report(*ROWS, **gil), width=150)[-1]


def test_an_early_end_is_said_and_a_run_that_has_not_begun_can_be_shown() -> None:
    assert "stopped by SIGINT" in shown(report(*ROWS), ending="stopped by SIGINT")[0]
    assert shown(Run("smoke", {}).snapshot())[0].startswith("concli smoke")
