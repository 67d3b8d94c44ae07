"""The fallback."""

import pytest

from concli.logs.formats.general import GENERAL
from tests.logs.formats.scanning import Entry, read, scan


@pytest.mark.parametrize(
    ("line", "timestamp", "level", "message", "context"),
    [
        ("2026-11-22 16:35:43 x y", "2026-11-22T16:35:43", "", "x y", None),
        ("2026-11-22T16:35:43.5Z INFO x", "2026-11-22T16:35:43.5Z", "INFO", "x", None),
        ("[2026-11-22 16:35:43,123] [WARN] x", "2026-11-22T16:35:43.123", "WARN", "x", None),
        ("2026-11-22 16:35:43 +0100: error: x", "2026-11-22T16:35:43+01:00", "error", "x", None),
        ("2026-11-22 16:35:43 | Debug | x", "2026-11-22T16:35:43", "Debug", "x", None),
        ("2026-11-22 16:35:43 host app[1]: <ERROR> x", "2026-11-22T16:35:43", "ERROR", "x", "host app[1]:"),
        ("2026-11-22 16:35:43 a b c d ERROR x", "2026-11-22T16:35:43", "", "a b c d ERROR x", None),
        ("2026-11-22 16:35:43 an error: x", "2026-11-22T16:35:43", "", "an error: x", None),
        ("2026-11-22 16:35:43 error_count=1", "2026-11-22T16:35:43", "", "error_count=1", None),
        ("2026-11-22 16:35:43 ERROR", "2026-11-22T16:35:43", "ERROR", "", None),
        ("2026-11-22 16:35:43", "2026-11-22T16:35:43", "", "", None),
        ("Nov 22 16:35:43 host x", "2026-11-22T16:35:43", "", "host x", None),
        ("Sun Nov 22 16:35:43 2026 x", "2026-11-22T16:35:43", "", "x", None),
        ("22/Nov/2026:16:35:43 +0000 x", "2026-11-22T16:35:43+00:00", "", "x", None),
        ("22 Nov 2026 16:35:43.389 * x", "2026-11-22T16:35:43.389", "", "* x", None),
        ("20261122 16:35:43 x", "2026-11-22T16:35:43", "", "x", None),
        ("20261122T163543Z x", "2026-11-22T16:35:43Z", "", "x", None),
        ("22.11.2026 16:35 x", "2026-11-22T16:35:00", "", "x", None),
        ("11/22/2026 04:35:43 PM FATAL x", "2026-11-22T16:35:43", "FATAL", "x", None),
        ("2026/11/22 16:35:43 x", "2026-11-22T16:35:43", "", "x", None),
        ("1795365343 x", "2026-11-22T16:35:43Z", "", "x", None),
        ("1795365343.123 x", "2026-11-22T16:35:43.123Z", "", "x", None),
        ("[1795365343123] NOTICE: x", "2026-11-22T16:35:43.123Z", "NOTICE", "x", None),
        ("11-22 16:35:43.123 x", "2026-11-22T16:35:43.123", "", "x", None),
    ],
)
def test_timestamp_level_and_the_rest(line: str, timestamp: str, level: str, message: str, context: str | None) -> None:
    fields = {} if context is None else {"context": context}
    assert read(GENERAL, line.encode()) == [Entry(timestamp.encode(), level.encode(), message.encode(), fields)]
    assert GENERAL.begins.match(line.encode())


@pytest.mark.parametrize("line", ["x 2026-11-22 16:35:43", "2026-11-22", "16:35:43 x", "179536534 x", "2026-11-22 x"])
def test_without_a_timestamp_at_its_beginning_a_line_is_no_entry(line: str) -> None:
    assert scan(GENERAL, line.encode()).reasons == ["not general"]
    assert not GENERAL.begins.match(line.encode())


def test_what_follows_belongs_to_the_entry() -> None:
    (entry,) = read(GENERAL, b"2026-11-22 16:35:43 ERROR x\n  at y\n\n  at z\n")
    assert entry.message == b"x\n  at y\n\n  at z"
