"""The overview is a pure function of a result."""

import io
import json
from typing import Any

import pytest
from rich.console import Console

from concli.cli.logs_stats_table import chart, render
from concli.logs.stats import Collector
from concli.logs.stats.compare import comparison
from concli.logs.stats.result import document
from tests.logs.stats.rows import Row, scan_of

ROWS: list[Row] = [(f"2026-03-01T10:{n:02d}:00", "INFO", b"order %d paid" % n) for n in range(60)]
ROWS += [("2026-03-01T10:30:01", "FATAL", b"boom \x1b[2J " + b"y" * 300)] * 9
FIELDS = {"status": [b"200"] * 60 + [b"500"] * 9}


def result(rows: list[Row] = ROWS, **more: Any) -> dict[str, Any]:
    collector = Collector()
    collector.add(*scan_of(rows, **more))
    made: dict[str, Any] = json.loads(json.dumps(document(collector.finish())))
    return made


def shown(result: dict[str, Any], width: int = 80) -> str:
    file = io.StringIO()
    Console(file=file, width=width, highlight=False).print(render(result, width))
    return file.getvalue()


@pytest.mark.parametrize("width", [80, 140])
def test_all_fits_the_terminal(width: int) -> None:
    text = shown(result(fields=FIELDS, rejects=[(b"?" * 200, "no timestamp")]), width)
    assert all(len(line) <= width for line in text.splitlines())
    for words in (
        "order <num> paid",
        "bursts",
        "▲",
        "9 errors from 2026-03-01T10:30:00",
        "500",
        "no timestamp",
        "app.log:70",
    ):
        assert words in text
    assert "\x1b" not in text


def test_a_log_without_entries_is_shown() -> None:
    text = shown(result([], rejects=[(b"x", "no level")]))
    assert "0, none with a timestamp" in text
    assert "no level" in text


def test_a_silence_is_told_of() -> None:
    assert "gaps     3 h from 2026-03-01T10:59:00" in shown(result([*ROWS, ("2026-03-01T13:59:00", "INFO", b"x")]))


def test_estimates_are_marked() -> None:
    made = result()
    made["templates"] |= {"exact": False, "error": 7}
    text = shown(made)
    assert "~60" in text
    assert "estimates, up to 7 too low" in " ".join(text.split())


def test_a_comparison_is_shown_with_what_may_be_chance() -> None:
    this, other = Collector(), Collector()
    this.add(*scan_of(ROWS))
    other.add(*scan_of(ROWS[:60]))
    text = shown(result() | {"comparison": comparison(this.finish(), other.finish())})
    assert "new?" in text
    same = comparison(other.finish(), other.finish())
    assert "nothing is new, gone" in shown(result() | {"comparison": same})


def test_bars_have_eight_steps_a_line_and_one_is_always_seen() -> None:
    assert chart([0, 1, 1000], 1) == [" ▁█"]
    assert chart([], 2) == ["", ""]
