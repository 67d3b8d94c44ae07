"""The journal's export: entries of many lines, some of them with bytes of any kind."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concli.logs.detect import detect
from concli.logs.formats.journal_export import JOURNALD_EXPORT
from concli.logs.formats.registry import all_formats
from tests.logs.formats.scanning import Entry, entries_of, read, scan

HEAD = b"__CURSOR=s=1;i=1\n__REALTIME_TIMESTAMP=1795365343123456\nPRIORITY=3\n"
STAMP, CURSOR = b"2026-11-22T16:35:43.123456Z", {"__CURSOR": "s=1;i=1"}


def binary(name: bytes, value: bytes) -> bytes:
    return name + b"\n" + len(value).to_bytes(8, "little") + value + b"\n"


def test_an_entry_is_all_its_lines_up_to_the_blank_one() -> None:
    entry = HEAD + b"MESSAGE=a=b\n_PID=7\n\n"
    expected = Entry(STAMP, b"ERR", b"a=b", {**CURSOR, "_PID": "7"})
    assert read(JOURNALD_EXPORT, entry * 2) == [expected] * 2
    found = scan(JOURNALD_EXPORT, entry * 2)
    assert (found.entries.size, found.continued, found.blank, found.reasons) == (2, 8, 2, [])


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_a_value_with_line_feeds_is_what_it_was(value: str) -> None:
    if "__CURSOR=" in value or "\r" in value:
        return  # a line that begins an entry anywhere; a line end of another kind
    entry = HEAD + binary(b"MESSAGE", value.encode()) + b"_PID=7\n\n"
    assert read(JOURNALD_EXPORT, entry) == [Entry(STAMP, b"ERR", value.encode(), {**CURSOR, "_PID": "7"})]


def test_a_field_that_is_there_twice_is_a_list() -> None:
    [entry] = read(JOURNALD_EXPORT, HEAD + b"N=1\nN=2\nN=3\n")
    assert entry.fields["N"] == ["1", "2", "3"]


@pytest.mark.parametrize(
    "damaged",
    [
        HEAD + b"MESSAGE\n" + b"\xff" * 8 + b"x\n",
        HEAD + b"MESSAGE\n\x01\0",
        HEAD + b"MESSAGE\n" + (2).to_bytes(8, "little") + b"long\n",
    ],
)
def test_an_entry_that_is_damaged_is_rejected_and_those_beside_it_are_read(damaged: bytes) -> None:
    whole = HEAD + b"MESSAGE=x\n\n"
    found = scan(JOURNALD_EXPORT, whole + damaged + b"\n" + whole)
    assert [entry.message for entry in entries_of(found)] == [b"x", b"x"]
    assert set(found.reasons) == {"not journald-export"}


def test_it_is_told_from_formats_that_its_lines_look_like() -> None:
    text = (HEAD + b"_SYSTEMD_UNIT=ssh.service\n_COMM=sshd\nMESSAGE=hello there\n\n") * 30
    assert detect(text, all_formats()).format is JOURNALD_EXPORT
