"""The main job: what is read, what is chosen of it, and where it goes, put together."""

import contextlib
import os
import stat
from collections.abc import Callable, Iterator
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from concli.engines.engine import Engine
from concli.engines.threads import Threads
from concli.errors import InputError, OutputError, UsageError
from concli.files import AppendedFile
from concli.logs.choice.choice import Choice
from concli.logs.chunk import CHUNK_BYTES, Chunk
from concli.logs.destination import Destination, Outputs
from concli.logs.entries import COMMON
from concli.logs.how import How
from concli.logs.inputs import Input, expand
from concli.logs.parser import make_parser
from concli.logs.pipeline import Pipeline
from concli.logs.placing import span_chunks
from concli.logs.reader import Reader
from concli.logs.source import Formats, Source
from concli.logs.span import Span
from concli.logs.writer import Writer
from concli.metrics import Run

if TYPE_CHECKING:
    from concli.logs.state import State

__all__ = ["Job", "Outcome", "process"]


class Job(NamedTuple):
    """What to process, and how.

    ``state`` is the path of a file that says what other runs have processed: only what is new since is. With
    ``merge`` the entries of all inputs come in one order of time. Chunks are parsed by ``engine``, or by ``threads``.
    """

    source: Source
    choice: Choice = Choice()
    destination: Destination = Destination()
    state: str | None = None
    merge: bool = False
    ordered: bool = True
    threads: int = 1
    engine: Engine | None = None


class Outcome(NamedTuple):
    """How it went. ``unusable`` are inputs that could not be read, or not to their end.

    ``unknown`` are fields that were asked for and that no entry has, ``left_out`` those that the output has no
    column for, with how many values of each.
    """

    unusable: tuple[InputError, ...]
    rejected: int
    unknown: tuple[str, ...] = ()
    left_out: tuple[tuple[str, int], ...] = ()


def process(job: Job, run: Run, on_problem: Callable[[InputError], object] = lambda _: None) -> Outcome:
    """Do the job, registering its stages and counts on ``run``.

    ``on_problem`` is told at once of each input that can't be used; the others are processed. If none
    can, nothing is written. Raises ``UsageError``, ``InputError`` for a state that is none, and ``OutputError``, alone
    or in an ``ExceptionGroup``; on that, and on an interrupt, what stood in the output's place before still stands.
    """
    unusable: list[InputError] = []

    def report(problem: InputError) -> None:
        unusable.append(problem)
        on_problem(problem)

    _refuse_contradictions(job)
    _keep_freed_memory()
    try:
        inputs = list(expand(job.source.inputs, report, follow=job.source.follow))
        if unusable and not inputs:
            return Outcome(tuple(unusable), 0)
        with _state(job.state) if job.state else contextlib.nullcontext() as state:
            inputs = [one for one in inputs if not state or one.identity not in state.identities]
            outcome = _process(job, run, inputs, report, state)
            return outcome._replace(unusable=tuple(unusable))
    finally:
        run.end()


def _refuse_contradictions(job: Job) -> None:
    if job.merge and (job.source.follow or job.state):
        raise UsageError("--merge: what grows has no order of time yet; leave out --follow and --state")
    if job.state is None:
        return
    if job.choice.head is not None:
        raise UsageError("--head: --state notes what has been processed, and what comes after N entries would be lost")
    places = [place for place in (job.destination.output, job.destination.rejects) if place]
    if os.path.realpath(job.state) in map(os.path.realpath, places):
        raise OutputError(job.state, "this is an output and the state; write to another place")


def _state(path: str) -> "State":
    from concli.logs.state import State  # noqa: PLC0415 - start-up counts

    return State(path)


def _keep_freed_memory() -> None:
    """Have glibc keep what is freed instead of giving it back to the system at once.

    It returns large blocks as soon as they are freed, and each page that is then asked for again
    costs a fault: half the time of a run. It stops doing so for blocks smaller than one that has been
    freed before. This one is never touched, so it takes no memory.
    """
    np.empty(4 * CHUNK_BYTES, np.uint8)


def _process(
    job: Job, run: Run, inputs: list[Input], report: Callable[[InputError], object], state: "State | None"
) -> Outcome:
    source = job.source
    if state:
        inputs = state.resume(inputs, source.encoding)
    formats = Formats(source.formats)
    readers = _readers(job, inputs, report, formats)
    destination, chunks = _with_columns(job, readers, inputs)
    outputs = destination.open(inputs, state.output_length if state else lambda _: None)
    try:
        writer, how = _writer(job, destination, outputs, state), How(destination, job.source.reading, job.choice)
        run.totals, run.result = writer.totals, lambda: {**writer.result(), "formats": formats.summary()}
        sizes = [one.size for one in inputs if one.size is not None]
        run.bytes_expected = sum(sizes) if len(sizes) == len(inputs) and not source.follow else None
        if state:
            state.begin(outputs.all())
        if outputs.entries.is_new or not destination.appends:
            writer.write_header(destination.header())
        engine = job.engine or Threads(job.threads)
        if job.merge:
            from concli.logs.merging import Merging  # noqa: PLC0415 - start-up counts

            Merging(readers, engine, how, writer, outputs.all()).run(run)
            # They are read at the same time, and told of in their order.
            formats.found = {one.name: formats.found[one.name] for one in inputs if one.name in formats.found}
        else:
            # Repeats are in a row, and the state says how far all has been written, in the input's order.
            is_ordered = job.ordered or job.choice.dedup or state is not None
            with engine.open(make_parser, how) as place:
                run.engine = lambda: place.statistics()._asdict()
                Pipeline(
                    readers[0],
                    chunks,
                    place,
                    engine.callers,
                    writer,
                    outputs.all(),
                    is_ordered,
                    drains=source.follow,
                ).run(run)
        _check(run, readers, writer, outputs)
        has_read = any(reader.whole or reader.lines for reader in readers) or writer.head.is_reached or not inputs
        _end(outputs, readers, state, keeps=has_read or destination.appends)
    except BaseException as error:
        # Following has no other end than an interrupt.
        _end(outputs, [], state, keeps=source.follow and not isinstance(error, Exception))
        raise
    return _outcome(job, writer)


