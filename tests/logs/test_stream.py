"""Whole entries, whatever comes how: by plain files, compressed ones and pipes."""

import bz2
import gzip
import lzma
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import concli.logs.reader
import concli.logs.stream
from concli.logs.chunk import Chunk
from concli.logs.formats.format import Format, Reading
from concli.logs.inputs import Place, expand
from concli.logs.reader import Reader

any_input = settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lambda data: lzma.compress(data, preset=0),
}


def a_format(begins: bytes = rb"\d", **choices: Any) -> Format:
    return Format("test", "Test", b"", re.compile(begins), lambda _: pytest.fail("nothing is scanned"), **choices)


def a_reader(path: Path, max_line: int = 1000, **choices: Any) -> Reader:
    choices = {"choose": lambda _name, _head: a_format(), **choices}
    return Reader(list(expand([str(path)], print)), lambda problem: pytest.fail(str(problem)), max_line, **choices)


def chunks_of(reader: Reader) -> list[tuple[Chunk, bytes]]:
    """Return all chunks with their bytes as they were when they came."""
    chunks = []
    for chunk in reader:
        chunks.append((chunk, bytes(chunk.buffer[: chunk.size])))
        reader.recycle(chunk)
        reader._free.clear()
    reader.close()
    return chunks


lines = st.sampled_from([b"1 entry", b"2 entry", b"more", b"", b"x" * 30, b"3\r", b"4" * 99]) | st.binary(max_size=50)
ending = st.sampled_from([b"", b"5 the end", b" of 5", b"\r"])


@any_input
@given(
    data=st.builds(lambda parts, end: b"\n".join(parts) + b"\n" + end, st.lists(lines, max_size=40), ending),
    size=st.integers(8, 200),
    max_line=st.integers(20, 300),
    packing=st.sampled_from(list(PACKERS)),
    joins=st.booleans(),
)
def test_all_bytes_come_once_in_whole_entries_and_know_their_places(
    tmp_path: Path, data: bytes, size: int, max_line: int, packing: str, joins: bool
) -> None:
    data = b"x" + data  # no mark of an encoding or a packing
    (tmp_path / "log").write_bytes(PACKERS[packing](data))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(concli.logs.reader, "CHUNK_BYTES", size)
        reader = a_reader(tmp_path / "log", max_line, choose=lambda _name, _head: a_format(joins=joins))
        chunks = chunks_of(reader)
    offset, line, entry = 0, 1, 0
    for number, (chunk, text) in enumerate(chunks):
        assert (chunk.number, chunk.offset, chunk.first_line) == (number, offset, line)
        assert chunk.after == Place(offset + chunk.consumed, line + chunk.lines)
        own = data[offset : offset + chunk.consumed]
        assert chunk.lines == own.count(b"\n") + chunk.lacks_lf or chunk.full_length
        if chunk.full_length:
            assert len(own.removesuffix(b"\n").removesuffix(b"\r")) == chunk.full_length
            assert chunk.lines == 1
            assert own.startswith(text[:-1])
        else:
            assert text == own + b"\n" * chunk.lacks_lf
            assert text.endswith(b"\n")
        if number and joins and not chunk.full_length and not re.match(rb"\d", own):
            # It does not begin with an entry: the one before was too large with it, or there was none.
            with_it = data[entry : offset + text.index(b"\n")]
            assert len(with_it) >= max_line or not re.match(rb"\d", with_it)
        offset += chunk.consumed
        line += chunk.lines
        entry = offset - chunk.consumed
    assert offset == len(data)
    assert (reader.lines, reader.bytes, reader.whole) == (line - 1, len(data), 1)


def test_an_entry_larger_than_a_chunk_stays_whole_up_to_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(concli.logs.reader, "CHUNK_BYTES", 64)
    entries = [b"1 first\n", b"2 second\n" + b"  more of it\n" * 50, b"3 third\n"]
    (tmp_path / "log").write_bytes(b"".join(entries))
    texts = [text for _, text in chunks_of(a_reader(tmp_path / "log"))]
    assert b"".join(texts) == b"".join(entries)
    assert any(entries[1] in text for text in texts)
    cut = [text for _, text in chunks_of(a_reader(tmp_path / "log", max_line=100))]
    assert b"".join(cut) == b"".join(entries)
    assert max(map(len, cut)) <= 103


def test_a_chunk_does_not_end_with_a_line_that_the_next_goes_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(concli.logs.reader, "CHUNK_BYTES", 32)
    data = b"P one\nP two\nF three\nF four\n" * 20 + b"P last\n"
    (tmp_path / "log").write_bytes(data)
    chosen = a_format(joins=False)._replace(unfinished=re.compile(rb"P "))
    texts = [text for _, text in chunks_of(a_reader(tmp_path / "log", choose=lambda _name, _head: chosen))]
    assert b"".join(texts) == data
    assert len(texts) > 10
    assert all(text.splitlines()[-1].startswith(b"F ") for text in texts[:-1])


def test_lines_that_no_entry_is_before_do_not_make_chunks_larger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(concli.logs.reader, "CHUNK_BYTES", 64)
    (tmp_path / "log").write_bytes(b"no entry\n" * 100)
    assert max(len(text) for _, text in chunks_of(a_reader(tmp_path / "log"))) <= 64


