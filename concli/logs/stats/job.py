"""The job: a reader, threads that scan and count, and one summary of all."""

import contextlib
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from concli.engines.engine import Engine
from concli.engines.threads import Threads
from concli.errors import InputError
from concli.logs.choice.choice import Choice
from concli.logs.chunk import CHUNK_BYTES, Chunk
from concli.logs.entries import COMMON
from concli.logs.inputs import expand
from concli.logs.pipeline import WAITING_BYTES, read_chunks
from concli.logs.placing import span_chunks
from concli.logs.reader import Reader
from concli.logs.rejects import LineNumbers
from concli.logs.source import Formats, Source
from concli.logs.span import Span
from concli.logs.stats.compare import comparison
from concli.logs.stats.counter import Counted, make_counter
from concli.logs.stats.result import document
from concli.logs.stats.summary import Summary
from concli.metrics import Run
from concli.patterns import BoundedBuffer, ProducerConsumer, Resequencer, ThreadGroup

__all__ = ["Job", "Outcome", "stats"]

_WAITING_SUMMARIES = 16


class Job(NamedTuple):
    """What to count, and how.

    ``others`` are read like the source's inputs, to compare them with. ``fields`` are those whose values are counted,
    None the usual ones. ``top`` is how much of a list is reported. ``choice`` says which entries to count.
    Chunks are counted by ``engine``, or by ``threads``.
    """

    source: Source
    others: tuple[str, ...] = ()
    choice: Choice = Choice()
    fields: tuple[str, ...] | None = None
    top: int = 15
    threads: int = 1
    engine: Engine | None = None


class Outcome(NamedTuple):
    """How it went. ``unusable`` are inputs that could not be read, or not to their end.

    ``unknown`` are fields that were asked for and that no entry has.
    """

    unusable: tuple[InputError, ...]
    summary: Summary
    other: Summary | None
    unknown: tuple[str, ...] = ()


def stats(job: Job, run: Run, on_problem: Callable[[InputError], object] = lambda _: None) -> Outcome:
    """Do the job, registering its stages and counts on ``run``; its result is the document.

    ``on_problem`` is told at once of each input that can't be used; the others are counted.
    """
    unusable: list[InputError] = []

    def report(problem: InputError) -> None:
        unusable.append(problem)
        on_problem(problem)

    np.empty(4 * CHUNK_BYTES, np.uint8)  # so that glibc keeps what is freed; see concli.logs.job
    other = None
    try:
        formats = Formats(job.source.formats)
        seen: set[str] = set()
        summary = _summarize(job, job.source.inputs, run, "", report, formats, seen)
        if job.others:
            other = _summarize(job, job.others, run, " other", report, formats, seen)
        result = {**document(summary, job.top), "formats": formats.summary()}
        if other is not None:
            result["comparison"] = comparison(summary, other, job.top)
        run.result = lambda: result
    finally:
        run.end()
    seen |= {name for name, counts in summary.values.items() if counts.total}
    unknown = (job.choice.names | set(job.fields or ())) - seen - set(COMMON) if summary.lines else ()
    return Outcome(tuple(unusable), summary, other, tuple(sorted(unknown)))


def _summarize(
    job: Job,
    arguments: tuple[str, ...],
    run: Run,
    suffix: str,
    report: Callable[[InputError], object],
    formats: Formats,
    seen: set[str],
) -> Summary:
    """Read some inputs to their end and count what is in them. Adds to ``seen`` what entries have of the choice's."""
    inputs = list(expand(arguments, report))
    engine = job.engine or Threads(job.threads)
    reader, summary = job.source.reader(inputs, report, formats), Summary()
    units = reader.units(span_chunks(engine, inputs) if job.choice.sample == 1 else 0)
    if not suffix:
        sizes = [source.size for source in inputs if source.size is not None]
        run.bytes_expected = sum(sizes) if len(sizes) == len(inputs) else None
        run.totals = lambda: _totals(summary)
    waiting = BoundedBuffer[Chunk | Span](WAITING_BYTES, sizer=lambda chunk: chunk.capacity)
    # What is rare is let go of where there is too much: in which order they are put together may matter then.
    counted = Resequencer[Counted](_WAITING_SUMMARIES, number=lambda one: one.number)
    read = run.stage(f"read{suffix}", sink=waiting, unit="bytes")
    count = run.stage(f"count{suffix}", workers=engine.callers, source=waiting, sink=counted, unit="bytes")
    add = run.stage(f"sum{suffix}", source=counted)
    read.starved_s = lambda: reader.waited_s
    numbers = LineNumbers()

    def add_summary(one: Counted) -> None:
        began = time.perf_counter()
        missing = numbers.missing(one.first_line, one.summary.lines)
        if missing:
            one.summary.move(missing)
        summary.merge(one.summary)
        seen.update(one.seen)
        add.record(time.perf_counter() - began, items_in=1, items_out=1)

    with (
        engine.open(make_counter, job.source.reading, job.choice, job.fields) as place,
        contextlib.closing(reader),
        ThreadGroup(around=run.threads.watch) as group,
    ):
        run.engine = lambda: place.statistics()._asdict()

        def count_chunk(chunk: Chunk | Span) -> None:
            began = time.perf_counter()
            found, size = place(chunk), chunk.size
            lines = sum(one.summary.lines for one in found)
            if isinstance(chunk, Span):
                reader.count(lines)
            reader.recycle(chunk)
            entries = sum(one.summary.entries + one.summary.filtered for one in found)
            errors = sum(one.summary.rejected for one in found)
            count.record(time.perf_counter() - began, items_in=lines, items_out=entries, bytes_in=size, errors=errors)
            for one in found:
                counted.put(one)

        group.on_stop(reader.cancel)
        group.on_stop(place.cancel)
        ProducerConsumer[Counted]([], [add_summary], buffer=counted, group=group, names=("", f"sum{suffix}")).start()
        ProducerConsumer[Chunk | Span](
            [lambda: read_chunks(units, reader, read.record)],
            [count_chunk] * engine.callers,
            buffer=waiting,
            group=group,
            at_end=counted.shutdown,
            names=(f"read{suffix}", f"count{suffix}"),
        ).start()
    _check(run, reader, summary, suffix)
    return summary


def _check(run: Run, reader: Reader, summary: Summary, suffix: str) -> None:
    """Hold what the reader counted against what became of it."""
    parts = summary.entries, summary.filtered, summary.continued, summary.rejected, summary.blank
    run.check(
        f"read = entries + filtered + continued + rejected + blank{suffix}",
        reader.lines == sum(parts),
        f"{reader.lines} = {' + '.join(map(str, parts))}",
    )
    run.check(f"every byte went through once{suffix}", reader.bytes == summary.size, f"{reader.bytes}, {summary.size}")


def _totals(summary: Summary) -> dict[str, int]:
    names = {"read": "lines"} | {name: name for name in ("entries", "filtered", "continued", "rejected", "blank")}
    names["bytes_in"] = "size"
    return {total: getattr(summary, name) for total, name in names.items()}