def _readers(job: Job, inputs: list[Input], report: Callable[[InputError], object], formats: Formats) -> list[Reader]:
    """Return one reader for all inputs, or to merge them one for each."""
    if not job.merge:
        return [job.source.reader(inputs, report, formats)]
    from concli.logs.merging import chunk_bytes_for  # noqa: PLC0415 - start-up counts

    size = chunk_bytes_for(len(inputs))
    return [job.source.reader([one], report, formats, size) for one in inputs]


def _with_columns(job: Job, readers: list[Reader], inputs: list[Input]) -> tuple[Destination, Iterator[Chunk | Span]]:
    """Return the destination with its columns: those asked for, or where it needs some, the first input's.

    Return also the chunks of the first reader, of which one may have had to be read.
    """
    # Of a span one does not know the first line until what comes before is done.
    needs_lines = job.state or job.source.follow or job.choice.sample < 1 or not job.ordered
    most = span_chunks(job.engine, inputs) if job.engine and not needs_lines else 0
    chunks: Iterator[Chunk | Span] = chain.from_iterable(reader.units(most) for reader in readers[:1])
    destination = job.destination._replace(columns=job.choice.fields)
    if destination.needs_columns and job.merge:
        raise UsageError(f"--merge --to {destination.to}: name the columns with --fields")
    if destination.needs_columns:
        destination = destination._replace(columns=destination.columns_there())
    if destination.needs_columns:
        first = next(chunks, None)
        chunks = chain([first] if first else [], chunks)
        fields = first.format.fields if first and first.format else ()
        destination = destination._replace(columns=(*COMMON, *fields, *(["repeated"] if job.choice.dedup else [])))
    return destination, chunks


def _writer(job: Job, destination: Destination, outputs: Outputs, state: "State | None") -> Writer:
    joiner = None
    if job.choice.dedup:
        from concli.logs.choice.repeats import Joiner  # noqa: PLC0415 - start-up counts

        joiner = Joiner(as_suffix=destination.to == "text")
    return Writer(
        outputs.entries,
        outputs.rejects,
        destination.renderer,
        head=job.choice.head,
        joiner=joiner,
        saved=(lambda: _save(outputs, state)) if destination.appends else None,
        written=state.written if state else None,
    )


def _end(outputs: Outputs, readers: list[Reader], state: "State | None", *, keeps: bool) -> None:
    """Put what was written in its place and note that it was, or leave all as it was."""
    if not keeps:
        outputs.abort()
        return
    if state:
        _save(outputs, state, done=[one for reader in readers for one in reader.done] if readers else None)
    outputs.commit()


def _save(outputs: Outputs, state: "State | None", done: list[Input] | None = None) -> None:
    """Have what was written survive a crash, and only then note that it was."""
    for output in outputs.all():
        if isinstance(output, AppendedFile):
            output.sync()
    if state:
        state.commit(outputs.all(), done=done)


def _check(run: Run, readers: list[Reader], writer: Writer, outputs: Outputs) -> None:
    """Hold what the readers counted against what came out at the other end."""
    parts = ("written", "filtered", "continued", "repeated", "rejected", "blank")
    totals = writer.totals()
    lines, size = sum(reader.lines for reader in readers), sum(reader.bytes for reader in readers)
    run.check(
        f"read = {' + '.join(parts)}",
        lines == sum(totals[part] for part in parts),
        f"{lines} = {' + '.join(str(totals[part]) for part in parts)}",
    )
    run.check("every byte went through once", size == writer.bytes_in, f"{size}, {writer.bytes_in}")
    output = outputs.entries
    status = output.stat()
    if stat.S_ISREG(status.st_mode) and output.is_new:
        run.check(
            "the output has the bytes that were written", status.st_size == writer.bytes_out, f"{writer.bytes_out}"
        )


def _outcome(job: Job, writer: Writer) -> Outcome:
    used = job.choice.names.union(filter(None, [job.destination.split_field])).difference(COMMON)
    unknown = tuple(sorted(used - writer.seen)) if writer.lines else ()
    return Outcome((), writer.rejected, unknown, () if job.choice.fields else tuple(writer.left_out.most_common()))
