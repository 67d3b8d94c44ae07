"""What the reader hands to the parsers."""

from dataclasses import dataclass, field, fields
from pickle import PickleBuffer
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from concli.logs.inputs import Input, Place
from concli.logs.line_finder import LineFinder, Marks

if TYPE_CHECKING:
    from concli.logs.formats.format import Format

__all__ = ["CHUNK_BYTES", "PADDING", "Chunk"]

# Bytes past the data that may be read, so that a scanner can look at whole words at any line's start.
PADDING = 64

# Large enough that what a chunk costs besides its bytes (some hundred calls) is small, small enough
# that a few of them and the scratch arrays made from them stay in the processor's caches.
CHUNK_BYTES = 2 * 1024 * 1024

_BEGINNING = Place()
_READERS = frozenset(["source", "after"])
_CONTENT = _READERS | {"buffer", "line_ends", "format"}


@dataclass(slots=True)
class Chunk:
    """Whole lines of the input ``name``.

    ``buffer`` holds ``size`` bytes of data, the last of which is a line feed (added where the input
    ``lacks_lf`` at its end), and ``PADDING`` more of no meaning. ``first_line`` counts from 1, 0 is
    not known, and ``offset``, in bytes, from 0, within the input; ``number`` counts the chunks of a run from 0.

    A line that is too long comes alone, only its beginning in the buffer, and with its
    ``full_length`` in bytes. ``consumed`` is how many bytes of the input the chunk stands for.
    ``line_ends`` marks the line feeds.

    ``format`` is that of the input. ``year`` is the year at the chunk's beginning if it is known; if not,
    ``modified`` is when the input was last written to, in seconds since the epoch. ``source`` is the input, as
    it was opened, and ``after`` the place in it where the chunk ends.
    """

    chunks: ClassVar[int] = 1

    buffer: bytearray
    name: str = ""
    number: int = 0
    size: int = 0
    lines: int = 0
    first_line: int = 1
    offset: int = 0
    lacks_lf: bool = False
    full_length: int = 0
    consumed: int = 0
    line_ends: Marks = field(default_factory=lambda: np.empty(0, np.uint16))
    format: "Format | None" = None
    year: int | None = None
    modified: float = 0.0
    source: Input | None = None
    after: Place = _BEGINNING

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel without what only the reader needs: the input, and the place in it."""
        text = PickleBuffer(memoryview(self.buffer)[: self.size + PADDING])
        values = {each.name: getattr(self, each.name) for each in fields(self) if each.name not in _READERS}
        return _restored, ({**values, "buffer": text},)

    def emptied(self) -> "Chunk":
        """Return what is known of the chunk, without its bytes."""
        values = {each.name: getattr(self, each.name) for each in fields(self) if each.name not in _CONTENT}
        return Chunk(bytearray(PADDING), **values)

    @property
    def capacity(self) -> int:
        """The bytes of data there is room for."""
        return len(self.buffer) - PADDING

    def grow(self, capacity: int) -> None:
        """Make room for a longer line."""
        larger = bytearray(capacity + PADDING)
        larger[: len(self.buffer)] = self.buffer
        self.buffer = larger

    def cut(self, size: int) -> None:
        """Keep ``size`` bytes of one line and let go of the rest of the memory."""
        self.buffer = self.buffer[:size] + b"\n" + bytes(PADDING)
        self.size = size + 1

    def mark_lines(self, finder: LineFinder) -> None:
        """Find the line ends; best done when the bytes have just come in and are in the cache."""
        self.line_ends = finder.mark(self.buffer, self.size)
        self.lines = int(np.bitwise_count(self.line_ends).sum())

    def reset(self) -> None:
        """Make the chunk as new, but for its memory."""
        self.size = self.lines = self.full_length = 0
        self.lacks_lf = False


def _restored(values: dict[str, Any]) -> Chunk:
    chunk = Chunk(**values)
    if not isinstance(chunk.buffer, bytearray):  # it depends on how it travelled
        chunk.buffer = bytearray(chunk.buffer)
    return chunk
