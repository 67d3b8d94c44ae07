"""What containers say, wrapped by Kubernetes' runtimes."""

from concli.logs.formats.cri import CRI
from tests.logs.formats.scanning import Entry, entries_of, raws_of, scan


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
