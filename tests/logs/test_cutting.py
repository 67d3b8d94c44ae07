import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import concli.logs.cutting
from concli.logs.cutting import entry_begin, last_begin, month_of, months_in, years_between
from concli.logs.formats.format import Format, Reading

MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def a_format(begins: bytes, **choices: Any) -> Format:
    return Format("test", "Test", b"", re.compile(begins), lambda _: pytest.fail("nothing is scanned"), **choices)


SYSLOG = a_format(rb"(?P<month>[A-Z][a-z]{2}) ", month="month")


@given(lines=st.lists(st.sampled_from([b"1 x", b" 2", b"", b"\r", b"3\r", b"x 4"])), start=st.integers(0, 9))
def test_the_last_line_that_begins_an_entry_is_found(lines: list[bytes], start: int) -> None:
    text = b"".join(line + b"\n" for line in lines)
    places = [sum(len(line) + 1 for line in lines[:n]) for n in range(len(lines))]
    start = ([*places, 0])[min(start, len(places))] if places else 0
    begins = [at for at, line in zip(places, lines, strict=True) if line[:1].isdigit() and at >= start]
    assert last_begin(re.compile(rb"\d"), bytearray(text), start, len(text)) == max(begins, default=-1)


@pytest.mark.parametrize("pattern", [rb"^\d+$", rb"\A\d+\Z", rb"\d+(?!.)"])
def test_a_pattern_may_speak_of_the_beginning_and_the_end_of_a_line(pattern: bytes) -> None:
    text = b"a\r\n12\r\n 3\r\n"
    assert last_begin(re.compile(pattern), bytearray(text), 0, len(text)) == 3


def test_what_begins_an_entry_is_said_by_the_format_or_the_reading() -> None:
    own = re.compile(b"x")
    joining, single = a_format(b"y"), a_format(b"y", joins=False)
    assert entry_begin(joining, Reading()) is joining.begins
    assert entry_begin(single, Reading()) is None
    assert entry_begin(joining, Reading(multiline="off")) is None
    assert entry_begin(single, Reading(multiline=own)) is own


def test_months_are_known_by_name_and_by_number() -> None:
    assert [month_of(name.upper().encode()) for name in MONTHS] == list(range(1, 13))
    assert [month_of(b"%02d" % number) for number in range(14)] == [0, *range(1, 13), 0]
    assert [month_of(text) for text in (b"", b"x", b"anf", b"xyz", b"-1", b"\xb2")] == [0] * 6


@given(months=st.lists(st.integers(1, 12), max_size=60), filler=st.integers(0, 30), is_large=st.booleans())
def test_new_years_are_counted_in_what_is_looked_at_sparsely_too(
    months: list[int], filler: int, *, is_large: bool
) -> None:
    times = 8 if is_large else 1
    years = [month for month in months for _ in range(times)]
    lines = [f"{MONTHS[month - 1]} {'x' * filler}\nmore of it\n" for month in years]
    text = bytearray("".join(lines).encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(concli.logs.cutting, "_LOOK_AT_ALL", 0 if is_large else 1 << 18)
        patch.setattr(concli.logs.cutting, "_STRIDE", 64)
        found = months_in(text, len(text), SYSLOG)
    assert years_between(found) == years_between(years)
    assert found[:1] == years[:1]
    assert found[-1:] == years[-1:]


def test_a_text_without_entries_has_no_months() -> None:
    assert months_in(bytearray(b"x\n" * 300_000), 600_000, SYSLOG) == []
    assert months_in(bytearray(), 0, SYSLOG) == []
