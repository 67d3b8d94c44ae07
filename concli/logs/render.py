"""From the lines that are kept to bytes: text, JSON lines, CSV."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from concli.files import Buffer
from concli.logs.assembly import Entries, Layout, assemble
from concli.logs.chunk import PADDING
from concli.logs.escapes import csv_text, json_text
from concli.logs.line_finder import LineFinder, Positions, line_starts, positions_of
from concli.logs.scanner import ENTRY, Lines, Scanner

__all__ = ["FORMATS", "Csv", "JsonLines", "Renderer", "Text"]

Pieces = Sequence[Buffer]


class Renderer(Protocol):
    """Turns the kept lines of a scan into bytes, for one thread.

    A call returns pieces to be written one after the other, good as long as the chunk they were made
    from, and the number of bytes that were replaced because they were not UTF-8.
    """

    header: bytes
    #: Whether it writes the text as it stands in the chunk.
    keeps_text: bool

    def __call__(self, lines: Lines, keep: NDArray[np.bool_]) -> tuple[Pieces, int]:
        """Render the lines for which ``keep`` is true."""


class Text:
    """Lines as they are. Nothing is copied: a run of kept lines is one piece of the input."""

    header = b""
    keeps_text = True

    def __call__(self, lines: Lines, keep: NDArray[np.bool_]) -> tuple[Pieces, int]:
        """Render the lines for which ``keep`` is true."""
        whole = memoryview(lines.buffer)
        edges = np.flatnonzero(np.diff(keep, prepend=False, append=False))
        firsts, lasts = lines.starts[edges[::2]].tolist(), (lines.ends[edges[1::2] - 1] + 1).tolist()
        return [whole[first:last] for first, last in zip(firsts, lasts, strict=True)], 0


class _Fields:
    """Entries taken apart, escaped and laid out anew."""

    header = b""
    keeps_text = False
    layout: Layout

    def __init__(self) -> None:
        self._finder = LineFinder()

    def escape(self, lines: Lines, keep: NDArray[np.bool_]) -> tuple[bytes | None, int]:
        """Return the text escaped and padded, None if it can stay, and the bytes that were replaced."""
        raise NotImplementedError

    def __call__(self, lines: Lines, keep: NDArray[np.bool_]) -> tuple[Pieces, int]:
        """Render the lines for which ``keep`` is true."""
        kept = np.flatnonzero(keep)
        if not kept.size:
            return [], 0
        heads = (lines.message_starts() - lines.starts)[kept]
        escaped, replaced = self.escape(lines, keep)
        if escaped is None:
            buffer: bytes | bytearray = lines.buffer
            starts, ends = lines.starts, lines.ends
        else:
            buffer = escaped
            ends = positions_of(self._finder.mark(buffer, len(buffer) - PADDING))
            starts = line_starts(ends)
        starts, ends, levels = starts[kept], ends[kept], lines.levels[kept]
        if (levels == Scanner.UNLISTED).any():
            return [self.finish(self._one_by_one(buffer, starts, ends), lines.feed)], replaced
        entries = Entries(buffer, starts, starts + heads, ends, levels, lines.names)
        return [self.finish(assemble(entries, self.layout), lines.feed)], replaced

    def finish(self, text: Buffer, feed: bytes) -> Buffer:
        """Return ``text`` as it is to be written, in which ``feed`` may still stand for line feeds."""
        del feed
        return text

    def _one_by_one(self, buffer: bytes | bytearray, starts: Positions, ends: Positions) -> bytes:
        entries = (ENTRY.match(buffer, *span) for span in zip(starts.tolist(), ends.tolist(), strict=True))
        return b"".join(self.layout.entry(*entry.groups()) for entry in entries if entry)


class JsonLines(_Fields):
    """One JSON object a line, UTF-8."""

    layout = Layout(b'{"timestamp":"', b'","level":"', b'","message":"', b'"}\n')
    escape = staticmethod(json_text)


class Csv(_Fields):
    """RFC 4180 with a header; the message is always quoted, lines end with a line feed."""

    header = b"timestamp,level,message\n"
    layout = Layout(b"", b",", b',"', b'"\n')
    escape = staticmethod(csv_text)

    def finish(self, text: Buffer, feed: bytes) -> Buffer:
        """Return the text with its line feeds."""
        return bytes(text).replace(feed, b"\n") if feed else text


#: The formats of the output by name.
FORMATS: dict[str, type[Text | JsonLines | Csv]] = {"text": Text, "raw": Text, "jsonl": JsonLines, "csv": Csv}
