"""The main job: a reader, parsers and an ordered writer over bounded buffers."""

import contextlib
import os
import re
import stat
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from concli.errors import InputError, OutputError
from concli.files import Output, open_output
from concli.logs.chunk import CHUNK_BYTES, Chunk
from concli.logs.inputs import Input, expand
from concli.logs.parser import Parsed, Parser
from concli.logs.reader import Reader
from concli.logs.render import FORMATS
from concli.logs.selection import Selection
from concli.logs.writer import Writer
from concli.metrics import Run
from concli.patterns import BoundedBuffer, ProducerConsumer, Resequencer, ThreadGroup

__all__ = ["Job", "Outcome", "process"]

# Bytes that may wait between two stages. More does not make a run faster, only larger.
_WAITING_BYTES = 8 * 1024 * 1024


class Job(NamedTuple):
    """What to process, and how.

    ``inputs`` are paths of files and directories, and ``-`` for standard input. ``output`` of None is
    standard output. ``to`` is ``text``, ``jsonl`` or ``csv``. ``levels`` and ``grep`` choose entries,
    see ``Selection``. ``rejects`` is a path for the lines that are no entries. ``max_line`` is in bytes.
    """

    inputs: tuple[str, ...]
    output: str | None = None
    to: str = "text"
    levels: tuple[str, ...] = ()
    grep: re.Pattern[str] | None = None
    rejects: str | None = None
    ordered: bool = True
    threads: int = 1
    max_line: int = 16 * 1024 * 1024


class Outcome(NamedTuple):
    """How it went. ``unusable`` are inputs that could not be read, or not to their end."""

    unusable: tuple[InputError, ...]
    rejected: int


def process(job: Job, run: Run, on_problem: Callable[[InputError], object] = lambda _: None) -> Outcome:
    """Do the job, registering its stages and counts on ``run``.

    ``on_problem`` is told at once of each input that can't be used; the others are processed. If none
    can, nothing is written. Raises ``OutputError``, alone or in an ``ExceptionGroup``; on that, and on
    an interrupt, what stood in the output's place before still stands.
    """
    unusable: list[InputError] = []

    def report(problem: InputError) -> None:
        unusable.append(problem)
        on_problem(problem)

    _keep_freed_memory()
    inputs = list(expand(job.inputs, report))
    if unusable and not inputs:
        return Outcome(tuple(unusable), 0)
    outputs = _open_outputs(job, inputs)
    try:
        reader, writer = _work(job, run, inputs, outputs, report)
        _check(run, reader, writer, outputs[0])
        for output in outputs:
            if unusable and not reader.whole:
                output.abort()
            else:
                output.commit()
    except BaseException:
        for output in outputs:
            output.abort()
        raise
    finally:
        run.end()
    return Outcome(tuple(unusable), writer.rejected)


def _keep_freed_memory() -> None:
    """Have glibc keep what is freed instead of giving it back to the system at once.

    It returns large blocks as soon as they are freed, and each page that is then asked for again
    costs a fault: half the time of a run. It stops doing so for blocks smaller than one that has been
    freed before. This one is never touched, so it takes no memory.
    """
    np.empty(4 * CHUNK_BYTES, np.uint8)


def _open_outputs(job: Job, inputs: list[Input]) -> list[Output]:
    """Open the output, and the one for the rejects if there is one, unless they are inputs."""
    taken: dict[object, str] = {source.identity: f"the input {source.name}" for source in inputs if source.identity}
    outputs: list[Output] = []
    try:
        for path in [job.output] if job.rejects is None else [job.output, job.rejects]:
            identity = _identity(path)
            if identity in taken:
                raise OutputError(path or "standard output", f"this is {taken[identity]}; write to another place")
            outputs.append(open_output(path))
            if identity:
                taken[identity] = f"the output {path or '-'}"
    except BaseException:
        for output in outputs:
            output.abort()
        raise
    return outputs


def _identity(path: str | None) -> object:
    """Return what tells the regular file at ``path``, there or not yet, from all others."""
    try:
        status = os.fstat(1) if path in (None, "-") else os.stat(path)
    except OSError:
        return os.path.realpath(path or "")
    return (status.st_dev, status.st_ino) if stat.S_ISREG(status.st_mode) else None


