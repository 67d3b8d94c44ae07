"""The job: a reader, threads that scan and count, and one summary of all."""

import contextlib
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from concli.errors import InputError
from concli.logs.choice.choice import Choice
from concli.logs.choice.chooser import Chooser
from concli.logs.chunk import CHUNK_BYTES, Chunk
from concli.logs.entries import COMMON
from concli.logs.inputs import expand
from concli.logs.pipeline import WAITING_BYTES, read_chunks
from concli.logs.reader import Reader
from concli.logs.source import Formats, Scanners, Source
from concli.logs.stats.collector import Collector
from concli.logs.stats.compare import comparison
from concli.logs.stats.result import document
from concli.logs.stats.summary import Summary
from concli.metrics import Run
from concli.patterns import BoundedBuffer, ProducerConsumer, ThreadGroup

__all__ = ["Job", "Outcome", "stats"]


class Job(NamedTuple):
    """What to count, and how.

    ``others`` are read like the source's inputs, to compare them with. ``fields`` are those whose values are counted,
    None the usual ones. ``top`` is how much of a list is reported. ``choice`` says which entries to count.
    """

    source: Source
    others: tuple[str, ...] = ()
    choice: Choice = Choice()
    fields: tuple[str, ...] | None = None
    top: int = 15
    threads: int = 1


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
    reader = job.source.reader(inputs, report, formats)
    waiting = BoundedBuffer[Chunk](WAITING_BYTES, sizer=lambda chunk: chunk.capacity)
    read = run.stage(f"read{suffix}", sink=waiting, unit="bytes")
    count = run.stage(f"count{suffix}", workers=job.threads, source=waiting, unit="bytes")
    read.starved_s = lambda: reader.waited_s
    collectors = [Collector(job.fields) for _ in range(job.threads)]
    if not suffix:
        sizes = [source.size for source in inputs if source.size is not None]
        run.bytes_expected = sum(sizes) if len(sizes) == len(inputs) else None
        run.totals = lambda: _totals([collector.summary for collector in collectors])

    choosers = [Chooser(job.choice) for _ in collectors]

    def counter(collector: Collector, chooser: Chooser) -> Callable[[Chunk], None]:
        scanners = Scanners(job.source.reading)

        def count_chunk(chunk: Chunk) -> None:
            began = time.perf_counter()
            scan = scanners.scan(chunk)
            collector.add(scan, chunk, None if job.choice.keeps_all else chooser.mask(scan, chunk))
            lines, size, errors = chunk.lines, chunk.size, len(scan.rejected)
            entries = scan.entries.size
            del scan
            reader.recycle(chunk)
            count.record(time.perf_counter() - began, items_in=lines, items_out=entries, bytes_in=size, errors=errors)

        return count_chunk

    with contextlib.closing(reader), ThreadGroup(around=run.threads.watch) as group:
        group.on_stop(reader.cancel)
        ProducerConsumer[Chunk](
            [lambda: read_chunks(reader, reader, read.record)],
            list(map(counter, collectors, choosers)),
            buffer=waiting,
            group=group,
            names=(f"read{suffix}", f"count{suffix}"),
        ).start()
    seen.update(*(chooser.seen for chooser in choosers))
    summary = Summary()
    for collector in collectors:
        summary.merge(collector.finish())
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


def _totals(summaries: list[Summary]) -> dict[str, int]:
    names = {"read": "lines"} | {name: name for name in ("entries", "filtered", "continued", "rejected", "blank")}
    names["bytes_in"] = "size"
    return {total: sum(getattr(summary, name) for summary in summaries) for total, name in names.items()}
