"""Records, whatever they are parsed from."""

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from concli.logs.formats._record_shapes import ShapeOf, json_shape, logfmt_shape
from concli.logs.formats.format import Reading
from concli.logs.formats.json_lines import _parse as parse_json
from concli.logs.formats.logfmt import _parse as parse_logfmt
from concli.logs.formats.records import Number, Parse, RecordScanner, Roles, encoded, spelled
from tests.logs.formats.scanning import Entry, chunk_of, entries_of

ROLES = Roles(("when", "at"), ("how",), ("what",), {b"!": b"LOUD"})


def parse(line: str) -> dict[str, Any] | None:
    return dict(pair.split(":", 1) for pair in line.split(";")) if ":" in line else None


def read(text: bytes) -> list[Entry]:
    return entries_of(RecordScanner(Reading(), parse, ROLES, "not mine").scan(chunk_of(text)))


def test_the_first_name_that_a_record_has_stands_for_the_value() -> None:
    stamp = b"2026-11-22T16:35:43Z"
    assert read(b"at:1795365343;what:x;how:!\nwhen:1795365343;at:y\nhow:z\n") == [
        Entry(stamp, b"LOUD", b"x", {}),
        Entry(stamp, b"", b"", {"at": "y"}),
        Entry(None, b"z", b"", {}),
    ]


def test_a_field_that_is_called_as_one_of_the_three_is_renamed() -> None:
    assert read(b"level:x;message:y;a:z")[0].fields == {"level_": "x", "message_": "y", "a": "z"}


def test_lines_with_the_same_names_in_another_order_share_columns() -> None:
    assert [entry.fields for entry in read(b"a:1;b:2\nb:3;a:4\na:5\n")] == [
        {"a": "1", "b": "2"},
        {"a": "4", "b": "3"},
        {"a": "5"},
    ]


def test_values_are_spelled_as_json() -> None:
    value = {"a": [Number("1.50"), 2, None, True, "é"], "b": {}}
    assert spelled(value) == '{"a": [1.50, 2, null, true, "é"], "b": {}}'
    assert encoded("é\udcff") == b"\xc3\xa9\xff"


JSONS = [
    b'{"at":"2026-11-22T16:35:43.123Z","how":"info","what":"x","n":5,"ok":true}',
    b'{"at":"2026-11-22T16:35:44.124Z","how":"warn","what":"a \\"b\\" \\u00e9\\n","n":-0,"ok":null}',
    b'{"at":"2026-11-22T16:35:44.125Z","how":"!","what":"\xff \xc3\xa9","n":1.50,"ok":false}',
    b'{"at": "2026-11-22T16:35:44Z", "n": 1e5, "what": ["x"]}',
]
LOGFMTS = [
    b'at=2026-11-22T16:35:43.123Z how=info what="it works" n=3',
    b"at=2026-11-22T16:35:43.124Z how=info  what=x n=\t",
    b'at=2026-11-22T16:35:43.125Z how=! what="a \\"b\\"" n="" more',
    b"at=1795365343 n=\xff",
]


@pytest.mark.parametrize(
    ("parsed", "shape_of", "samples"),
    [(parse_json, json_shape, JSONS), (parse_logfmt, logfmt_shape, LOGFMTS)],
    ids=["json", "logfmt"],
)
def test_by_shapes_or_line_by_line_the_entries_are_the_same(
    parsed: Parse, shape_of: ShapeOf, samples: list[bytes]
) -> None:
    pieces = st.sampled_from(
        [b"", b" ", b"\t", b'"', b"\\", b"0", b".", b"-", b"e", b"}", b",", b"=", b"\r", b"\xe2\x80\xa8"]
    )

    @st.composite
    def lines(draw: st.DrawFn) -> bytes:
        line = draw(st.sampled_from(samples))
        for _ in range(draw(st.sampled_from([0, 0, 1, 2]))):
            at = draw(st.integers(0, len(line)))
            line = line[:at] + draw(pieces) + line[at + draw(st.integers(0, 2)) :]
        return line

    shaped = RecordScanner(Reading(), parsed, ROLES, "not mine", shape_of)

    @settings(deadline=None, max_examples=50)
    @given(st.lists(lines(), min_size=1, max_size=9))
    @example(samples[:3])
    def check(log: list[bytes]) -> None:
        text = b"\n".join(log) + b"\n"
        plain = RecordScanner(Reading(), parsed, ROLES, "not mine")
        one, other = shaped.scan(chunk_of(text)), plain.scan(chunk_of(text))
        assert entries_of(one) == entries_of(other)
        assert list(one.entries.fields) == list(other.entries.fields)
        assert [column.kind for column in one.entries.fields.values()] == [
            column.kind for column in other.entries.fields.values()
        ]
        assert (one.rejected.tolist(), one.reasons, one.blank) == (other.rejected.tolist(), other.reasons, other.blank)

    check()


def test_lines_of_one_shape_are_not_parsed_one_by_one() -> None:
    parsed: list[str] = []

    def spy(line: str) -> dict[str, Any] | None:
        parsed.append(line)
        return parse_json(line)

    scanner = RecordScanner(Reading(), spy, ROLES, "not mine", json_shape)
    for _ in range(2):
        found = scanner.scan(chunk_of((JSONS[0] + b"\n") * 50 + JSONS[1]))
        assert found.entries.size == 51
    assert parsed == [JSONS[0].decode()]  # that from which the shape is made


def test_an_object_in_another_has_no_shape() -> None:
    for text in ('{"a":{"b":1}}', '{"a":1,"a":2}', '{"a":1e5}'):
        assert json_shape(text, tuple(json.loads(text))) is None
    assert logfmt_shape("a=1 b", ("a", "b")) is None