def _work(
    job: Job, run: Run, inputs: list[Input], outputs: list[Output], report: Callable[[InputError], object]
) -> tuple[Reader, Writer]:
    """Run the three stages to the end of the input.

    ::

        reader --waiting--> parsers --parsed--> writer
           ^-------------- used chunks -----------'
    """
    reader = Reader(inputs, report, job.max_line)
    writer = Writer(outputs[0], outputs[1] if len(outputs) > 1 else None)
    waiting = BoundedBuffer[Chunk](_WAITING_BYTES, sizer=lambda chunk: chunk.capacity)
    parsed: BoundedBuffer[Parsed] | Resequencer[Parsed]
    if job.ordered:
        parsed = Resequencer(_WAITING_BYTES, sizer=len, number=lambda done: done.chunk.number)
    else:
        parsed = BoundedBuffer(_WAITING_BYTES, sizer=len)

    read = run.stage("read", sink=waiting, unit="bytes")
    parse = run.stage("parse", workers=job.threads, source=waiting, sink=parsed, unit="bytes")
    write = run.stage("write", source=parsed, unit="bytes")
    read.starved_s = lambda: reader.waited_s
    run.totals, run.result = writer.totals, writer.result
    sizes = [source.size for source in inputs if source.size is not None]
    run.bytes_expected = sum(sizes) if len(sizes) == len(inputs) else None

    def chunks() -> Iterator[Chunk]:
        began, waited = time.perf_counter(), 0.0
        for chunk in reader:
            busy = time.perf_counter() - began - (reader.waited_s - waited)
            read.record(busy, items_out=chunk.lines, bytes_in=chunk.consumed, bytes_out=chunk.size)
            yield chunk
            began, waited = time.perf_counter(), reader.waited_s

    def parser() -> Callable[[Chunk], None]:
        own = Parser(job.to, Selection(job.levels, job.grep), job.max_line, keep_rejects=job.rejects is not None)

        def parse_chunk(chunk: Chunk) -> None:
            began = time.perf_counter()
            done = own.parse(chunk)
            parse.record(
                time.perf_counter() - began,
                items_in=done.lines,
                items_out=done.written,
                bytes_in=chunk.size,
                bytes_out=done.output_bytes,
                errors=done.rejected,
            )
            parsed.put(done)

        return parse_chunk

    def write_parsed(done: Parsed) -> None:
        began = time.perf_counter()
        written = writer.write(done)
        reader.recycle(done.chunk)
        write.record(
            time.perf_counter() - began,
            items_in=done.written,
            items_out=done.written,
            bytes_in=done.output_bytes,
            bytes_out=written,
        )

    with contextlib.closing(reader), ThreadGroup(around=run.threads.watch) as group:
        group.on_stop(reader.cancel)
        writer.write_header(FORMATS[job.to].header)
        for output in outputs:
            group.on_stop(output.cancel)
        ProducerConsumer[Parsed]([], [write_parsed], buffer=parsed, group=group, names=("", "write")).start()
        ProducerConsumer[Chunk](
            [chunks],
            [parser() for _ in range(job.threads)],
            buffer=waiting,
            group=group,
            at_end=parsed.shutdown,
            names=("read", "parse"),
        ).start()
    return reader, writer


def _check(run: Run, reader: Reader, writer: Writer, output: Output) -> None:
    """Hold what the reader counted against what came out at the other end."""
    accounted = writer.written + writer.filtered + writer.rejected + writer.blank
    run.check(
        "read = written + filtered + rejected + blank",
        reader.lines == accounted,
        f"{reader.lines} = {writer.written} + {writer.filtered} + {writer.rejected} + {writer.blank}",
    )
    run.check("every byte went through once", reader.bytes == writer.bytes_in, f"{reader.bytes}, {writer.bytes_in}")
    status = output.stat()
    if stat.S_ISREG(status.st_mode) and output.is_new:
        run.check(
            "the output has the bytes that were written", status.st_size == writer.bytes_out, f"{writer.bytes_out}"
        )
