"""Several inputs in one order of time: what an engine has parsed of each is merged by one thread.

::

    lanes, one an input --> parsers, which also read --> a chunk of each --> merge --merged--> writer
      ^------------------ the next chunk, when one is taken ------------------'

Of each input there are two chunks at most: one that is being merged, and one that is read and parsed meanwhile. Where
reading may have to wait for somebody to write, there is one: a parser that waited for more than is needed yet would
keep the inputs from being parsed that are needed now.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from concli.engines.engine import Engine, Place
from concli.errors import UsageError
from concli.files import Output
from concli.logs.chunk import CHUNK_BYTES, PADDING, Chunk
from concli.logs.entries import Entries
from concli.logs.general_parser import GeneralParser
from concli.logs.how import How
from concli.logs.output.merge import merge
from concli.logs.parsed import Parsed
from concli.logs.pipeline import WAITING_BYTES, read_chunks
from concli.logs.reader import Reader
from concli.logs.shaping import Shaped, make_shaper
from concli.logs.writer import Writer
from concli.metrics import Run, Stage
from concli.patterns import BoundedBuffer, ProducerConsumer, ThreadGroup

__all__ = ["Merging", "chunk_bytes_for"]

_ALL_CHUNKS_BYTES = 16 * 1024 * 1024
_LEAST_BYTES = 64 * 1024
_MOST_INPUTS = 512


def chunk_bytes_for(inputs: int) -> int:
    """Return how large chunks may be if there are two of each input. Raises ``UsageError`` if there are too many.

    All chunks together then have up to 32 MiB of text, or 128 KiB an input if that is more, unless lines are longer.
    """
    if inputs > _MOST_INPUTS:
        raise UsageError(f"--merge: {inputs:,} inputs are more than the {_MOST_INPUTS} that can be merged at once")
    return min(CHUNK_BYTES, max(_LEAST_BYTES, _ALL_CHUNKS_BYTES // max(1, inputs)))


class _Lane:
    """An input on its way. One at a time has it to read and parse; then ``parsed`` has room for what comes of that."""

    def __init__(self, reader: Reader, wanted: "BoundedBuffer[_Lane]", read: Stage) -> None:
        self.reader = reader
        self._chunks = read_chunks(reader, reader, read.record)
        self.parsed = BoundedBuffer[Shaped](1)
        self.reads_ahead = False
        self.waited_s = 0.0  # by whoever merges, who alone writes to it
        self._wanted = wanted

    def read(self) -> Chunk | None:
        """Read a chunk; None at the end, which whoever merges is told of."""
        chunk = next(self._chunks, None)
        if chunk is None:
            self.parsed.shutdown()
            return None
        self.reads_ahead = chunk.source is not None and chunk.source.size is not None
        return chunk

    def parse(self, chunk: Chunk, place: Place[Chunk, Shaped], parse: Stage) -> None:
        """Have a chunk parsed."""
        began = time.perf_counter()
        shaped = place(chunk)
        shaped.put_in(chunk)
        account = shaped.account
        parse.record(
            time.perf_counter() - began,
            items_in=account.lines,
            items_out=shaped.entries.size,
            bytes_in=chunk.size,
            errors=account.rejected,
        )
        # The memory goes with the entries: a reader that waited for it would keep a parser from those wanted now.
        self.reader.recycle(_nothing(0))
        account.chunk = _nothing(chunk.consumed)
        self.parsed.put(shaped)

    def entries(self, account_for: Callable[[Parsed], object]) -> Iterator[Entries]:
        """Yield the chosen entries of the input, chunk by chunk, each when ``account_for`` has its account."""
        began = time.perf_counter()
        for shaped in self.parsed:
            self.waited_s += time.perf_counter() - began
            if self.reads_ahead:
                self._wanted.put(self)
            account_for(shaped.account)
            yield shaped.entries
            if not self.reads_ahead:
                self._wanted.put(self)
            began = time.perf_counter()
        self.waited_s += time.perf_counter() - began


class Merging(NamedTuple):
    """What runs in it: a reader for each input, and ``engine``, which parses their chunks in the way of ``how``."""

    readers: list[Reader]
    engine: Engine
    how: How
    writer: Writer
    outputs: list[Output]

    def run(self, run: Run) -> None:
        """Run it to the end of the inputs, registering its stages on ``run``; what fails is raised, in a group."""
        callers = max(1, min(self.engine.callers, len(self.readers)))
        wanted = BoundedBuffer[_Lane](max(1, len(self.readers)))  # those to read and parse a chunk of
        merged = BoundedBuffer[Parsed](WAITING_BYTES, sizer=len)
        read = run.stage("read", workers=callers, unit="bytes")
        lanes = [_Lane(reader, wanted, read) for reader in self.readers]
        wanted.put_many(lanes)
        parse = run.stage("parse", workers=callers, source=wanted, unit="inputs")
        sort = run.stage("merge", sink=merged, unit="bytes")
        write = run.stage("write", source=merged, unit="bytes")
        read.starved_s = lambda: sum(reader.waited_s for reader in self.readers)
        sort.starved_s = lambda: sum(lane.parsed.statistics().get_wait_s for lane in lanes)

        def parse_next(lane: _Lane) -> None:
            chunk = lane.read()
            if chunk:
                lane.parse(chunk, place, parse)

        def merge_all() -> None:
            try:
                _merge(lanes, merged, GeneralParser(self.how), sort)
            finally:
                wanted.shutdown()
                merged.shutdown()

        with contextlib.ExitStack() as stack:
            place = stack.enter_context(self.engine.open(make_shaper, self.how))
            run.engine = lambda: place.statistics()._asdict()
            for reader in self.readers:
                stack.enter_context(contextlib.closing(reader))
            group = stack.enter_context(ThreadGroup(around=run.threads.watch))
            # The writer ends first: what is merged of inputs that have been stopped is in no order.
            write_some = partial(self._write, write)
            ProducerConsumer[Parsed]([], [write_some], buffer=merged, group=group, names=("", "write")).start()
            group.on_stop(place.cancel)
            for lane in lanes:
                group.on_stop(lane.reader.cancel)
                group.on_stop(partial(lane.parsed.shutdown, immediate=True))
            for output in self.outputs:
                group.on_stop(output.cancel)
            ProducerConsumer[_Lane]([], [parse_next] * callers, buffer=wanted, group=group, names=("", "parse")).start()
            group.spawn(merge_all, name="merge")
        self.writer.finish()

    def _write(self, stage: Stage, parsed: Parsed) -> None:
        began = time.perf_counter()
        written = self.writer.write(parsed)
        if self.writer.head.is_reached:
            for reader in self.readers:
                reader.cancel()
        items = parsed.entries.size if parsed.entries else 0
        stage.record(time.perf_counter() - began, items_in=items, items_out=items, bytes_out=written)


def _merge(lanes: list[_Lane], merged: BoundedBuffer[Parsed], parser: GeneralParser, stage: Stage) -> None:
    """Put in order, render and hand on what there is in the lanes."""

    def waited_s() -> float:
        return sum(lane.waited_s for lane in lanes) + merged.statistics().put_wait_s

    began, waited = time.perf_counter(), 0.0
    for entries in merge([lane.entries(merged.put) for lane in lanes]):
        parsed = parser.rendered(entries, Parsed(_nothing(0)))
        busy = time.perf_counter() - began - (waited_s() - waited)
        stage.record(busy, items_in=entries.size, items_out=entries.size, bytes_out=parsed.output_bytes)
        merged.put(parsed)
        began, waited = time.perf_counter(), waited_s()


def _nothing(consumed: int) -> Chunk:
    return Chunk(bytearray(PADDING), consumed=consumed)
