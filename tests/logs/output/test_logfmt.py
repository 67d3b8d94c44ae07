"""logfmt is read back as what was put in."""

import json
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from concli.logs.output.logfmt import Logfmt, logfmt_key
from tests.logs.output.rows import KINDS, PLAIN, Row, all_of, entries_of, rendered, rows

_PAIR = re.compile(r'([^\x00-\x20="\\\x7f]+)=(?:"((?:[^"\\\x00-\x1f]|\\.)*)"|([^\x00-\x20="\\\x7f]*))(?: |$)')


def pairs(line: str) -> dict[str, str]:
    found, at = {}, 0
    while at < len(line):
        match = _PAIR.match(line, at)
        assert match, line[at:]
        found[match[1]] = json.loads(f'"{match[2]}"', strict=False) if match[2] is not None else match[3]
        at = match.end()
    return found


def text_of(value: bytes) -> str:
    return re.sub("[\udc80-\udcff]", "\ufffd", value.decode("utf-8", "surrogateescape"))


@settings(deadline=None)
@given(st.one_of(rows(), rows(PLAIN)))
def test_every_value_that_is_there_arrives(made: list[Row]) -> None:
    render = Logfmt()
    for _ in range(2):
        lines = rendered(render, entries_of(made, KINDS)).decode().split("\n")
        assert lines.pop() == ""
        assert [pairs(line) for line in lines] == [
            {logfmt_key(name).decode(): text_of(row[name]) for name in row if name != "level" or row[name]}
            for row in made
        ]


def test_only_what_has_to_be_is_quoted() -> None:
    row = {"timestamp": b"2026-01-01T00:00:00Z", "level": b"INFO", "message": b"hi", "a": b"x", "b": b"x y", "c": b""}
    expected = b'timestamp=2026-01-01T00:00:00Z level=INFO message="hi" a=x b="x y" c=""\n'
    assert rendered(Logfmt(), entries_of([row])) == expected


def test_bytes_that_are_not_utf8_are_counted() -> None:
    entries = entries_of([{"message": b"\xff", "a": b"\xfe"}])
    pieces, replaced = Logfmt()(entries, all_of(entries))
    assert (b"".join(pieces), replaced) == ('message="\ufffd" a=\ufffd\n'.encode(), 2)
