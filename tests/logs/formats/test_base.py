"""The base format among the others; its own scanner is tested in test_scanner."""

import pytest

from concli.logs.formats.base import BASE
from concli.logs.scanner import Scanner
from tests.conftest import ROOT
from tests.logs.formats.vector import (
    check_common_law,
    check_equals_expression,
    check_needs_no_expression,
    chunk_of,
    entries_of,
    scanner_of,
)

SAMPLES = [
    b"2026-11-22 16:35:43 [INFO] listening on 127.0.0.1:8731",
    b"2026-11-22 16:35:43 [CRITICAL] ] [x] ",
    b"2026-11-22 16:35:43 [A_LEVEL_OF_MANY_BYTES] x",
]


def test_it_equals_its_expression() -> None:
    check_equals_expression(BASE, SAMPLES)


def test_usual_lines_are_settled_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    check_needs_no_expression(BASE, SAMPLES[:2], monkeypatch)


def test_it_keeps_the_common_law() -> None:
    check_common_law(BASE, SAMPLES)


def test_it_finds_what_the_fast_scanner_finds() -> None:
    data = (ROOT / "sample_logs/python-service.log").read_bytes()
    lines = Scanner(1 << 24).scan(chunk_of(data))
    scan = scanner_of(BASE, multiline="off").scan(chunk_of(data))
    found = [int(n) for n in scan.entries.lines]
    assert found == [n for n, level in enumerate(lines.levels.tolist()) if level]
    assert [e["level"] for e in entries_of(scan)] == [lines.names[lines.levels[n]] for n in found]
    assert len(found) == 367


def test_more_levels_than_can_be_numbered_are_rejects() -> None:
    lines = [b"2026-01-01 00:00:00 [L%d] x" % number for number in range(300)]
    scan = scanner_of(BASE).scan(chunk_of(b"\n".join(lines)))
    assert scan.entries.size + len(scan.rejected) == 300
    assert set(scan.reasons) == {"too many levels"}
    assert all(b" [%s] x" % entry["level"] in (entry["raw"] or b"") for entry in entries_of(scan) if entry["level"])
    assert all(entry["level"] for entry in entries_of(scan))
    assert scan.entries.size >= 200


def test_levels_are_forgotten_when_they_get_many() -> None:
    scanner = scanner_of(BASE)
    for first in range(0, 1000, 100):
        lines = [b"2026-01-01 00:00:00 [L%d] x" % number for number in range(first, first + 100)]
        assert scanner.scan(chunk_of(b"\n".join(lines))).entries.size == 100
