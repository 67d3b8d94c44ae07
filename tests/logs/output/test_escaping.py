"""Escapes, where the entries that need them are few, most, or cannot be told at once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concli.logs.output import escaping
from concli.logs.output.columns import Segment, Value
from concli.logs.output.escaping import Escaper, Escapes, replace_invalid
from tests.logs.output.rows import AWKWARD, entries_of

ESCAPES = Escapes({b"\\": b"\\\\", b'"': b'\\"'} | {bytes([c]): b"\\u%04x" % c for c in range(32)}, utf8=True)


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), AWKWARD), min_size=1, max_size=60), st.booleans())
def test_it_is_what_escaping_one_by_one_gives(drawn: list[tuple[bool, bytes]], awkward_is_rare: bool) -> None:
    texts = [b"plain" if awkward_is_rare and n % 16 else text for n, (_, text) in enumerate(drawn)]
    column = entries_of([{"x": text} for text in texts]).fields["x"]
    segments: list[Segment] = [b'"', Value(column), b'"\n']
    expected = [ESCAPES.value(text) for text in texts]
    write = Escaper(ESCAPES)
    for _ in range(3):
        pieces, replaced = write(segments, len(texts))
        assert b"".join(pieces) == b"".join(b'"%s"\n' % text for text, _ in expected)
        assert replaced == sum(count for _, count in expected)


def test_what_is_escaped_in_parts_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(escaping, "_AT_ONCE", 50)
    texts = [b'"' * (n * 7 % 40) + b"\xc3\xa9" for n in range(100)]
    column = entries_of([{"x": text} for text in texts]).fields["x"]
    expected = [ESCAPES.value(text)[0] for text in texts]
    assert b"".join(Escaper(ESCAPES)([Value(column), b"\n"], 100)[0]) == b"".join(text + b"\n" for text in expected)
    pieces, _ = Escaper(ESCAPES, head=b"\n")([b" ", Value(column)], 100)
    assert b"".join(pieces) == b"".join(text + b"\n" for text in expected)


def test_what_needs_no_escapes_is_one_piece() -> None:
    column = entries_of([{"x": b"a"}] * 5).fields["x"]
    pieces, _ = Escaper(ESCAPES)([b'"', Value(column), b'"\n'], 5)
    assert len(pieces) == 1


def test_few_awkward_entries_are_pieces_between_the_others() -> None:
    column = entries_of([{"x": b'"' if n in (20, 21, 60) else b"a"} for n in range(100)]).fields["x"]
    pieces, _ = Escaper(ESCAPES)([Value(column), b"\n"], 100)
    assert [len(piece) for piece in pieces] == [40, 3, 3, 76, 3, 78]


def test_replacing_keeps_what_is_utf8() -> None:
    assert replace_invalid("é".encode() + b"\xe2\x82\xff") == ("é\ufffd\ufffd\ufffd".encode(), 3)


def test_no_entries_are_no_pieces() -> None:
    column = entries_of([]).raw
    assert Escaper(ESCAPES)([Value(column._replace(starts=np.empty(0, np.int64))), b"\n"], 0) == ([], 0)
