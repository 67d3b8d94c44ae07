"""Records, whatever they are parsed from."""

from typing import Any

from concli.logs.formats.format import Reading
from concli.logs.formats.records import Number, RecordScanner, Roles, encoded, spelled
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
