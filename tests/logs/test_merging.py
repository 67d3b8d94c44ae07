"""Several inputs, parsed by an engine, into one order of time."""

import contextlib
import gzip
import json
import os
import re
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from concli.engines.engine import Engine, Place
from concli.engines.processes import Processes
from concli.engines.threads import Threads
from concli.errors import InputError, OutputError, UsageError
from concli.logs import Job, process
from concli.logs.choice.choice import Choice
from concli.logs.chunk import Chunk
from concli.logs.destination import Destination
from concli.logs.entries import Entries
from concli.logs.formats.format import Reading
from concli.logs.merging import chunk_bytes_for
from concli.logs.parsed import Parsed
from concli.logs.reader import Reader
from concli.logs.source import Source
from concli.logs.writer import Writer
from concli.metrics import Report, Run


def merged(folder: Path, inputs: list[bytes], **options: Any) -> tuple[list[dict[str, Any]], Report]:
    paths = [folder / f"{number}.log" for number in range(len(inputs))]
    for path, data in zip(paths, inputs, strict=True):
        path.write_bytes(data)
    run = Run("logs process", {})
    destination = Destination(str(folder / "out.jsonl"), "jsonl", rejects=str(folder / "rejects"))
    process(Job(Source(tuple(map(str, paths))), destination=destination, merge=True, **options), run)
    return [json.loads(line) for line in (folder / "out.jsonl").read_bytes().splitlines()], run.snapshot()


class Watched(Threads):
    """Threads; ``watch`` is called with each chunk, and whatever it raises is raised by the work on that."""

    def __init__(self, workers: int, watch: Callable[[Chunk], object]) -> None:
        super().__init__(workers)
        self._watch = watch

    @contextlib.contextmanager
    def open(self, make: Callable[..., Callable[[Any], Any]], /, *args: Any) -> Iterator[Place[Any, Any]]:
        with super().open(make, *args) as place:
            yield WatchedPlace(place, self._watch)


class Dying(Processes):
    """Worker processes; ``watch`` is called with the number of the first worker's process before the third chunk."""

    def __init__(self, workers: int, watch: Callable[[int], object]) -> None:
        super().__init__(workers)
        self._watch = watch

    @contextlib.contextmanager
    def open(self, make: Callable[..., Callable[[Any], Any]], /, *args: Any) -> Iterator[Place[Any, Any]]:
        with super().open(make, *args) as place:
            left = [1, 2, 3]

            def watch(_: Chunk) -> None:
                if left and not (left.pop(), left)[1]:
                    self._watch(place.statistics().workers[0].pid)

            yield WatchedPlace(place, watch)


class WatchedPlace:
    """A place, ``watch`` being called with each unit first."""

    def __init__(self, place: Any, watch: Callable[[Any], object]) -> None:
        self.buffer, self.cancel, self.statistics = place.buffer, place.cancel, place.statistics
        self._place, self._watch = place, watch

    def __call__(self, unit: Any) -> Any:
        self._watch(unit)
        return self._place(unit)


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("concli.logs.merging.CHUNK_BYTES", 1000)


BASE = b"2026-01-01 00:00:%02d [INFO] base %d\n"
ACCESS = b'127.0.0.1 - - [01/Jan/2026:00:00:%02d +0000] "GET /%d HTTP/1.1" 200 1\n'


def test_inputs_of_different_formats_come_in_one_order(tmp_path: Path) -> None:
    odd = b"".join(BASE % (n, n) + b"  more\n" for n in range(1, 20, 2))
    even = b"".join(ACCESS % (n, n) for n in range(0, 20, 2)) + b"broken\n\n"
    entries, report = merged(tmp_path, [odd, even])
    assert [int(entry["timestamp"][17:19]) for entry in entries] == list(range(20))
    assert entries[1]["message"] == "base 1\n  more"
    assert entries[2]["path"] == "/2"
    totals = report.totals
    assert [totals[name] for name in ("read", "written", "continued", "rejected", "blank")] == [32, 20, 10, 1, 1]
    assert [stage.name for stage in report.stages] == ["read", "parse", "merge", "write"]
    assert all(stage.busy_s > 0 and stage.items_out == (32 if stage.name == "read" else 20) for stage in report.stages)
    assert all(check.passed for check in report.checks)


