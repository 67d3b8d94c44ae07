"""Names and values."""

import pytest

from concli.logs.formats.logfmt import LOGFMT
from tests.logs.formats.scanning import Entry, read, scan


def test_values_are_bare_or_quoted_or_not_there() -> None:
    text = rb'ts=2026-11-22T16:35:43Z lvl=warn msg="a \"b\" \u00e9\n=c" took=3ms empty= quoted="" flag x.y-z="1 2"'
    assert read(LOGFMT, text) == [
        Entry(
            b"2026-11-22T16:35:43Z",
            b"warn",
            'a "b" é\n=c'.encode(),
            {"took": "3ms", "empty": "", "quoted": "", "flag": "", "x.y-z": "1 2"},
        )
    ]


def test_what_no_json_knows_is_unescaped_all_the_same() -> None:
    assert read(LOGFMT, rb'a="\q \x"')[0].fields == {"a": "q x"}


@pytest.mark.parametrize("line", [b"some words", b"=1", b'a="open', b'a=1 b="x"y', b"a=1 =2", b'a=b"c', b'{"a": 1}'])
def test_another_line_is_none(line: bytes) -> None:
    assert scan(LOGFMT, line).reasons == ["not logfmt"]


def test_bytes_that_are_not_utf_8_stay_what_they_are() -> None:
    assert scan(LOGFMT, b"msg=\xff x=\xe9").entries.messages.value(0) == b"\xff"