def test_a_pattern_for_entries_goes_before_the_format(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(concli.logs.reader, "CHUNK_BYTES", 32)
    (tmp_path / "log").write_bytes(b"> one\n1\n2\n> two\n1\n2\n> three\n1\n2\n" * 5)
    reading = Reading(multiline=re.compile(rb"^> "))
    for joins in (True, False):
        reader = a_reader(tmp_path / "log", reading=reading, choose=lambda _n, _h, j=joins: a_format(joins=j))
        assert all(text.startswith(b"> ") for _, text in chunks_of(reader))


def test_the_format_is_chosen_once_an_input_by_its_first_whole_lines(tmp_path: Path) -> None:
    asked: list[tuple[str, bytes]] = []

    def choose(name: str, head: bytes) -> Format:
        asked.append((name, head))
        return a_format(joins=False)

    for name, data in (("a", b"one\ntwo\nthe end"), ("b", b"line\n" * 100_000), ("c", b"x" * 100_000), ("d", b"")):
        (tmp_path / name).write_bytes(data)
    chunks = chunks_of(a_reader(tmp_path, 1 << 20, choose=choose))
    assert [(os.path.basename(name), len(head)) for name, head in asked] == [("a", 16), ("b", 65535), ("c", 65536)]
    assert all(chunk.format for chunk, _ in chunks)


def test_the_last_entry_of_a_pipe_waits_for_more_of_it_but_not_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe")
    reader = a_reader(tmp_path / "pipe")
    chunks = iter(reader)
    writer = os.open(tmp_path / "pipe", os.O_RDWR)
    os.write(writer, b"1 one\n more\n2 two\n")
    assert bytes(next(chunks).buffer[:12]) == b"1 one\n more\n"
    os.write(writer, b" more\n3 three\n")
    assert bytes(next(chunks).buffer[:12]) == b"2 two\n more\n"
    monkeypatch.setattr(concli.logs.stream, "HOLD_S", 0.01)
    chunk = next(chunks)
    assert bytes(chunk.buffer[: chunk.size]) == b"3 three\n"
    os.write(writer, b"4 four\n")
    reader.cancel()
    assert [chunk.size for chunk in chunks] in ([7], [])
    reader.close()
    os.close(writer)


MONTHS = [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"]


@any_input
@given(steps=st.lists(st.integers(0, 5), max_size=60), size=st.sampled_from([40, 200, 5000]), start=st.integers(0, 11))
def test_years_go_on_from_chunk_to_chunk(tmp_path: Path, steps: list[int], size: int, start: int) -> None:
    dated = a_format(rb"(?P<month>[A-Z][a-z]{2}) ", month="month")
    months = [start]
    for step in steps:
        months.append(months[-1] + step)
    years = [2023 + (month - start + start) // 12 for month in months]
    entries = [b"%s %d\n more\n" % (MONTHS[month % 12], number) for number, month in enumerate(months)]
    (tmp_path / "log").write_bytes(b"".join(entries))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(concli.logs.reader, "CHUNK_BYTES", size)
        chunks = chunks_of(a_reader(tmp_path / "log", year=2023, choose=lambda _name, _head: dated))
    for chunk, text in chunks:
        first = int(text.split()[1])
        assert chunk.year == years[first]
        assert chunk.after.year == years[first + text.count(b"more") - 1]


def test_without_a_year_a_chunk_knows_when_its_input_was_written(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"1\n")
    os.utime(tmp_path / "log", (1e9, 1e9))
    [(chunk, _)] = chunks_of(a_reader(tmp_path / "log"))
    assert (chunk.year, chunk.modified) == (None, 1e9)


def test_reading_on_from_a_place_keeps_counting(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"1 one\n2 two\n3 three\n")
    source = next(expand([str(tmp_path / "log")], print))._replace(start=Place(6, 2))
    reader = Reader([source], print, 1000)
    [(chunk, text)] = chunks_of(reader)
    assert (text, chunk.offset, chunk.first_line, chunk.after) == (b"2 two\n3 three\n", 6, 2, Place(20, 4))


@pytest.mark.parametrize(
    ("data", "given"),
    [(b"1 one\n2 tw", b"1 one\n"), (b"1 on", b""), (b"", b""), (b"1 one\n2 two\n", b"1 one\n2 two\n")],
)
def test_what_somebody_may_still_be_writing_is_left_for_another_time(tmp_path: Path, data: bytes, given: bytes) -> None:
    (tmp_path / "log").write_bytes(data)
    os.utime(tmp_path / "log", (1e9, 1e9))
    source = next(expand([str(tmp_path / "log")], print))._replace(keeps_rest=True)
    for choose in (None, lambda _name, _head: a_format()):
        chunks = chunks_of(Reader([source], print, 1000, choose=choose))
        assert b"".join(text for _, text in chunks) == given


def test_an_entry_that_was_written_just_now_is_left_for_another_time_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(concli.logs.stream, "HOLD_S", 1000.0)
    (tmp_path / "log").write_bytes(b"1 one\n more\n2 two\n more\n")
    source = next(expand([str(tmp_path / "log")], print))._replace(keeps_rest=True)
    [(_, text)] = chunks_of(Reader([source], print, 1000, choose=lambda _name, _head: a_format()))
    assert text == b"1 one\n more\n"


def test_of_packed_data_that_is_cut_off_the_torn_line_is_left_for_another_time(tmp_path: Path) -> None:
    data = gzip.compress(b"".join(b"%d line\n" % n for n in range(1000)))
    problems: list[object] = []
    for size, problem in ((len(data) // 2, ["cut off"]), (len(data), [])):
        (tmp_path / "log").write_bytes(data[:size])
        source = next(expand([str(tmp_path / "log")], print))._replace(keeps_rest=True)
        text = b"".join(text for _, text in chunks_of(Reader([source], problems.append, 1000)))
        assert text.endswith(b" line\n")
        assert len(problems) == len(problem)
        problems.clear()
