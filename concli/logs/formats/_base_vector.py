"""The base format by columns, for when more is asked for than its own scanner knows."""

from concli.logs.chunk import Chunk
from concli.logs.entries import Scan
from concli.logs.formats._layouts import Part, Parts, StepLayout
from concli.logs.formats._vector import Grammar, VectorScanner
from concli.logs.formats._words import Cursor
from concli.logs.formats.base import BASE, what_lacks
from concli.logs.formats.format import Reading
from concli.logs.line_finder import line_starts, positions_of
from concli.logs.scanner import ENTRY
from concli.logs.stamps import ISO, Place

__all__ = ["BaseScanner"]

_HEAD = b"0000-00-00 00:00:00 ["
_KNOWN = (b"INFO", b"DEBUG", b"WARNING", b"ERROR", b"CRITICAL")
_OTHERWISE = f"not {BASE.name}"


def _steps(cursor: Cursor) -> Parts:
    start = cursor.places
    cursor.find(b"]")
    level = Part(start, cursor.places)
    cursor.expect(b"] ")
    return level, {}


_GRAMMAR = Grammar(ENTRY, (ISO,), [StepLayout(_HEAD, Place(ISO), (b"]",), _steps)], head=_HEAD, known=_KNOWN)


class BaseScanner(VectorScanner):
    """Scans chunks; a line that is no entry is rejected for what it lacks."""

    def __init__(self, reading: Reading) -> None:
        super().__init__(reading, _GRAMMAR, BASE.name)

    def scan(self, chunk: Chunk) -> Scan:
        """Tell what became of every line of ``chunk``."""
        scan = super().scan(chunk)
        if _OTHERWISE not in scan.reasons:
            return scan
        ends = positions_of(chunk.line_ends)
        starts = line_starts(ends)
        spans = zip(scan.reasons, starts[scan.rejected].tolist(), ends[scan.rejected].tolist(), strict=True)
        reasons = [
            what_lacks(chunk.buffer, start, end) if reason == _OTHERWISE else reason for reason, start, end in spans
        ]
        return scan._replace(reasons=reasons)
