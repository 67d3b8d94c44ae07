"""The writer: the one thread that writes, and that adds up the account of the run."""

from collections import Counter

from concli.files import Output
from concli.logs.parser import Parsed

__all__ = ["Writer"]

# Levels that are told apart; a log in which everything is a level must not fill the memory.
_MAX_LEVELS = 1000
_MAX_LEVEL_LENGTH = 64
_OTHER_LEVELS = "(other)"


class Writer:
    """Writes what the parsers made to ``output`` and ``rejects``, and keeps the totals."""

    def __init__(self, output: Output, rejects: Output | None) -> None:
        self._output = output
        self._rejects = rejects
        # Written by the writer's thread alone; others may read them.
        self.chunks = 0
        self.lines = 0
        self.written = 0
        self.filtered = 0
        self.rejected = 0
        self.blank = 0
        self.bytes_in = 0
        self.bytes_out = 0
        self.replaced_bytes = 0
        self.levels: Counter[str] = Counter()

    def totals(self) -> dict[str, int]:
        """Return the account so far; ``read`` is the sum of what became of the lines."""
        return {
            "read": self.lines,
            "written": self.written,
            "filtered": self.filtered,
            "rejected": self.rejected,
            "blank": self.blank,
            "bytes_in": self.bytes_in,
            "bytes_out": self.bytes_out,
        }

    def result(self) -> dict[str, object]:
        """Return the levels of the entries written and the bytes that were not UTF-8."""
        return {"levels": dict(self.levels.most_common()), "replaced_bytes": self.replaced_bytes}

    def write_header(self, header: bytes) -> None:
        """Write what comes before the first entry."""
        self.bytes_out += self._output.write([header])

    def write(self, parsed: Parsed) -> int:
        """Write one chunk's output; return its bytes."""
        if parsed.rejects and self._rejects:
            self._rejects.write([parsed.rejects])
        written = self._output.write(parsed.pieces)
        self.chunks += 1
        self.lines += parsed.lines
        self.written += parsed.written
        self.filtered += parsed.filtered
        self.rejected += parsed.rejected
        self.blank += parsed.blank
        self.bytes_in += parsed.chunk.consumed
        self.bytes_out += written
        self.replaced_bytes += parsed.replaced_bytes
        for level, count in parsed.levels.items():
            known = level in self.levels or (len(self.levels) < _MAX_LEVELS and len(level) <= _MAX_LEVEL_LENGTH)
            self.levels[level if known else _OTHER_LEVELS] += count
        return written
