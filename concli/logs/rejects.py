"""The lines that are no entries, one JSON object each."""

import json
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from concli.logs.chunk import Chunk
from concli.logs.line_finder import line_starts, positions_of

__all__ = ["KEPT_OF_LONG_LINE", "TOO_LONG", "LineNumbers", "moved", "reject_lines"]

#: How much is shown of a line that is too long.
KEPT_OF_LONG_LINE = 8 * 1024

#: Why a line is rejected of which there may be more than is shown.
TOO_LONG = "line too long"

_LINE = re.compile(rb'^(\{"file": "(?:[^"\\]|\\.)*+", "line": )([0-9]+)', re.MULTILINE)  # of a record


def reject_lines(chunk: Chunk, rejected: NDArray[np.intp], reasons: Sequence[str]) -> bytes:
    """Return the given lines of ``chunk``, counted from 0, as JSON lines, each with its reason.

    Each has ``file``, ``line`` (from 1), ``offset`` (bytes from 0), ``reason`` and ``text``, in which
    a byte that is not UTF-8 is U+FFFD. A line that is too long is cut and has its ``length`` in bytes.
    """
    if not rejected.size:
        return b""
    # The positions are those in the input, where a line may end with CR and LF.
    ends = positions_of(chunk.line_ends)
    starts = line_starts(ends)
    spans = zip(rejected.tolist(), starts[rejected].tolist(), ends[rejected].tolist(), reasons, strict=True)
    return b"".join(_record(chunk, *span) for span in spans)


class LineNumbers:
    """Numbers the lines of an input on, over chunks of which one does not know which line is their first."""

    def __init__(self) -> None:
        self._next = 1

    def missing(self, first_line: int, lines: int) -> int:
        """Return what is to be added to the line numbers in what was made of the next chunk of so many lines."""
        first = first_line or self._next
        self._next = first + lines
        return first - first_line


def moved(rejects: bytes, lines: int) -> bytes:
    r"""Return rejects with so many lines added to where they are.

    >>> moved(b'{"file": "a \\"b", "line": 7, "offset": 90}\n', 5)
    b'{"file": "a \\"b", "line": 12, "offset": 90}\n'
    """
    return _LINE.sub(lambda found: b"%b%d" % (found[1], int(found[2]) + lines), rejects) if lines else rejects


def _record(chunk: Chunk, number: int, start: int, end: int, reason: str) -> bytes:
    line = bytes(chunk.buffer[start:end]).removesuffix(b"\r")
    record: dict[str, object] = {
        "file": chunk.name.encode("utf-8", "surrogateescape").decode("utf-8", "replace"),
        "line": chunk.first_line + number,
        "offset": chunk.offset + start,
        "reason": reason,
    }
    if reason == TOO_LONG:
        record["length"] = chunk.full_length or len(line)
        line = line[:KEPT_OF_LONG_LINE]
    record["text"] = line.decode("utf-8", "replace")
    return json.dumps(record, ensure_ascii=False).encode() + b"\n"