def test_reading_ends_when_there_are_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cancelled: set[Reader] = set()
    cancel = Reader.cancel

    def noted(self: Reader) -> None:
        cancelled.add(self)
        cancel(self)

    monkeypatch.setattr(Reader, "cancel", noted)
    entries, report = merged(tmp_path, [b"".join(BASE % (n, n) for n in range(50))] * 2, choice=Choice(head=3))
    assert [entry["message"] for entry in entries] == ["base 0", "base 0", "base 1"]
    assert len(cancelled) == 2
    assert all(check.passed for check in report.checks)


def test_nobody_is_left_when_the_output_fails(tmp_path: Path) -> None:
    (tmp_path / "0.log").write_bytes(b"".join(BASE % (n % 60, n) for n in range(50_000)))
    job = Job(Source((str(tmp_path / "0.log"),)), destination=Destination("/dev/full"), merge=True)
    for engine in (Threads(2), Processes(1)):
        with pytest.raises((OutputError, ExceptionGroup)):  # and no thread is left: a fixture sees to that
            process(job._replace(engine=engine), Run("logs process", {}))


def test_an_input_that_is_damaged_ends_and_the_others_go_on(tmp_path: Path) -> None:
    (tmp_path / "x.gz").write_bytes(b"\x1f\x8b\x08\x00broken")
    (tmp_path / "a.log").write_bytes(BASE % (1, 1))
    problems: list[InputError] = []
    source = Source((str(tmp_path / "x.gz"), str(tmp_path / "a.log")))
    outcome = process(
        Job(source, destination=Destination(str(tmp_path / "out")), merge=True),
        Run("logs process", {}),
        problems.append,
    )
    assert [Path(problem.path).name for problem in outcome.unusable] == ["x.gz"]
    assert list(outcome.unusable) == problems
    assert (tmp_path / "out").read_bytes() == BASE % (1, 1)


