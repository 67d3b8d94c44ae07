"""The writer: the one thread that writes, and that adds up the account of the run."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from concli.files import Output
from concli.logs.choice.head import Head, first_of
from concli.logs.chunk import Chunk
from concli.logs.entries import Entries
from concli.logs.parsed import Parsed
from concli.logs.rejects import LineNumbers, moved

if TYPE_CHECKING:
    from concli.logs.choice.repeats import Joiner
    from concli.logs.output.outputs import Renderer

__all__ = ["Writer"]

# Names that are told apart; a log in which everything is a level, or a field, must not fill the memory.
_MAX_NAMES = 1000
_MAX_NAME_LENGTH = 64
_OTHER_NAMES = "(other)"
_SAVED_EACH_S = 1.0


class Writer:
    """Writes what the parsers made to ``output`` and ``rejects``, and keeps the totals.

    What only whoever sees all entries in their order can do is done here: no more than ``head`` entries, rendered
    again by what ``renderer`` makes where they end within a chunk, and by ``joiner`` repeats in a row made one.
    """

    def __init__(
        self,
        output: Output,
        rejects: Output | None,
        renderer: Callable[[], "Renderer"],
        *,
        head: int | None = None,
        joiner: "Joiner | None" = None,
        saved: Callable[[], object] | None = None,
        written: Callable[[Chunk], object] | None = None,
    ) -> None:
        """Call ``written`` with each chunk when it is, and ``saved`` each second when nothing is held back."""
        self._output = output
        self._rejects = rejects
        self._renderer = renderer
        self._render: Renderer | None = None
        self._joiner = joiner
        self._saved = saved
        self._tell_written = written
        self._saved_at = time.monotonic()
        self._numbers = LineNumbers()
        self.head = Head(head)
        # Written by the writer's thread alone; others may read them.
        self.chunks = 0
        self.lines = 0
        self.written = 0
        self.filtered = 0
        self.continued = 0
        self.rejected = 0
        self.blank = 0
        self.bytes_in = 0
        self.bytes_out = 0
        self.replaced_bytes = 0
        self.levels: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.seen: set[str] = set()
        self.left_out: Counter[str] = Counter()

    @property
    def repeated(self) -> int:
        """Entries that were repeats of one before, or may be of one to come."""
        return self._joiner.repeats + self._joiner.held if self._joiner else 0

    def totals(self) -> dict[str, int]:
        """Return the account so far; ``read`` is the sum of what became of the lines."""
        counts = {
            "read": self.lines,
            "written": self.written,
            "filtered": self.filtered,
            "continued": self.continued,
            "repeated": self.repeated,
            "rejected": self.rejected,
            "blank": self.blank,
        }
        return {**counts, "bytes_in": self.bytes_in, "bytes_out": self.bytes_out}

    def result(self) -> dict[str, object]:
        """Return the levels of the entries chosen, why lines were rejected, and the bytes that were not UTF-8."""
        return {
            "levels": dict(self.levels.most_common()),
            "rejects": dict(self.reasons.most_common()),
            "replaced_bytes": self.replaced_bytes,
        }

    def write_header(self, header: bytes) -> None:
        """Write what comes before the first entry."""
        if header:
            self.bytes_out += self._output.write([header])

    def write(self, parsed: Parsed) -> int:
        """Write one chunk's output; return its bytes."""
        missing = self._numbers.missing(parsed.chunk.first_line, parsed.lines)
        if parsed.rejects and self._rejects:
            self._rejects.write([moved(parsed.rejects, missing)])
        written = self._write_entries(parsed)
        self.chunks += 1
        self.lines += parsed.lines
        self.filtered += parsed.filtered
        self.continued += parsed.continued
        self.rejected += parsed.rejected
        self.blank += parsed.blank
        self.bytes_in += parsed.chunk.consumed
        self.bytes_out += written
        self.replaced_bytes += parsed.replaced_bytes
        self.reasons.update(parsed.reasons)
        self.seen |= parsed.seen
        _add(self.levels, parsed.levels)
        _add(self.left_out, parsed.left_out)
        if self._tell_written:
            self._tell_written(parsed.chunk)
        if self._saved and time.monotonic() - self._saved_at >= _SAVED_EACH_S:
            self.finish()
            self._saved()
            self._saved_at = time.monotonic()
        return written

    def finish(self) -> None:
        """Write what was held back."""
        if self._joiner:
            self.bytes_out += sum(self._write_some(entries, None) for entries in self._joiner.flush())

    def _write_entries(self, parsed: Parsed) -> int:
        if parsed.entries is None:  # nothing has to be known of them
            self.written += parsed.written
            return self._output.write(parsed.pieces)
        return sum(self._write_some(*some) for some in self._in_order(parsed, parsed.entries))

    def _in_order(self, parsed: Parsed, entries: Entries) -> Iterator[tuple[Entries, Sequence[Any] | None]]:
        if self._joiner and parsed.runs:
            for before in self._joiner.push(parsed.runs):
                yield before, None
        yield entries, parsed.pieces

    def _write_some(self, entries: Entries, pieces: Sequence[Any] | None) -> int:
        allowed = self.head.allow(entries.size)
        self.written += allowed
        self.filtered += entries.size - allowed
        if pieces is None or allowed < entries.size:
            self._render = self._render or self._renderer()
            pieces, _ = self._render(entries, first_of(np.ones(entries.size, bool), allowed))
        return self._output.write(pieces)


def _add(totals: Counter[str], counts: Mapping[str, int]) -> None:
    for name, count in counts.items():
        known = name in totals or (len(totals) < _MAX_NAMES and len(name) <= _MAX_NAME_LENGTH)
        totals[name if known else _OTHER_NAMES] += count
