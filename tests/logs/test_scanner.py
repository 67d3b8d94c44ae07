"""The scanner's own corners; that it equals the regular expression is held in test_job."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from concli.logs.chunk import PADDING, Chunk
from concli.logs.line_finder import LineFinder
from concli.logs.scanner import ENTRY, Lines, Scanner
from tests.logs.reference import is_possible


def scan(scanner: Scanner, *lines: bytes) -> Lines:
    text = b"".join(line + b"\n" for line in lines)
    chunk = Chunk(bytearray(text + b"\xff" * PADDING), size=len(text))
    chunk.mark_lines(LineFinder())
    return scanner.scan(chunk)


def names(lines: Lines) -> list[bytes]:
    return [lines.names[level] if level < len(lines.names) else b"(unlisted)" for level in lines.levels.tolist()]


def test_each_byte_of_the_head_matters() -> None:
    good = b"2026-01-31 23:59:58 [INFO] x"
    for place in range(good.index(b"] ") + 2):
        for byte in (0, 0x0A + 1, 0x2F, 0x3A, 0x5B, 0x7F, 0x80, 0xFA, 0xFF):
            line = good[:place] + bytes([byte]) + good[place + 1 :]
            found = names(scan(Scanner(1000), good, line))
            entry = ENTRY.fullmatch(line)
            assert found == [b"INFO", entry["level"] if entry else b""], line


digits = st.integers(0, 99)
stamps = st.tuples(st.sampled_from([0, 1, 1900, 2000, 2023, 2024, 9999]), digits, digits, digits, digits, digits)
near = st.tuples(
    st.sampled_from([1900, 2000, 2023, 2024]),
    st.integers(0, 13),
    st.sampled_from([0, 1, 28, 29, 30, 31, 32]),
    st.sampled_from([0, 23, 24]),
    st.sampled_from([0, 59, 60]),
    st.sampled_from([0, 59, 60, 61]),
)


@given(st.lists(st.one_of(stamps, near), min_size=1, max_size=20))
@example([(2024, 2, 29, 23, 59, 60), (2023, 2, 29, 0, 0, 0), (2024, 2, 29, 24, 0, 0)])
def test_a_date_that_there_is_not_begins_no_entry(dates: list[tuple[int, ...]]) -> None:
    texts = ["{:04}-{:02}-{:02} {:02}:{:02}:{:02}".format(*date) for date in dates]
    found = names(scan(Scanner(1000), *(f"{text} [INFO] x".encode() for text in texts)))
    assert found == [b"INFO" if is_possible(text) else b"" for text in texts]


def test_levels_that_begin_alike_are_told_apart() -> None:
    levels = [b"WARN", b"WARNING", b"WAR", b"WARN2", b"W", b"WA", b"INFO", b"INF", b"INFORM"]
    lines = [b"2026-01-01 00:00:00 [%s] x" % level for level in levels]
    scanner = Scanner(1000)
    assert names(scan(scanner, *lines)) == levels  # learned
    assert names(scan(scanner, *reversed(lines))) == levels[::-1]  # known


def test_more_levels_than_can_be_listed_are_still_entries() -> None:
    levels = [b"L%d" % n for n in range(600)] + [b"A_LEVEL_TOO_LONG"]
    lines = scan(Scanner(1000), *(b"2026-01-01 00:00:00 [%s] x" % level for level in levels))
    found = names(lines)
    assert found[: Scanner.UNLISTED - 1] == levels[: Scanner.UNLISTED - 1]
    assert set(found[Scanner.UNLISTED - 1 :]) == {b"(unlisted)"}


def test_what_follows_the_text_in_the_buffer_is_not_looked_at() -> None:
    text = b"2026-01-01 00:00:00 [INFO\n"
    chunk = Chunk(bytearray(text + b"] x\n" + bytes(PADDING)), size=len(text))
    chunk.mark_lines(LineFinder())
    assert Scanner(1000).scan(chunk).levels.tolist() == [0]


@pytest.mark.parametrize("length", [1, 9, 10, 17, 100])
def test_messages_start_behind_levels_of_any_length(length: int) -> None:
    line = b"2026-01-01 00:00:00 [%s] message" % (b"L" * length)
    lines = scan(Scanner(1000), line)
    if lines.levels[0] != Scanner.UNLISTED:
        assert line[lines.message_starts()[0] :] == b"message"
