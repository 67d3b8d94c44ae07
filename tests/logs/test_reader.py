import os
from pathlib import Path

import pytest

import concli.logs.reader
from concli.errors import InputError
from concli.logs.inputs import Place, expand
from concli.logs.reader import Reader


def test_chunks_hold_whole_lines_and_know_their_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(concli.logs.reader, "CHUNK_BYTES", 100)
    log = tmp_path / "log"
    log.write_bytes(b"".join(b"line %d\n" % n for n in range(200)) + b"the end")
    data = log.read_bytes()
    reader = Reader(list(expand([str(log)], print)), print, 1000)
    line = 1
    for number, chunk in enumerate(reader):
        text = bytes(chunk.buffer[: chunk.size])
        assert text.endswith(b"\n")
        assert data[chunk.offset :].startswith(text[: chunk.consumed])
        assert (chunk.number, chunk.first_line, chunk.lines) == (number, line, text.count(b"\n"))
        line += chunk.lines
        reader.recycle(chunk)
    reader.close()
    assert (reader.lines, reader.bytes, reader.whole) == (201, len(data), 1)


def test_lines_that_have_come_through_a_pipe_do_not_wait_for_more(tmp_path: Path) -> None:
    fifo = tmp_path / "pipe"
    os.mkfifo(fifo)
    reader = Reader(list(expand([str(fifo)], print)), print, 1000)
    chunks = iter(reader)
    writer = os.open(fifo, os.O_RDWR)
    os.write(writer, b"one\ntwo\nthr")
    first = next(chunks)
    assert bytes(first.buffer[: first.size]) == b"one\ntwo\n"
    os.write(writer, b"ee\n")
    second = next(chunks)
    assert bytes(second.buffer[: second.size]) == b"three\n"
    reader.cancel()
    assert list(chunks) == []
    reader.close()
    os.close(writer)


def test_an_error_in_the_middle_is_reported_and_what_was_read_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(concli.logs.reader, "CHUNK_BYTES", 100)
    log = tmp_path / "log"
    log.write_bytes(b"line\n" * 100)
    readv, calls = os.readv, iter(range(10))

    def fail_later(*arguments: object) -> int:
        if next(calls) == 2:
            raise OSError(5, "Input/output error")
        return readv(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "readv", fail_later)
    problems: list[InputError] = []
    reader = Reader(list(expand([str(log)], print)), problems.append, 1000)
    lines = sum(chunk.lines for chunk in reader)
    reader.close()
    assert 0 < lines < 100
    assert [str(problem) for problem in problems] == [f"{log}: input/output error"]
    assert reader.whole == 0


def test_what_was_read_before_an_error_is_handed_on_to_the_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"one\ntwo")
    readv = os.readv
    calls = iter([readv])

    def fail_later(*arguments: object) -> int:
        read = next(calls, None)
        if not read:
            raise OSError(5, "Input/output error")
        return read(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "readv", fail_later)
    problems: list[InputError] = []
    reader = Reader(list(expand([str(log)], print)), problems.append, 1000)
    [chunk] = reader
    reader.close()
    assert bytes(chunk.buffer[: chunk.size]) == b"one\ntwo\n"
    assert (chunk.lacks_lf, len(problems), reader.done) == (True, 1, [])


def test_an_input_that_another_has_taken_the_place_of_is_not_read_from_the_middle(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"one\ntwo\n")
    source = next(expand([str(log)], print))._replace(start=Place(4, 2))
    (tmp_path / "other").write_bytes(b"ONE\nTWO\n")
    os.rename(tmp_path / "other", log)
    problems: list[InputError] = []
    reader = Reader([source], problems.append, 1000)
    assert list(reader) == []
    reader.close()
    assert [str(problem) for problem in problems] == [f"{log}: another file has just taken its place; run this again"]
