"""Templates: what is masked, and that the vectorised step agrees with a plain one."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concli.logs.entries import Column
from concli.logs.stats.templates import CUT, collapsed, joined, shapes, template
from tests.logs.stats.rows import column_of


def masked(message: str) -> str:
    return template(shapes([message.encode()])[0])


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("order 4711 paid: 12.50 EUR", "order <num> paid: <num> EUR"),
        ("worker-3 done in 45ms", "worker-<num> done in <num>ms"),
        ("at 12:34:56, -3 degrees, a-3", "at <num>:<num>:<num>, <num> degrees, a-<num>"),
        ("1,234 rows, v1.2.3", "<num> rows, v<num>"),
        ("from 10.0.0.7:8080 and 192.168.1.20", "from <ip>:<num> and <ip>"),
        ("::1 and 2001:db8::1, fe80::1ff:fe23:4567:890a", "<ip> and <ip>, <ip>"),
        ("1:2:3:4:5:6:7:8 is one too", "<ip> is one too"),
        ("job 3fa9c2b4e1d0 ended", "job <id> ended"),
        ("id 3fa85f64-5717-4562-b3fc-2c963f66afa6.", "id <id>."),
        ("uuid 11111111-1111-1111-1111-111111111111", "uuid <id>"),
        ("uuid aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", "uuid <id>"),
        ("at 0xDEADbeef, token Xk39QzP1a7", "at <id>, token <id>"),
        ("x86_64 utf8mb4 i18n sha256sum", "x<num>_<num> utf<num>mb<num> i<num>n sha<num>sum"),
        ("a deed, faded cafe", "a deed, faded cafe"),
        ("blk_-1608999687 of application_1485_0147", "blk_-<num> of application_<num>_<num>"),
        ('user "anna": password mismatch', 'user "<str>": password mismatch'),
        ("relation 'users' isn't there, don't ask", "relation '<str>' isn't there, don't ask"),
        (r'said "a \"b\" c" 3', 'said "<str>" <num>'),
        ('{"order": 12, "state": "paid"}', '{"order": <num>, "state": "<str>"}'),
        ("mail to bob.smith@example.com", "mail to <email>"),
        ("std::vector<int> Foo::bar", "std::vector<int> Foo::bar"),
        ("first line\nsecond 2", "first line"),
        ("Köln 5 ✓", "Köln <num> ✓"),
        ("", ""),
    ],
)
def test_what_varies_is_masked(message: str, expected: str) -> None:
    assert masked(message) == expected


def test_bytes_that_are_not_utf_8_are_shown_as_such() -> None:
    assert template(shapes([b"\xff 7"])[0]) == "\ufffd <num>"


def plainly(line: bytes) -> bytes:
    """The definition of an id, a word at a time."""

    def word(match: re.Match[bytes]) -> bytes:
        text = match[0]
        is_hex = re.fullmatch(rb"[0-9a-fA-F]{6,}", text) and re.search(rb"[0-9]", text) and not text.isdigit()
        is_mixed = len(text) >= 8 and not text.isdigit() and len(re.findall(rb"[0-9]+", text)) >= 3
        is_mixed = is_mixed and not re.fullmatch(rb"[0-9a-fA-F]+", text)
        is_0x = re.match(rb"0[xX]", text) and len(text) > 2
        return b"\x01" if is_hex or is_mixed or is_0x else re.sub(rb"[0-9]+", b"0", text)

    h = rb"[0-9a-fA-F]"
    uuid = rb"(?<![0-9A-Za-z\x80-\xff])%b{8}-%b{4}-%b{4}-%b{4}-%b{12}(?![0-9A-Za-z\x80-\xff])" % ((h,) * 5)
    ids = re.split(b"(" + uuid + b")", line)
    return b"".join(
        b"\x01-\x01-\x01-\x01-\x01" if at % 2 else re.sub(rb"[0-9A-Za-z\x80-\xff]+", word, part)
        for at, part in enumerate(ids)
    )


piece = st.sampled_from(
    [
        b"a1b2c3",
        b"0x1f",
        b"-",
        b" ",
        b"12",
        b"deadbeef",
        b"z9y8x7w6",
        b"1111",
        b"11111111-1111-1111-1111-111111111111",
        b"\xc3",
    ]
)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.lists(piece | st.binary(max_size=6), max_size=8).map(b"".join), min_size=1, max_size=8))
def test_the_shapes_are_those_of_a_word_at_a_time(parts: list[bytes]) -> None:
    lines = [part.replace(b"\n", b"").replace(b"\x01", b"") for part in parts]
    assert collapsed(b"".join(line + b"\n" for line in lines)).split(b"\n")[:-1] == [plainly(line) for line in lines]


@settings(deadline=None)
@given(st.lists(st.none() | st.binary(max_size=20), max_size=12), st.sampled_from([b"", b"\n", b"xyz"]), st.data())
def test_values_are_joined_however_they_lie(values: list[bytes | None], between: bytes, data: st.DataObject) -> None:
    column = column_of(values, between)
    chosen = [number for number in range(len(values)) if data.draw(st.booleans())]
    text, begins = joined(column, np.array(chosen, np.int64))
    assert text == b"".join((values[number] or b"") + b"\n" for number in chosen)
    assert len(begins) == len(chosen)
    for number, begin in zip(chosen, begins.tolist(), strict=True):
        assert text[begin:].startswith((values[number] or b"") + b"\n")


def test_no_more_is_looked_at_than_the_beginning() -> None:
    column = column_of([b"x" * 5000, b"y"])
    text, _ = joined(column, np.arange(2))
    assert text == b"x" * CUT + b"\ny\n"
    assert joined(Column(b"", np.empty(0, np.int64), np.empty(0, np.int64)), np.empty(0, np.int64))[0] == b""
