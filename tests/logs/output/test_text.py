"""Lines to be read: what is missing is left out, and nothing else changes."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from concli.logs.entries import Column
from concli.logs.output.text import Raw, Text
from tests.logs.output.rows import Row, entries_of, rendered, rows


@settings(deadline=None)
@given(rows())
def test_text_has_what_is_there(made: list[Row]) -> None:
    def line(row: Row) -> bytes:
        stamp = row["timestamp"].replace(b"T", b" ") if "timestamp" in row else None
        level = b"[%s]" % row["level"] if row.get("level") else None
        return b" ".join(part for part in (stamp, level, row.get("message")) if part is not None)

    assert rendered(Text(), entries_of(made)) == b"".join(line(row) + b"\n" for row in made)


def test_fields_that_are_named_follow_in_the_manner_of_logfmt() -> None:
    row = {"timestamp": b"2026-01-01T00:00:00", "level": b"A", "message": b"m\n  at x", "a": b"1", "b": b'"\xff'}
    text = Text(("timestamp", "level", "message", "b", "a", "none"))
    pieces, replaced = text(entries_of([row]), np.ones(1, bool))
    assert b"".join(pieces) == '2026-01-01 00:00:00 [A] m\n  at x b="\\"\ufffd" a=1\n'.encode()
    assert replaced == 1
    assert rendered(Text(("b",)), entries_of([{"b": b"x y"}, {"b": b"z"}])) == b'b="x y"\nb=z\n'


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.binary(max_size=5), st.booleans(), st.sampled_from([b"", b"\r", b"\nrejected"]))),
    st.booleans(),
)
def test_raw_lines_are_as_they_were(lines: list[tuple[bytes, bool, bytes]], last_has_feed: bool) -> None:
    text, starts, ends = b"", [], []
    for line, _, behind in lines:
        starts.append(len(text))
        ends.append(len(text) + len(line))
        text += line + behind + b"\n"
    column = Column(text if last_has_feed else text[:-1], np.array(starts, np.int64), np.array(ends, np.int64))
    entries = entries_of([{}] * len(lines))._replace(raw=column)
    keep = np.array([kept for _, kept, _ in lines], bool)
    assert rendered(Raw(), entries, keep) == b"".join(line + b"\n" for line, kept, _ in lines if kept)


def test_a_run_of_raw_lines_is_one_piece_that_is_not_copied() -> None:
    entries = entries_of([{"raw": b"x%d" % n} for n in range(100)])
    pieces, _ = Raw()(entries, np.arange(100) != 50)
    assert [len(piece) for piece in pieces] == [10 * 3 + 40 * 4, 49 * 4]
    assert all(isinstance(piece, memoryview) and piece.obj is entries.raw.buffer for piece in pieces)
