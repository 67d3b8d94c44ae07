"""Several inputs in one order of time: the same stages, but that one thread reads, parses and merges.

::

    readers, one an input -> merge --merged--> writer
"""

import contextlib
import time
from collections.abc import Iterator
from typing import NamedTuple

from concli.errors import UsageError
from concli.files import Output
from concli.logs.chunk import CHUNK_BYTES, PADDING, Chunk
from concli.logs.entries import Entries
from concli.logs.general_parser import GeneralParser
from concli.logs.output.merge import merge
from concli.logs.parsed import Parsed
from concli.logs.pipeline import WAITING_BYTES
from concli.logs.reader import Reader
from concli.logs.writer import Writer
from concli.metrics import Run, Stage
from concli.patterns import BoundedBuffer, ThreadGroup

__all__ = ["Merging", "chunk_bytes_for"]

_ALL_CHUNKS_BYTES = 16 * 1024 * 1024
_LEAST_BYTES = 64 * 1024
_MOST_INPUTS = 512


def chunk_bytes_for(inputs: int) -> int:
    """Return how large chunks may be if there is one of each input. Raises ``UsageError`` if there are too many."""
    if inputs > _MOST_INPUTS:
        raise UsageError(f"--merge: {inputs:,} inputs are more than the {_MOST_INPUTS} that can be merged at once")
    return min(CHUNK_BYTES, max(_LEAST_BYTES, _ALL_CHUNKS_BYTES // max(1, inputs)))


class Merging(NamedTuple):
    """What runs in it: a reader for each input, and one parser for all."""

    readers: list[Reader]
    parser: GeneralParser
    writer: Writer
    outputs: list[Output]

    def run(self, run: Run) -> None:
        """Run it to the end of the inputs, registering its stages on ``run``; what fails is raised, in a group."""
        merged = BoundedBuffer[Parsed](WAITING_BYTES, sizer=len)
        stage = run.stage("merge", sink=merged, unit="bytes")
        write = run.stage("write", source=merged, unit="bytes")
        stage.starved_s = lambda: sum(reader.waited_s for reader in self.readers)

        def merge_all() -> None:
            try:
                for entries in merge([self._entries(reader, merged, stage) for reader in self.readers]):
                    merged.put(self.parser.rendered(entries, Parsed(_nothing(0))))
            finally:
                merged.shutdown()

        def write_all() -> None:
            for parsed in merged:
                began = time.perf_counter()
                written = self.writer.write(parsed)
                if self.writer.head.is_reached:
                    for reader in self.readers:
                        reader.cancel()
                items = parsed.entries.size if parsed.entries else 0
                write.record(time.perf_counter() - began, items_in=items, items_out=items, bytes_out=written)

        with contextlib.ExitStack() as stack, ThreadGroup(around=run.threads.watch) as group:
            for reader in self.readers:
                stack.enter_context(contextlib.closing(reader))
                group.on_stop(reader.cancel)
            for output in self.outputs:
                group.on_stop(output.cancel)
            group.on_stop(lambda: merged.shutdown(immediate=True))
            group.spawn(merge_all, name="merge")
            group.spawn(write_all, name="write")
        self.writer.finish()

    def _entries(self, reader: Reader, merged: BoundedBuffer[Parsed], stage: Stage) -> Iterator[Entries]:
        """Yield the chosen entries of one input, chunk by chunk, and hand on the account of the rest."""
        for chunk in reader:
            began = time.perf_counter()
            scan = self.parser.scanners.scan(chunk)
            keep = self.parser.chooser.mask(scan, chunk)
            parsed = self.parser.account(scan, keep, chunk)
            entries = self.parser.chooser.shape(scan.entries, keep)
            # The chunk is used again before the account is looked at.
            parsed.chunk, parsed.written = _nothing(chunk.consumed), 0
            stage.record(
                time.perf_counter() - began,
                items_in=chunk.lines,
                items_out=entries.size,
                bytes_in=chunk.consumed,
                errors=parsed.rejected,
            )
            merged.put(parsed)
            yield entries
            reader.recycle(chunk)


def _nothing(consumed: int) -> Chunk:
    return Chunk(bytearray(PADDING), consumed=consumed)
