"""Python's asctime form."""

import pytest

from concli.logs.formats.asctime import ASCTIME
from tests.logs.formats.vector import check_common_law, check_equals_expression, check_needs_no_expression, one

SAMPLES = [
    b"2026-11-22 16:35:43,989 - shop.orders - INFO - order 17 accepted",
    b"2026-11-22 16:35:43,989 - shop - WARNING - a - b - ",
    b"2026-11-22 16:35:44,001 - " + b"a.long.name." * 9 + b"x - CRITICAL - m",
]
OTHERS = [
    b"2026-11-22 16:35:43,989 - INFO - no logger",
    b"2026-11-22 16:35:43 - shop - Level 15 - no fraction",
    b"2026-11-22 16:35:43,989 - shop - INFO - CRITICAL - which is the level",
]


def test_it_equals_its_expression() -> None:
    check_equals_expression(ASCTIME, SAMPLES + OTHERS)
    check_equals_expression(ASCTIME, OTHERS)


def test_usual_lines_are_settled_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    check_needs_no_expression(ASCTIME, SAMPLES, monkeypatch)
    check_needs_no_expression(ASCTIME, [b"2026-11-22 16:35:43 - shop - INFO - x"] * 3, monkeypatch)


def test_it_keeps_the_common_law() -> None:
    check_common_law(ASCTIME, SAMPLES + OTHERS)


def test_the_parts_of_a_line_are_found() -> None:
    assert one(ASCTIME, SAMPLES[1]) == {
        "raw": SAMPLES[1],
        "timestamp": b"2026-11-22T16:35:43.989",
        "level": b"WARNING",
        "logger": b"shop",
        "message": b"a - b - ",
    }
    assert [one(ASCTIME, line)["level"] for line in OTHERS] == [b"INFO", b"Level 15", b"INFO"]
    assert one(ASCTIME, OTHERS[0])["logger"] is None
