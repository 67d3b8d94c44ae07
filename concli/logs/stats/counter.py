"""What is done with each chunk: it is scanned, and what is in it counted."""

from collections.abc import Callable
from typing import NamedTuple

from concli.logs.choice.choice import Choice
from concli.logs.choice.chooser import Chooser
from concli.logs.chunk import Chunk
from concli.logs.formats.format import Reading
from concli.logs.source import Scanners
from concli.logs.span import Span, chunks_of
from concli.logs.stats.collector import Collector
from concli.logs.stats.summary import Summary

__all__ = ["Counted", "make_counter"]


class Counted(NamedTuple):
    """What a chunk has in it. ``seen`` are those of the names used to choose that an entry had, here or before."""

    number: int
    first_line: int
    summary: Summary
    seen: frozenset[str]


def make_counter(
    reading: Reading, choice: Choice, fields: tuple[str, ...] | None
) -> Callable[[Chunk | Span], list[Counted]]:
    """Return what counts a chunk, or each of those of a span, for one thread."""
    scanners, chooser, collector = Scanners(reading), Chooser(choice), Collector(fields)

    def count(chunk: Chunk) -> Counted:
        scan = scanners.scan(chunk)
        collector.add(scan, chunk, None if choice.keeps_all else chooser.mask(scan, chunk))
        return Counted(chunk.number, chunk.first_line, collector.finish(), frozenset(chooser.seen))

    return lambda unit: [count(chunk) for chunk in chunks_of(unit)]
