"""JSON lines, the journal's export, and Docker's wrapping."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concli.logs.formats.json_lines import DOCKER, JOURNALD, JSON
from tests.logs.formats.scanning import Entry, entries_of, raws_of, read, scan


@pytest.mark.parametrize(
    ("line", "entry"),
    [
        (b'{"ts": 1795365343.25, "lvl": 30, "msg": "x"}', Entry(b"2026-11-22T16:35:43.25Z", b"INFO", b"x", {})),
        (b'{"time": 1.79536534325e9, "x": 1}', Entry(b"2026-11-22T16:35:43.250000Z", b"", b"", {"x": 1})),
        (
            b'{"@timestamp": "2026-11-22T16:35:43Z", "log.level": "warn"}',
            Entry(b"2026-11-22T16:35:43Z", b"warn", b"", {}),
        ),
        (
            b'{"asctime": "2026-11-22 16:35:43,123", "levelname": "INFO"}',
            Entry(b"2026-11-22T16:35:43.123", b"INFO", b"", {}),
        ),
        (b'{"time": null, "level": null, "msg": null, "x": null}', Entry(None, b"", b"", {})),
        (b'{"message": {"a": [1, 2.50]}, "msg": "y"}', Entry(None, b"", b'{"a": [1, 2.50]}', {"msg": "y"})),
        (
            b'{"a": {"b": [true, null, "\\u00e9"]}, "c": 1e400}  ',
            Entry(None, b"", b"", {"a": {"b": [True, None, "é"]}, "c": float("inf")}),
        ),
        (b'{"severity": "x", "level": "y", "text": "a\\nb"}', Entry(None, b"y", b"a\nb", {"severity": "x"})),
        (b"{}", Entry(None, b"", b"", {})),
    ],
)
def test_the_usual_names_are_known(line: bytes, entry: Entry) -> None:
    assert read(JSON, line) == [entry]


@pytest.mark.parametrize(
    "line",
    [
        b"[1]",
        b"1",
        b"{",
        b'{"a": 1} x',
        b'{"a": NaN}',
        b'{"a": 1}{"b": 2}',
        b'{"a":' * 100_000,
        b'{"a":' + b"1" * 5000 + b"}",
        b" x",
    ],
)
def test_another_line_is_none(line: bytes) -> None:
    assert scan(JSON, line).reasons == ["not JSON"]


@pytest.mark.parametrize("depth", [99, 100, 600, 3000])
def test_an_object_is_as_deep_as_can_be_written_again(depth: int) -> None:
    found = scan(JSON, b'{"a":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}")
    assert (found.entries.size, found.reasons) == ((1, []) if depth <= 100 else (0, ["not JSON"]))


def test_an_object_over_several_lines_is_none_on_any() -> None:
    assert scan(JSON, b'{"a":\n1}\n{"a": 1}').rejected.tolist() == [0, 1]


def test_what_is_no_moment_rejects_the_line() -> None:
    found = scan(JSON, b'{"time": "2026-02-30T00:00:00Z"}\n{"time": "soon"}\n{"time": 1e999}\n{"time": [1]}')
    assert found.reasons == ["impossible date", "no timestamp", "no timestamp", "no timestamp"]


def test_numbers_are_spelled_as_they_were() -> None:
    columns = scan(JSON, b'{"a": 1.50, "b": 1e2, "c": {"d": 1.0}}').entries.fields
    assert [columns[name].value(0) for name in "abc"] == [b"1.50", b"1e2", b'{"d": 1.0}']
    assert [columns[name].kind for name in "abc"] == ["number", "number", "json"]


def test_values_of_several_kinds_are_json() -> None:
    found = scan(JSON, b'{"a": 1}\n{"a": "x"}\n{"a": true}\n{"b": 1}\n{"a": null}')
    assert found.entries.fields["a"].kind == "json"
    assert [entry.fields for entry in entries_of(found)] == [{"a": 1}, {"a": "x"}, {"a": True}, {"b": 1}, {}]


def test_more_names_than_there_is_room_for_are_kept_together() -> None:
    lines = [json.dumps({f"k{number}": number, "x": 1}) for number in range(1000)]
    found = scan(JSON, "\n".join(lines).encode())
    assert len(found.entries.fields) <= 257
    for number, entry in enumerate(entries_of(found)):
        fields = entry.fields | entry.fields.get("others", {})
        assert (fields["x"], fields[f"k{number}"]) == (1, number)


def test_bytes_that_are_not_utf_8_and_half_characters_are_kept() -> None:
    found = scan(JSON, b'{"msg": "\xff"}\n{"msg": "\\ud800"}')
    assert found.entries.messages.value(0) == b"\xff"
    assert found.entries.messages.value(1) == b"\xed\xa0\x80"


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@settings(deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from("abcd"), _VALUES, max_size=4), min_size=1, max_size=8))
def test_each_object_comes_back_as_it_was(objects: list[dict[str, Any]]) -> None:
    text = "\n".join(map(json.dumps, objects)).encode()
    found = scan(JSON, text)
    expected = [{name: value for name, value in each.items() if value is not None} for each in objects]
    assert [entry.fields for entry in entries_of(found)] == expected
    assert raws_of(found) == text.split(b"\n")


def test_the_journal_has_priorities_and_messages_of_bytes() -> None:
    text = (
        b'{"__REALTIME_TIMESTAMP":"1795365343123456","PRIORITY":"3","MESSAGE":"x"}\n'
        b'{"__REALTIME_TIMESTAMP":"1795365343123456","MESSAGE":[104,105,255],"_PID":"1"}\n'
        b'{"__REALTIME_TIMESTAMP":"1795365343123456","MESSAGE":[104,256]}\n'
    )
    stamp = b"2026-11-22T16:35:43.123456Z"
    assert read(JOURNALD, text) == [
        Entry(stamp, b"ERR", b"x", {}),
        Entry(stamp, b"", b"hi\xff", {"_PID": "1"}),
        Entry(stamp, b"", b"[104, 256]", {}),
    ]
    assert scan(JOURNALD, b'{"MESSAGE": "x"}').reasons == ["not journald"]


def test_docker_takes_long_messages_apart_and_they_are_joined() -> None:
    def line(log: str, stream: str, second: int) -> bytes:
        return json.dumps({"log": log, "stream": stream, "time": f"2026-11-22T16:35:{second}.5Z"}).encode()

    text = b"\n".join(
        [
            line("a", "stdout", 10),
            line("b", "stdout", 11),
            line("c\r\n", "stdout", 12),
            line("d", "stdout", 13),
            line("e\n", "stderr", 14),
            line("f", "stdout", 15),
        ]
    )
    found = scan(DOCKER, text)
    assert entries_of(found) == [
        Entry(b"2026-11-22T16:35:10.5Z", b"", b"abc", {"stream": "stdout"}),
        Entry(b"2026-11-22T16:35:13.5Z", b"", b"d", {"stream": "stdout"}),
        Entry(b"2026-11-22T16:35:14.5Z", b"", b"e", {"stream": "stderr"}),
        Entry(b"2026-11-22T16:35:15.5Z", b"", b"f", {"stream": "stdout"}),
    ]
    assert b"\n".join(raws_of(found)) == text
    assert found.continued == 2
    assert scan(DOCKER, b'{"log": 1, "time": "2026-11-22T16:35:43Z"}').reasons == ["not docker"]
