"""What holds for every format there is."""

import json
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concli.errors import UsageError
from concli.logs.formats.format import Format, Reading
from concli.logs.formats.registry import all_formats, by_name, names
from tests.logs.formats.scanning import Entry, chunk_of, entries_of, raws_of, read, scan

FORMATS = list(all_formats())
each_format = pytest.mark.parametrize("of", FORMATS, ids=[of.name for of in FORMATS])

_LINE_ENDS = [b"\n", b"\n", b"\n", b"\r\n"]


@st.composite
def damaged(draw: st.DrawFn, line: bytes) -> bytes:
    """A line with some bytes changed, left out or put in."""
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(line)))
        width = draw(st.integers(0, 2))
        new = draw(
            st.sampled_from([b"", b" ", b"9", b"\x00", b"\xff", b'"', b"\\", b"]", b"\xc3\xa9"]) | st.binary(max_size=3)
        )
        line = line[:at] + new + line[at + width :]
    return line.replace(b"\n", b"")


@st.composite
def logs(draw: st.DrawFn, of: Format) -> bytes:
    """Bytes that are a little or much like a log of a format."""
    good = of.example.split(b"\n")
    line = st.one_of(
        st.sampled_from(good),
        st.sampled_from(good).flatmap(damaged),
        st.binary(max_size=60),
        st.sampled_from([b"", b"  ", b"\tat x.y(Z.java:1)", b"{}", b"[", b"2026-02-30 25:00:00 [X] y"]),
    )
    lines = draw(st.lists(line, min_size=1, max_size=12))
    return b"".join(each + draw(st.sampled_from(_LINE_ENDS)) for each in lines)


def alike(entries: list[Entry]) -> list[tuple[object, ...]]:
    """Entries, whatever the kind of their columns: it is that of a chunk's values together."""
    return [
        (
            *entry[:3],
            {name: value if isinstance(value, str) else json.dumps(value) for name, value in entry.fields.items()},
        )
        for entry in entries
    ]


@each_format
@settings(deadline=None, max_examples=60)
@given(data=st.data(), multiline=st.sampled_from(["auto", "off"]))
def test_every_line_is_accounted_for_whatever_it_is(of: Format, data: st.DataObject, multiline: str) -> None:
    text = data.draw(logs(of))
    found = scan(of, text, Reading(multiline=multiline))  # type: ignore[arg-type] # it is one of the two
    # What stands in the entries and in the rejects, and what is blank, is the input but for its line ends.
    lines = text.replace(b"\r\n", b"\n").split(b"\n")
    rejected = [lines[number] for number in found.rejected.tolist()]
    assert sorted(rejected) == sorted(lines[number] for number in found.rejected.tolist())
    kept = b"\n".join(raws_of(found)).split(b"\n") if found.entries.size else []
    assert len(kept) == found.entries.size + found.continued
    others = [line for line in lines if line.strip()]
    assert sorted(line for line in kept + rejected if line.strip()) == sorted(others)
    for entry in entries_of(found):
        assert entry.message is not None
        assert b"\n" not in (entry.timestamp or b"")


@each_format
@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_the_entries_are_the_same_wherever_between_them_the_input_is_cut(of: Format, data: st.DataObject) -> None:
    text = data.draw(logs(of))
    whole = scan(of, text)
    if not whole.entries.size:
        return
    cut = data.draw(st.sampled_from(whole.entries.lines.tolist()))
    lines = text.split(b"\n")[:-1]
    if not cut:
        return
    scanner = of.scanner(Reading())
    parts = [scanner.scan(chunk_of(b"\n".join(part) + b"\n")) for part in (lines[:cut], lines[cut:])]
    assert alike([entry for part in parts for entry in entries_of(part)]) == alike(entries_of(whole))
    assert [raw for part in parts for raw in raws_of(part)] == raws_of(whole)
    assert parts[0].rejected.tolist() + (parts[1].rejected + cut).tolist() == whole.rejected.tolist()
    assert parts[0].reasons + parts[1].reasons == whole.reasons


@each_format
def test_the_example_is_of_the_format(of: Format) -> None:
    lines = of.example.split(b"\n")
    assert of.begins.match(lines[0])
    entries = read(of, of.example)
    assert entries
    assert {name for entry in entries for name in entry.fields} <= set(of.fields) or not of.fields
    assert set(of.fields) >= set(entries[0].fields) or of.name in {"json", "journald", "journald-export", "logfmt"}
    if of.month:
        assert of.month in of.begins.groupindex


@each_format
def test_with_carriage_returns_it_is_the_same(of: Format) -> None:
    text = (of.example + b"\n") * 2
    assert read(of, text.replace(b"\n", b"\r\n")) == read(of, text)


@each_format
def test_lines_too_long_are_rejected_as_that(of: Format) -> None:
    longer = of.example.split(b"\n")[0]
    found = scan(of, longer + b"\n" + longer, Reading(max_line=len(longer) - 1))
    assert found.reasons == ["line too long"] * 2
    assert scan(of, longer, Reading(max_line=len(longer))).entries.size == 1
    chunk = chunk_of(longer[:20])
    chunk.full_length = 1 << 30
    found = of.scanner(Reading()).scan(chunk)
    assert (found.entries.size, found.rejected.tolist(), found.reasons) == (0, [0], ["line too long"])


@each_format
def test_a_large_input_is_as_many_entries(of: Format) -> None:
    one = scan(of, of.example)
    text = (of.example + b"\n") * (600_000 // len(of.example))
    found = scan(of, text)
    times = 600_000 // len(of.example)
    assert (found.entries.size, found.continued, found.reasons) == (times * one.entries.size, times * one.continued, [])
    first = entries_of(one)
    assert found.entries.messages.value(found.entries.size - 1) == first[-1].message
    assert found.entries.timestamps.value(found.entries.size - 1) == first[-1].timestamp


@each_format
@pytest.mark.parametrize("filler", [b" ", b"a ", b'"', b"\\", b"a=", b"[", b"1:", b"(", b"\x00"])
def test_a_long_line_takes_no_longer_than_it_is_long(of: Format, filler: bytes) -> None:
    head = of.example.split(b"\n")[0]
    for line in (filler * (400_000 // len(filler)), head[: len(head) // 2] + filler * (400_000 // len(filler))):
        begin = process_time()
        scan(of, line)
        assert process_time() - begin < 2  # seconds; it would be minutes


def test_formats_are_called_what_they_are_listed_as() -> None:
    assert [of.name for of in FORMATS] == names()
    assert all(of.title and of.example for of in FORMATS)


def test_a_name_that_nothing_has_is_answered_with_those_that_are_near() -> None:
    with pytest.raises(UsageError, match=r"did you mean .*syslog"):
        by_name("Syslogg")
    with pytest.raises(UsageError, match="concli logs formats"):
        by_name("§§§")
