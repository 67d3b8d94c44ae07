"""Levels of one letter."""

from concli.logs.formats.letters import KLOG, LOGCAT, LOGCAT_BRIEF
from tests.logs.formats.scanning import Entry, read, scan


def test_klog_has_no_year_and_takes_that_of_the_chunk() -> None:
    text = b"I1231 23:59:59.000001  12 a/b.go:7] x\nE0101 00:00:00.000002 12 b.go:8] y\n  goroutine 1\n"
    assert read(KLOG, text, year=2026) == [
        Entry(b"2026-12-31T23:59:59.000001", b"INFO", b"x", {"thread": 12, "file": "a/b.go", "line": 7}),
        Entry(b"2027-01-01T00:00:00.000002", b"ERROR", b"y\n  goroutine 1", {"thread": 12, "file": "b.go", "line": 8}),
    ]
    assert [entry.timestamp for entry in read(KLOG, text)] == [
        b"2025-12-31T23:59:59.000001",
        b"2026-01-01T00:00:00.000002",
    ]
    match = KLOG.begins.match(text)
    assert match
    assert match["month"] == b"12"


def test_logcat_has_tags_with_blanks_and_maybe_a_year_and_a_user() -> None:
    text = (
        b"11-22 16:35:43.123  1234  5678 W My Tag  : a: b\n2026-11-22 16:35:43.123456 +0100 u0_a12 1 2 F DEBUG   : \n"
    )
    assert read(LOGCAT, text) == [
        Entry(b"2026-11-22T16:35:43.123", b"WARNING", b"a: b", {"pid": 1234, "tid": 5678, "tag": "My Tag"}),
        Entry(
            b"2026-11-22T16:35:43.123456+01:00",
            b"FATAL",
            b"",
            {"uid": "u0_a12", "pid": 1, "tid": 2, "tag": "DEBUG"},
        ),
    ]


def test_what_logcat_writes_between_buffers_is_no_entry() -> None:
    found = scan(LOGCAT, b"--------- beginning of main\n" + LOGCAT.example)
    assert (found.entries.size, found.reasons) == (1, ["not logcat"])


def test_logcat_in_brief_may_have_a_timestamp() -> None:
    assert read(LOGCAT_BRIEF, b"V/x(1): y\n11-22 16:35:43.123 A/x y ( 22): z") == [
        Entry(None, b"VERBOSE", b"y", {"tag": "x", "pid": 1}),
        Entry(b"2026-11-22T16:35:43.123", b"ASSERT", b"z", {"tag": "x y", "pid": 22}),
    ]
