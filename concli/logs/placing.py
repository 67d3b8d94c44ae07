"""What is known of the work before it is done, for who has to choose where to do it."""

import contextlib
import math
from collections.abc import Iterable

from concli.engines.choose import Work
from concli.engines.engine import Engine
from concli.logs.chunk import CHUNK_BYTES
from concli.logs.inputs import Input, expand
from concli.logs.source import Formats, Source

__all__ = ["span_chunks", "work_of"]

_HEAD_BYTES = 64 * 1024
# Of one thread; the slowest format that holds the GIL and the fastest are not far apart.
_BYTES_PER_S = 30e6
_MOST_CHUNKS = 6  # a worker holds what has become of all of them
_FAIR_UNITS = 8  # for a worker: the last of them is what others may have to wait for


def span_chunks(engine: Engine, inputs: Iterable[Input]) -> int:
    """Return how many chunks of a file make a unit: 0 if they are read here.

    They are so many that what a call costs is less than 5%, and some more if each worker gets enough units then.
    """
    needed = math.ceil(20 * engine.call_s * _BYTES_PER_S / CHUNK_BYTES)
    fair = sum(one.size or 0 for one in inputs) // (CHUNK_BYTES * _FAIR_UNITS * engine.workers)
    return max(needed, min(fair, _MOST_CHUNKS)) if needed else 0


def work_of(source: Source) -> Work:
    """Tell of the work that the inputs are: their size, and whether the first one's format holds the GIL.

    What is piped in is not looked at; it is taken to be of a usual format.
    """
    inputs = list(expand(source.inputs, lambda _: None))
    sizes = [one.size for one in inputs if one.size is not None]
    if not sizes or len(sizes) < len(inputs):
        return Work(holds_gil=False)
    reader = source.reader(inputs[:1], lambda _: None, Formats(source.formats), _HEAD_BYTES)
    with contextlib.closing(reader):
        first = next(iter(reader), None)
    holds_gil = first is not None and first.format is not None and first.format.holds_gil
    return Work(holds_gil, bytes=sum(sizes), bytes_per_s=_BYTES_PER_S)
