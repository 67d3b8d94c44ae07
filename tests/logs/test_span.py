import contextlib
import gc
import os
import pickle
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from concli.engines._message import pack
from concli.engines.engine import Engine, Place
from concli.engines.threads import Threads
from concli.errors import InputError
from concli.logs import Job, process
from concli.logs.choice.choice import Choice
from concli.logs.choice.options import choose
from concli.logs.chunk import Chunk
from concli.logs.destination import Destination
from concli.logs.formats.base import BASE
from concli.logs.formats.format import Format, Reading
from concli.logs.formats.registry import by_name
from concli.logs.generate import NAMES, Log
from concli.logs.generate import Choice as LogChoice
from concli.logs.inputs import expand
from concli.logs.reader import Reader
from concli.logs.rejects import LineNumbers
from concli.logs.source import Source
from concli.logs.span import Span, chunks_of
from concli.logs.stats import Job as StatsJob
from concli.logs.stats import stats
from concli.metrics import Run

SIZE = 256  # bytes of a chunk

DOCKER = by_name("docker")
NUMBERED = re.compile(rb"\d")

texts = st.lists(
    st.sampled_from(
        [b"1 a\n", b" goes on\n", b"\n", b"2 " + b"b" * 60 + b"\n", b" " + b"c" * 200 + b"\n", b"3 \xff\r\n"]
    )
    | st.sampled_from([b"d" * 300 + b"\n", b"e" * 700 + b"\n", b'{"log":"f","stream":"stdout"}\n'])
    | st.sampled_from([b'{"log":"g\\n","stream":"stdout","time":"2026-01-01T00:00:00Z"}\n']),
    max_size=80,
).map(b"".join)


def entry(size: int) -> bytes:
    return b"2026-01-01 10:00:00 [INFO] ".ljust(size - 1, b"x") + b"\n"


# Two chunks have room in one: of the line after the second it is not known before that it begins an entry.
TWO_IN_ONE = entry(100) + entry(150) + entry(50) + entry(100) + b" goes on".ljust(149) + b"\n" + entry(50) * 9
# An entry in many parts, of which the last is not among those that are looked at first.
UNFINISHED = b'{"log":"f\\n"}\n' * 26 + b'{"log":"f"}\n' * 30 + b'{"log":"f\\n"}\n' * 30


def chunks(path: Path, chosen: Format, reading: Reading, span_chunks: int, said: list[InputError]) -> Iterator[Chunk]:
    """The chunks of a file, those of spans read as a worker would."""
    inputs = list(expand([str(path)], said.append))
    reader = Reader(
        inputs,
        said.append,
        reading.max_line,
        choose=lambda _name, _head: chosen,
        reading=reading,
        chunk_bytes=SIZE,
    )
    numbers = LineNumbers()
    for unit in reader.units(span_chunks):
        for chunk in chunks_of(unit):
            chunk.first_line += numbers.missing(chunk.first_line, chunk.lines)
            yield chunk  # which is used again later
        reader.recycle(unit)
    reader.close()


def facts(chunk: Chunk) -> tuple[Any, ...]:
    text = bytes(chunk.buffer[: chunk.size])
    return chunk.number, chunk.first_line, chunk.lines, chunk.offset, chunk.consumed, chunk.lacks_lf, text


@given(
    text=texts,
    end=st.sampled_from([b"", b"no line feed"]),
    span_chunks=st.integers(1, 5),
    chosen=st.sampled_from([BASE, DOCKER]),
    multiline=st.sampled_from(["auto", "off", NUMBERED]),
    window=st.sampled_from([16, 100, 1 << 14]),
)
@example(TWO_IN_ONE, b"", 2, BASE, "auto", 1 << 14)
@example(UNFINISHED, b"", 2, DOCKER, "auto", 100)
def test_the_chunks_of_spans_are_those_that_would_have_been_read(
    tmp_path_factory: pytest.TempPathFactory,
    text: bytes,
    end: bytes,
    span_chunks: int,
    chosen: Format,
    multiline: Any,
    window: int,
) -> None:
    path = tmp_path_factory.mktemp("span") / "log"
    path.write_bytes(text + end)
    reading = Reading(max_line=500, multiline=multiline)
    said: list[InputError] = []
    read = [facts(chunk) for chunk in chunks(path, chosen, reading, 0, said)]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("concli.logs.span._WINDOW", window)
        assert [facts(chunk) for chunk in chunks(path, chosen, reading, span_chunks, said)] == read
    assert not said
    assert sum(consumed for *_, consumed, _, _ in read) == len(text + end)


def is_valid(fd: int) -> bool:
    with contextlib.suppress(OSError):
        return bool(os.fstat(fd))
    return False


def spans_of(path: Path, span_chunks: int = 2) -> list[Span]:
    path.write_bytes(b"2026-01-01 10:00:00 INFO a\n" * 100)
    reader = Reader(list(expand([str(path)], print)), print, 1000, choose=lambda *_: BASE, chunk_bytes=SIZE)
    units = list(reader.units(span_chunks))
    reader.close()
    return [unit for unit in units if isinstance(unit, Span)]


def test_a_file_is_read_where_it_is_cut_and_nowhere_else(tmp_path: Path) -> None:
    spans = spans_of(tmp_path / "log", 4)
    # The first chunk shows what the format is, and to the last one somebody may be adding.
    assert sum(span.size for span in spans) == 2700 - 243 - 27
    assert [(span.number, span.chunks) for span in spans] == [(1, 4), (5, 4), (9, 2)]
    assert all(len(pickle.dumps(span)) < 1000 for span in spans)


