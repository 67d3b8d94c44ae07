"""A reader, parsers and a writer, each in threads of their own, over bounded buffers.

::

    reader --waiting--> parsers --parsed--> writer
       ^-------------- used chunks -----------'
"""

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, TypeVar

from concli.engines.engine import Place
from concli.files import Output
from concli.logs.chunk import Chunk
from concli.logs.parsed import Parsed
from concli.logs.reader import Reader
from concli.logs.span import Span
from concli.logs.writer import Writer
from concli.metrics import Run
from concli.patterns import BoundedBuffer, ProducerConsumer, Resequencer, ThreadGroup

__all__ = ["WAITING_BYTES", "Pipeline", "read_chunks"]

C = TypeVar("C", bound=Chunk | Span)

_PATIENCE_S = 2.0  # for a reader of the output, when all is to end
# Bytes that may wait between two stages. More does not make a run faster, only larger.
WAITING_BYTES = 8 * 1024 * 1024


class Pipeline(NamedTuple):
    """What runs in it: ``place``, called by so many threads; ``chunks`` are the reader's.

    If ``ordered``, what is written is in the order of the chunks. ``outputs`` are told to give up when it fails. If it
    ``drains``, an interrupt ends the reading, and what has been read is still written.
    """

    reader: Reader
    chunks: Iterable[Chunk | Span]
    place: Place[Chunk | Span, list[Parsed]]
    callers: int
    writer: Writer
    outputs: list[Output]
    ordered: bool = True
    drains: bool = False

    def run(self, run: Run) -> None:
        """Run it to the end of the input, registering its stages on ``run``; what fails is raised, in a group."""
        reader, writer = self.reader, self.writer
        waiting = BoundedBuffer[Chunk | Span](WAITING_BYTES, sizer=lambda chunk: chunk.capacity)
        parsed: BoundedBuffer[Parsed] | Resequencer[Parsed]
        if self.ordered:
            parsed = Resequencer(WAITING_BYTES, sizer=len, number=lambda done: done.chunk.number)
        else:
            parsed = BoundedBuffer(WAITING_BYTES, sizer=len)
        read = run.stage("read", sink=waiting, unit="bytes")
        parse = run.stage("parse", workers=self.callers, source=waiting, sink=parsed, unit="bytes")
        write = run.stage("write", source=parsed, unit="bytes")
        read.starved_s = lambda: reader.waited_s

        def parse_chunk(chunk: Chunk | Span) -> None:
            began = time.perf_counter()
            found = self.place(chunk)
            parse.record(
                time.perf_counter() - began,
                items_in=sum(done.lines for done in found),
                items_out=sum(done.written for done in found),
                bytes_in=chunk.size,
                bytes_out=sum(done.output_bytes for done in found),
                errors=sum(done.rejected for done in found),
            )
            if isinstance(chunk, Chunk):
                found[0].chunk = chunk  # which may have been parsed elsewhere
            else:
                reader.count(sum(done.chunk.lines for done in found))
            for done in found:
                parsed.put(done)

        def write_parsed(done: Parsed) -> None:
            began, before, size = time.perf_counter(), writer.written, done.output_bytes
            written = writer.write(done)
            # Nobody may look into a chunk any more that the reader fills again.
            reader.recycle(done.release())
            if writer.head.is_reached:
                reader.cancel()
            write.record(
                time.perf_counter() - began,
                items_in=done.written,
                items_out=writer.written - before,
                bytes_in=size,
                bytes_out=written,
            )

        with contextlib.closing(reader), ThreadGroup(around=run.threads.watch) as group:
            group.on_stop(reader.cancel)
            group.on_stop(self.place.cancel)
            for output in self.outputs:
                group.on_stop(output.cancel)
            ProducerConsumer[Parsed]([], [write_parsed], buffer=parsed, group=group, names=("", "write")).start()
            ProducerConsumer[Chunk | Span](
                [lambda: read_chunks(self.chunks, reader, read.record)],
                [parse_chunk] * self.callers,
                buffer=waiting,
                group=group,
                at_end=parsed.shutdown,
                names=("read", "parse"),
            ).start()
            if self.drains:
                self._wait(group)
        writer.finish()

    def _wait(self, group: ThreadGroup) -> None:
        try:
            group.wait()
        except BaseException:
            self.reader.cancel()
            if group.wait(_PATIENCE_S):
                self.writer.finish()
            raise


def read_chunks(chunks: Iterable[C], reader: Reader, record: Callable[..., None]) -> Iterator[C]:
    """Yield the chunks and record how long reading each took, without the waiting for somebody to write."""
    began, waited = time.perf_counter(), 0.0
    for chunk in chunks:
        busy = time.perf_counter() - began - (reader.waited_s - waited)
        record(busy, items_out=chunk.lines, bytes_in=chunk.consumed, bytes_out=chunk.size)
        yield chunk
        began, waited = time.perf_counter(), reader.waited_s
