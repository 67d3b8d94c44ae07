"""What containers say, wrapped by Kubernetes' runtimes."""

import pytest

from concli.logs.formats.cri import _GRAMMAR, CRI
from tests.logs.formats.scanning import Entry, entries_of, raws_of, scan
from tests.logs.formats.vector import check_common_law, check_equals_expression, check_needs_no_expression

_LINES = [b" stdout P listening on", b" stderr F  8731", b" stdout F ", b" stderr F x" + b"y" * 90]
_STAMPS = [
    b"2026-11-22T16:35:43" + fraction + offset for fraction in (b".123456789", b"") for offset in (b"Z", b"-03:30")
]
each = pytest.mark.parametrize("stamp", _STAMPS)


@each
def test_it_equals_its_expression(stamp: bytes) -> None:
    samples = [stamp + line for line in [*_LINES, b" stderr F:x f"]]
    check_equals_expression(_GRAMMAR.format("cri", "", CRI.example), samples)


@each
def test_usual_lines_are_settled_at_once(stamp: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [stamp + line for line in _LINES]
    check_needs_no_expression(_GRAMMAR.format("cri", "", CRI.example), lines, monkeypatch)


def test_it_keeps_the_common_law() -> None:
    check_common_law(CRI, [_STAMPS[0] + _LINES[1], _STAMPS[2] + _LINES[1]])


def test_partial_lines_are_joined_with_the_full_one_of_their_stream() -> None:
    text = (
        b"2026-11-22T16:35:43.1Z stdout P a\n"
        b"2026-11-22T16:35:43.2Z stdout P  b\n"
        b"2026-11-22T16:35:43.3+01:00 stdout F c\n"
        b"2026-11-22T16:35:43.4Z stderr F d\n"
        b"2026-11-22T16:35:43.5Z stdout P e\n"
        b"2026-11-22T16:35:43.6Z stderr F:x f\n"
        b"2026-11-22T16:35:43.7Z stdout P g"
    )
    found = scan(CRI, text)
    assert [entry[::2] for entry in entries_of(found)] == [
        (b"2026-11-22T16:35:43.1Z", b"a bc"),
        (b"2026-11-22T16:35:43.4Z", b"d"),
        (b"2026-11-22T16:35:43.5Z", b"e"),
        (b"2026-11-22T16:35:43.6Z", b"f"),
        (b"2026-11-22T16:35:43.7Z", b"g"),
    ]
    assert [entry.fields["stream"] for entry in entries_of(found)] == ["stdout", "stderr", "stdout", "stderr", "stdout"]
    assert b"\n".join(raws_of(found)) == text
    assert (found.continued, found.entries.lines.tolist()) == (2, [0, 3, 4, 5, 6])


def test_a_line_that_is_none_comes_between_parts() -> None:
    found = scan(CRI, b"2026-11-22T16:35:43Z stdout P a\nx\n2026-11-22T16:35:43Z stdout F b")
    assert [entry.message for entry in entries_of(found)] == [b"a", b"b"]
    assert found.reasons == ["not cri"]
    assert scan(CRI, b"x").reasons == ["not cri"]
    assert entries_of(scan(CRI, b"2026-11-22T16:35:43Z stdout F ")) == [
        Entry(b"2026-11-22T16:35:43Z", b"", b"", {"stream": "stdout"})
    ]
