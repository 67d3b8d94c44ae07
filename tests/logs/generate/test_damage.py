"""Damaged lines begin no entry, or have an odd message."""

import pytest

from concli.logs.generate.damage import break_line, make_odd
from concli.logs.generate.events import Event
from concli.logs.generate.layout import Line

LINE = Line("2026-03-01 06:00:00 [INFO] order paid\n  more", (0, 19), "", "", "", {})


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("torn", "order paid"),
        ("nul", "\0" * 9 + "2026-03-01 06:00:00 [INFO] order paid"),
        ("cut", "20 [INFO] order paid"),
    ],
)
def test_a_broken_line_is_one_line_without_its_beginning(kind: str, expected: str) -> None:
    assert break_line(LINE, kind, lambda: 0.5) == expected


def test_an_odd_message_is_not_utf_8_or_very_long() -> None:
    event = Event("INFO", "order paid")
    assert make_odd(event, "utf8", lambda: 0.5).message == "order\udcff\udcfe paid"
    assert len(make_odd(event, "long", lambda: 0.5).message) > 65_000
