"""Tables are read back as what was put in."""

import csv
import io

from hypothesis import given, settings
from hypothesis import strategies as st

from concli.logs.output.delimited import Csv, Tsv
from tests.logs.output.rows import KINDS, PLAIN, Row, all_of, entries_of, rendered, rows

COLUMNS = ("timestamp", "level", "message", "number", "json", "odd key", 'q"', "none")
_UNESCAPED = {b"\\t": b"\t", b"\\n": b"\n", b"\\r": b"\r", b"\\\\": b"\\"}


def expected(made: list[Row]) -> list[list[bytes]]:
    return [[name.encode() for name in COLUMNS], *([row.get(name, b"") for name in COLUMNS] for row in made)]


def unescaped(text: bytes) -> bytes:
    parts, at = [], 0
    while at < len(text):
        step = 2 if text[at : at + 1] == b"\\" else 1
        parts.append(_UNESCAPED[text[at : at + 2]] if step == 2 else text[at : at + 1])
        at += step
    return b"".join(parts)


@settings(deadline=None)
@given(st.one_of(rows(), rows(PLAIN)))
def test_a_csv_reader_finds_every_value(made: list[Row]) -> None:
    render = Csv(COLUMNS)
    for _ in range(2):
        text = render.header + rendered(render, entries_of(made, KINDS))
        # Latin-1, as it has a character for each byte.
        got = list(csv.reader(io.StringIO(text.decode("latin-1"), newline=""), strict=True))
        assert [[value.encode("latin-1") for value in line] for line in got] == expected(made)


@settings(deadline=None)
@given(st.one_of(rows(), rows(PLAIN)))
def test_tabs_and_line_feeds_part_the_values_of_a_tsv(made: list[Row]) -> None:
    render = Tsv(COLUMNS)
    for _ in range(2):
        lines = (render.header + rendered(render, entries_of(made, KINDS))).split(b"\n")
        assert lines.pop() == b""
        assert [[unescaped(value) for value in line.split(b"\t")] for line in lines] == expected(made)


def test_only_what_may_need_it_is_quoted_and_nothing_is_told_from_an_empty_value() -> None:
    row = {"timestamp": b"2026-01-01T00:00:00", "level": b"INFO", "message": b"hi", "n": b"1", "x": b""}
    render = Csv(("timestamp", "level", "message", "n", "x", "y"))
    assert rendered(render, entries_of([row], {"n": "number"})) == b'2026-01-01T00:00:00,INFO,"hi",1,"",\n'


def test_a_line_feed_in_a_level_ends_no_entry() -> None:
    made: list[Row] = [{"level": b"\n", "message": b"plain"}] * 8 + [{"level": b"\n", "message": b'"'}]
    assert rendered(Csv(), entries_of(made)) == b',"\n","plain"\n' * 8 + b',"\n",""""\n'


def test_bytes_that_are_not_utf8_stay_and_are_not_counted() -> None:
    entries = entries_of([{"message": b"\xff"}])
    assert Csv()(entries, all_of(entries))[1] == 0
    assert rendered(Csv(), entries_of([{"message": b"\xff"}])) == b',,"\xff"\n'


def test_values_without_a_column_are_counted() -> None:
    render = Tsv()
    rendered(render, entries_of([{"message": b"x", "a": b"1"}, {"a": b"2", "b": b"3"}, {}]))
    assert render.header == b"timestamp\tlevel\tmessage\n"
    assert render.left_out == {"a": 2, "b": 1}