def test_a_file_that_is_another_where_the_worker_is_is_said(tmp_path: Path) -> None:
    span = spans_of(tmp_path / "log")[1]
    (tmp_path / "log").write_bytes(b"2026-01-01 10:00:00 INFO b\n" * 100)
    with pytest.raises(InputError, match="has changed, or is another file where the worker is; run this again"):
        list(span.read())


def test_a_file_that_was_cut_short_is_said(tmp_path: Path) -> None:
    span = spans_of(tmp_path / "log")[-1]
    os.truncate(tmp_path / "log", span.start + 10)
    with pytest.raises(InputError, match="has changed since the run began"):
        list(span.read())


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="files have no other names here")
def test_a_file_that_is_rotated_away_meanwhile_is_still_read(tmp_path: Path) -> None:
    span = spans_of(tmp_path / "log")[0]
    (tmp_path / "log").rename(tmp_path / "log.1")
    (tmp_path / "log").write_bytes(b"2026-01-02 10:00:00 INFO b\n" * 100)
    (tmp_path / "log.1").unlink()
    assert b"INFO a" in bytes(next(sent(span).read()).buffer)


def test_a_file_is_open_as_long_as_there_are_spans_of_it(tmp_path: Path) -> None:
    def is_open() -> bool:
        return any(os.path.samestat(os.stat(fd), there) for fd in map(int, os.listdir("/dev/fd")) if is_valid(fd))

    spans = spans_of(tmp_path / "log")
    there = os.stat(tmp_path / "log")
    assert is_open()
    del spans
    gc.collect()
    assert not is_open()


def test_a_file_that_the_worker_does_not_see_is_said(tmp_path: Path) -> None:
    span = spans_of(tmp_path / "log")[0]
    (tmp_path / "log").unlink()
    span.file = "/nowhere"
    with pytest.raises(InputError, match="log: no such file or directory"):
        list(span.read())


def test_what_is_appended_meanwhile_is_read_once_and_lines_stay_whole(tmp_path: Path) -> None:
    path, line = tmp_path / "log", b"2026-01-01 10:00:00 INFO a\n"
    path.write_bytes(line * 99 + line[:10])
    reader = Reader(list(expand([str(path)], print)), print, 1000, choose=lambda *_: BASE, chunk_bytes=SIZE)
    size = 0
    for unit in reader.units(2):
        for chunk in chunks_of(unit):
            size += chunk.consumed
            assert not chunk.lacks_lf
            assert set(bytes(chunk.buffer[: chunk.size]).splitlines(True)) == {line}
        if isinstance(unit, Chunk) and unit.number == 0:
            with path.open("ab") as file:
                file.write(line[10:] + line * 50)
        reader.recycle(unit)
    reader.close()
    assert size == reader.bytes == 150 * 27


def sent(value: Any) -> Any:
    """Return a value as it arrives elsewhere."""
    message = pack(value)
    return pickle.loads(message.body, buffers=list(map(bytearray, message.copied)))


class Sending(Threads):
    """Threads to which all is sent as if they were elsewhere."""

    @contextlib.contextmanager
    def open(self, make: Callable[..., Callable[[Any], Any]], /, *args: Any) -> Iterator[Place[Any, Any]]:
        def make_there() -> Callable[[Any], Any]:
            function = make(*sent(args))
            return lambda unit: sent(function(sent(unit)))

        with super().open(make_there) as place:
            yield place


def results(engine: Engine, span_chunks: int, path: Path, choice: Choice, destination: Destination) -> list[object]:
    """What both jobs make of a file."""
    source = Source((str(path),), Reading(max_line=500))
    runs, where = (Run("process", {}), Run("stats", {})), [path.with_name("out"), path.with_name("rejects")]
    destination = destination._replace(output=str(where[0]), rejects=str(where[1]))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("concli.logs.reader.CHUNK_BYTES", SIZE)
        patched.setattr("concli.logs.job.span_chunks", lambda *_: span_chunks)
        patched.setattr("concli.logs.stats.job.span_chunks", lambda *_: span_chunks)
        process(Job(source, choice, destination, engine=engine), runs[0])
        stats(StatsJob(source, choice=choice, engine=engine), runs[1])
    reports = [run.snapshot() for run in runs]
    assert not [check for report in reports for check in report.checks if not check.passed]
    return [(report.totals, report.result) for report in reports] + [one.read_bytes() for one in where]


@settings(max_examples=12)
@given(
    text=texts.map(lambda text: text + entry(40) + b"x"),
    name=st.sampled_from(NAMES),
    span_chunks=st.integers(1, 5),
    workers=st.integers(1, 8),
    destination=st.sampled_from(["text", "raw", "csv", "jsonl"]).map(lambda to: Destination(to=to)),
    choice=st.sampled_from([choose(), choose(dedup=True), choose(grep=["a"], fields="message,user"), choose(head=3)]),
)
def test_the_jobs_make_the_same_of_spans(
    tmp_path_factory: pytest.TempPathFactory,
    text: bytes,
    name: str,
    span_chunks: int,
    workers: int,
    destination: Destination,
    choice: Choice,
) -> None:
    path = tmp_path_factory.mktemp("jobs") / 'a "line": 7'  # as rejects have it
    path.write_bytes(Log(LogChoice(name, traces=0.1, damage=0.2)).part(20).data + text)
    expected = results(Threads(1), 0, path, choice, destination)
    found = results(Sending(workers), span_chunks, path, choice, destination)
    if choice.head is None:
        assert found == expected
    else:  # how much is read after that may differ
        assert found[2] == expected[2]
