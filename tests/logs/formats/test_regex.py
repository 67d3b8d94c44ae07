"""Formats by regular expression: whatever stands in one, a line is matched alone."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concli.logs.entries import Column
from concli.logs.formats.format import Reading
from concli.logs.formats.regex import Layout, RegexScanner, regex_format
from tests.logs.formats.scanning import Entry, chunk_of, entries_of, raws_of, read, scan

PATTERNS = [
    rb"(?P<a>\w+)\s+(?P<b>\w+)?",
    rb"(?P<a>\w+)\s*(?P<message>.*)$",
    rb"^(?P<a>[^,]*),(?P<b>[^,]+)$",
    rb"(?P<a>[^]x]*)](?P<b>[^-x]*)-(?P<c>[]^]?)",
    rb"(?P<a>\W*)(?P<b>\D*)(?P<c>\S*)",
    rb"(?P<a>[\s,]*)(?P<b>[\W]*)(?P<c>[^\S]*)",
    rb"(?P<a>(?:.|\n)*)",
    rb"(?s)(?P<a>.*)b",
    rb"(?i)(?P<a>A+)(?P<message>.*)",
    rb"(?x) (?P<a> a+ ) # (?P<nothing>.*)",
    rb"\A(?P<a>a+)\Z",
    rb"(?P<a>a)(?!\s)(?P<b>.)",
    rb"(?P<a>.*?)(?=[\s\n]|$)",
    rb"(?P<a>a)?(?P<b>b)?(?(1)x|y)",
    rb"(?P<a>.)(?P<b>.)(?P=a)",
    rb"(a)?(?P<b>.)\1",
    rb"(?P<a>a|b,|)(?P<message>.*)",
    rb"a|(?P<message>b.*)",
    rb"(?P<a>\b\w*\b)\B(?P<message>.*)",
    rb"(?P<a>[\x00-\x20]*)(?P<b>x)",
    rb"(?P<a>\\)(?P<b>\[)",
    rb"(?P<message>.*)(?P<a>,?)",
    rb"(?P<level>[ab]*)x",
]


def plainly(pattern: bytes, line: bytes) -> tuple[bytes, bytes, dict[str, str]] | None:
    """What a pattern makes of a line, by the standard library alone."""
    match = re.compile(pattern).match(line)
    if not match:
        return None
    groups = {name: value or b"" for name, value in match.groupdict().items()}
    message = groups.pop("message", None)
    if message is None:
        message = line[match.end() :].lstrip(b" \t")
    level = groups.pop("level", b"")
    return level, message, {name: value.decode("latin-1") for name, value in groups.items() if value}


@pytest.mark.parametrize("pattern", PATTERNS)
@settings(deadline=None, max_examples=100)
@given(lines=st.lists(st.text("aab,xy-]^[ \t\\\x00A9", max_size=6), min_size=1, max_size=12))
def test_a_pattern_makes_of_a_chunk_what_it_makes_of_each_line_alone(pattern: bytes, lines: list[str]) -> None:
    found = scan(regex_format("mine", "", b"", pattern, joins=False), "\n".join([*lines, ""]).encode())
    expected, rejected = {}, []
    for number, line in enumerate(lines):
        entry = plainly(pattern, line.encode())
        if entry:
            expected[number] = entry
        elif line.strip():
            rejected.append(number)
    assert found.rejected.tolist() == rejected
    entries = entries_of(found)
    assert found.entries.lines.tolist() == list(expected)
    assert [(entry.level, entry.message, entry.fields) for entry in entries] == list(expected.values())


def test_a_line_that_goes_on_belongs_to_the_one_before_it_wherever_the_message_is() -> None:
    text = b"head x tail\n  more\n\nlast\nhead y\n"
    for pattern, messages in (
        (rb"head (?P<message>.*)", [b"x tail\n  more\n\nlast", b"y"]),
        (rb"head (?P<message>\w)", [b"x\n  more\n\nlast", b"y"]),
        (rb"head", [b"x tail\n  more\n\nlast", b"y"]),
    ):
        found = scan(regex_format("mine", "", b"", pattern), text)
        assert [entry.message for entry in entries_of(found)] == messages
        assert raws_of(found) == [b"head x tail\n  more\n\nlast", b"head y"]
        assert found.continued == 3


def test_what_comes_before_the_first_entry_is_rejected_and_what_is_blank_is_blank() -> None:
    found = scan(regex_format("mine", "", b"", rb"head (?P<message>.*)"), b"x\n\n \t\nhead 1\n\n")
    assert (found.rejected.tolist(), found.reasons, found.blank, found.continued) == ([0], ["not mine"], 3, 0)


def test_an_impossible_date_rejects_its_line_and_none_other() -> None:
    mine = regex_format("mine", "", b"", rb"(?P<timestamp>\d{4}-\d\d-\d\d \d\d:\d\d) (?P<message>.*)")
    found = scan(mine, b"2026-02-28 00:00 a\n2026-02-30 00:00 b\n  more\n2026-03-01 24:00 c\n2026-03-01 00:00 d\n")
    assert found.rejected.tolist() == [1, 2, 3]
    assert found.reasons == ["impossible date", "not mine", "impossible date"]
    assert [entry.message for entry in entries_of(found)] == [b"a", b"d"]


def test_a_pattern_of_ones_own_says_where_entries_begin() -> None:
    mine = regex_format("mine", "", b"", rb"(?P<level>\w+) (?P<message>.*)", joins=False)
    reading = Reading(multiline=re.compile(rb"[A-Z]"))
    found = scan(mine, b"INFO a\n  b\nwarn c\n\nINFO\nWARN d\n", reading)
    assert [entry.message for entry in entries_of(found)] == [b"a\n  b\nwarn c", b"d"]
    assert (found.rejected.tolist(), found.reasons, found.continued, found.blank) == ([4], ["not mine"], 2, 1)


def test_without_lines_that_go_on_each_line_is_an_entry_or_none() -> None:
    mine = regex_format("mine", "", b"", rb"head (?P<message>.*)")
    found = scan(mine, b"head 1\n  more\nhead 2\n", Reading(multiline="off"))
    assert (found.entries.size, found.continued, found.rejected.tolist()) == (2, 0, [1])


def test_fields_are_numbers_where_all_of_them_are() -> None:
    mine = regex_format("mine", "", b"", rb"(?P<took>\S*) (?P<message>.*)", numbers=("took",))
    assert [entry.fields for entry in read(mine, b"1.50 a\n-3 b\n c\n")] == [{"took": 1.5}, {"took": -3}, {}]
    assert [entry.fields for entry in read(mine, b"1.50 a\n007 b\n")] == [{"took": "1.50"}, {"took": "007"}]


def test_levels_without_end_do_not_end_the_scan() -> None:
    mine = regex_format("mine", "", b"", rb"(?P<level>\w+) (?P<message>.*)")
    found = scan(mine, b"".join(b"L%d x\n" % number for number in range(9000)))
    levels = [entry.level for entry in entries_of(found)]
    assert levels[:255] == [b"L%d" % number for number in range(255)]
    assert set(levels[255:]) == {b""}


def test_a_pattern_that_keeps_running_over_lines_is_matched_line_by_line() -> None:
    layout = Layout(re.compile(rb"(?P<a>(?:.|\n)*)"), "not mine", joins=False)
    scanner = RegexScanner(Reading(), layout)
    for _ in range(6):
        found = scanner.scan(chunk_of(b"a\nb\nc\n"))
        assert [entry.fields for entry in entries_of(found)] == [{"a": "a"}, {"a": "b"}, {"a": "c"}]


def test_a_group_that_took_no_part_has_no_value() -> None:
    mine = regex_format("mine", "", b"", rb"(?P<timestamp>\d{10} )?(?:(?P<a>\d+) )?(?P<message>.*)")
    assert read(mine, b"x\n1 y\n") == [Entry(None, b"", b"x", {}), Entry(None, b"", b"y", {"a": "1"})]
    assert isinstance(scan(mine, b"x").entries.fields["a"], Column)
