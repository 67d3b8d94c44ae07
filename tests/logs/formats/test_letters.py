"""Levels of one letter."""

import pytest

from concli.logs.formats.format import Format
from concli.logs.formats.letters import _BRIEF, KLOG, LOGCAT, LOGCAT_BRIEF
from tests.logs.formats.scanning import Entry, read, scan
from tests.logs.formats.vector import check_common_law, check_equals_expression, check_needs_no_expression

_PLAIN_BRIEF = _BRIEF.format("logcat-brief", "", LOGCAT_BRIEF.example)
_KLOGS = [
    b'I1122 16:35:43.123456    1234 controller.go:116] "Starting workers" count=5',
    b"E0229 16:35:43.123456 1 a b.go:7]",
    b"W0101 23:59:60.000000 140234567890123 x.go:0]  y",
]
_LOGCATS = [
    b"11-22 16:35:43.123  1234  5678 I ActivityManager: Displayed com.example/.Main: +350ms",
    b"11-22 16:35:43.124  1234 15678 E wpa     : x",
    b"11-22 16:35:43.124     1     1 S a b  c:",
]
_BRIEFS = [b"I/ActivityManager( 1234): Displayed", b"E/a b  (  1):x: y", b"W/wpa     (77): (b)"]
each = pytest.mark.parametrize(
    ("tested", "samples"),
    [(KLOG, _KLOGS), (LOGCAT, _LOGCATS), (_PLAIN_BRIEF, _BRIEFS)],
    ids=["klog", "logcat", "logcat-brief"],
)


@each
def test_it_equals_its_expression(tested: Format, samples: list[bytes]) -> None:
    check_equals_expression(
        tested, [*samples, b"11-22 16:35:43.123 u0_a1 1 2 I a: b", b"11-22 16:35:43.123 A/x ( 2): z"]
    )


@each
def test_usual_lines_are_settled_at_once(tested: Format, samples: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    check_needs_no_expression(tested, samples[:2] if tested is KLOG else samples, monkeypatch)


@pytest.mark.parametrize(
    "head", [b"11-22 16:35:43.123456", b"2026-11-22 16:35:43.123", b"2026-11-22 16:35:43.123456"], ids=len
)
def test_logcat_with_a_year_or_microseconds_is_settled_at_once(head: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    check_needs_no_expression(LOGCAT, [head + _LOGCATS[0][18:]] * 3, monkeypatch)


def test_logcat_in_brief_with_timestamps_is_settled_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [b"11-22 16:35:43.%03d " % number + brief for number, brief in enumerate(_BRIEFS)]
    check_needs_no_expression(LOGCAT_BRIEF, lines, monkeypatch)
    check_equals_expression(_PLAIN_BRIEF, lines)


@pytest.mark.parametrize(("tested", "samples"), [(KLOG, _KLOGS[::2]), (LOGCAT, _LOGCATS)], ids=["klog", "logcat"])
def test_it_keeps_the_common_law(tested: Format, samples: list[bytes]) -> None:
    check_common_law(tested, samples)


def test_zeros_before_a_number_are_no_part_of_it() -> None:
    (entry,) = read(KLOG, b"I1122 16:35:43.123456 007 x.go:00] y")
    assert entry.fields == {"thread": 7, "file": "x.go", "line": 0}


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