@pytest.mark.parametrize("engine", [Threads(2), Processes(2)], ids=["threads", "processes"])
@pytest.mark.usefixtures("small_chunks")
def test_an_input_that_breaks_off_in_the_middle_has_come_up_to_there(tmp_path: Path, engine: Engine) -> None:
    line = b"2026-01-01 00:00:%02d [INFO] base %04d\n"
    texts = [b"".join(line % (n // 20, n) for n in range(first, 1200, 2)) for first in (0, 1)]
    packed = gzip.compress(texts[0])
    (tmp_path / "x.gz").write_bytes(packed[: len(packed) // 2])
    (tmp_path / "a.log").write_bytes(texts[1])
    source = Source((str(tmp_path / "x.gz"), str(tmp_path / "a.log")))
    run = Run("logs process", {})
    outcome = process(Job(source, destination=Destination(str(tmp_path / "out")), merge=True, engine=engine), run)
    assert [Path(problem.path).name for problem in outcome.unusable] == ["x.gz"]
    numbers = [int(digits) for digits in re.findall(rb" base (\d{4})\n", (tmp_path / "out").read_bytes())]
    assert numbers == sorted(numbers, key=lambda n: (n // 20, n % 2))  # of the same second first those of the first
    assert set(range(1, 1200, 2)) < set(numbers) < set(range(1200))
    assert all(check.passed for check in run.snapshot().checks)


@pytest.mark.usefixtures("small_chunks")
def test_a_chunk_of_each_is_parsed_ahead_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: dict[str, list[int]] = {"0.log": [], "1.log": []}
    is_ahead = threading.Event()

    def watch(chunk: Chunk) -> None:
        numbers = parsed[Path(chunk.name).name]
        numbers.append(chunk.number)
        if len(parsed["0.log"]) == 2:
            is_ahead.set()

    def one_after_the_other(sources: Sequence[Iterator[Entries]]) -> Iterator[Entries]:
        yield next(sources[0])
        assert is_ahead.wait(30)
        yield from sources[1]
        assert parsed["0.log"] == [0, 1]
        yield from sources[0]

    monkeypatch.setattr("concli.logs.merging.merge", one_after_the_other)
    entries, report = merged(tmp_path, [b"".join(BASE % (1, n) for n in range(900))] * 2, engine=Watched(2, watch))
    assert len(entries) == 1800
    assert all(numbers == list(range(len(numbers))) and len(numbers) > 20 for numbers in parsed.values())
    assert [stage.workers for stage in report.stages] == [2, 2, 1, 1]


@pytest.mark.usefixtures("small_chunks")
def test_who_waits_for_a_pipe_that_is_not_needed_yet_keeps_nobody_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"".join(BASE % (1, n) for n in range(900)))
    os.mkfifo(tmp_path / "pipe")
    most = threading.Event()
    write = Writer.write

    def noted(self: Writer, done: Parsed) -> int:
        size = write(self, done)
        if self.written >= 900:
            most.set()
        return size

    monkeypatch.setattr(Writer, "write", noted)
    source = Source((str(tmp_path / "pipe"), str(tmp_path / "file")), Reading(multiline="off"))
    job = Job(source, destination=Destination(str(tmp_path / "out")), merge=True, threads=1)
    run = Run("logs process", {})
    thread = threading.Thread(target=process, args=(job, run))
    thread.start()
    with (tmp_path / "pipe").open("wb", buffering=0) as pipe:
        pipe.write(BASE % (2, 0))
        assert most.wait(30)  # all before what has come through the pipe is there
        pipe.write(BASE % (3, 1))
    thread.join(30)
    assert (tmp_path / "out").read_bytes().splitlines()[-2:] == (BASE % (2, 0) + BASE % (3, 1)).splitlines()
    assert all(check.passed for check in run.snapshot().checks)


@pytest.mark.usefixtures("small_chunks")
def test_a_chunk_that_has_to_be_larger_waits_for_nobody(tmp_path: Path) -> None:
    late, early = (
        b"".join(BASE % (n, n) + b"  %s\n" % (b"x" * 5000) for n in some) for some in (range(30, 40), range(20))
    )
    done: list[tuple[list[dict[str, Any]], Report]] = []
    thread = threading.Thread(target=lambda: done.append(merged(tmp_path, [late, early], threads=1)), daemon=True)
    thread.start()
    thread.join(30)
    ((entries, report),) = done
    expected = [len(f"base {n}") + 5003 for n in (*range(20), *range(30, 40))]
    assert [len(entry["message"]) for entry in entries] == expected
    assert all(check.passed for check in report.checks)


LINES = [b"".join(BASE % (n // 10, n) for n in range(600))] * 3


@pytest.mark.usefixtures("small_chunks")
def test_what_the_work_on_a_chunk_raises_is_raised_and_nothing_is_written(tmp_path: Path) -> None:
    def refuse(chunk: Chunk) -> None:
        if chunk.number == 3:
            raise ZeroDivisionError("why not")

    (tmp_path / "out.jsonl").write_bytes(b"before")
    with pytest.raises(ExceptionGroup) as caught:
        merged(tmp_path, LINES, engine=Watched(2, refuse))
    assert caught.group_contains(ZeroDivisionError)
    assert (tmp_path / "out.jsonl").read_bytes() == b"before"


@pytest.mark.parametrize("engine", ["threads", "processes"])
@pytest.mark.usefixtures("small_chunks")
def test_an_interrupt_in_the_middle_leaves_what_was_there(tmp_path: Path, engine: str) -> None:
    first = [1, 2, 3]

    def interrupt(_: object) -> None:
        if first and first.pop() == 1:
            os.kill(os.getpid(), signal.SIGINT)

    def at_once(_: int) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    (tmp_path / "out.jsonl").write_bytes(b"before")
    with pytest.raises(KeyboardInterrupt):
        merged(tmp_path, LINES, engine=Watched(2, interrupt) if engine == "threads" else Dying(2, at_once))
    assert (tmp_path / "out.jsonl").read_bytes() == b"before"


@pytest.mark.usefixtures("small_chunks")
def test_a_worker_that_is_killed_loses_nothing(tmp_path: Path) -> None:
    expected, _ = merged(tmp_path, LINES)
    found, report = merged(tmp_path, LINES, engine=Dying(2, lambda pid: os.kill(pid, signal.SIGKILL)))
    assert found == expected
    engine: Any = report.engine
    assert ["killed by SIGKILL" in line for line in engine["lost"]] == [True]


def test_chunks_get_smaller_with_more_inputs_and_there_is_a_limit() -> None:
    sizes = [chunk_bytes_for(count) for count in (0, 1, 8, 100, 512)]
    assert sizes == sorted(sizes, reverse=True)
    assert 2 * 100 * sizes[3] <= 32 * 1024 * 1024
    with pytest.raises(UsageError, match="513 inputs are more than"):
        chunk_bytes_for(513)


@pytest.mark.parametrize("more", [{"state": "state"}, {"source": Source(("x",), follow=True)}])
def test_what_grows_has_no_order_yet(more: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="leave out --follow and --state"):
        process(Job(Source(("x",)), merge=True)._replace(**more), Run("logs process", {}))
