"""The lines that are no entries, one JSON object each."""

import json
import re

import numpy as np
from numpy.typing import NDArray

from concli.logs.chunk import Chunk
from concli.logs.line_finder import line_starts, positions_of

__all__ = ["reject_lines"]

#: How much is shown of a line that is too long.
KEPT_OF_LONG_LINE = 8 * 1024

_STAMPED = re.compile(rb"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")


def reject_lines(chunk: Chunk, rejected: NDArray[np.intp], max_line: int) -> bytes:
    """Return the given lines of ``chunk``, counted from 0, as JSON lines.

    Each has ``file``, ``line`` (from 1), ``offset`` (bytes from 0), ``reason`` and ``text``, in which
    a byte that is not UTF-8 is U+FFFD. A line that is too long is cut and has its ``length`` in bytes.
    """
    if not rejected.size:
        return b""
    # The positions are those in the input, where a line may end with CR and LF.
    ends = positions_of(chunk.line_ends)
    starts = line_starts(ends)
    return b"".join(
        _record(chunk, number, start, end, max_line)
        for number, start, end in zip(
            rejected.tolist(), starts[rejected].tolist(), ends[rejected].tolist(), strict=True
        )
    )


def _record(chunk: Chunk, number: int, start: int, end: int, max_line: int) -> bytes:
    line = bytes(chunk.buffer[start:end]).removesuffix(b"\r")
    length = chunk.full_length or len(line)
    record: dict[str, object] = {
        "file": chunk.name.encode("utf-8", "surrogateescape").decode("utf-8", "replace"),
        "line": chunk.first_line + number,
        "offset": chunk.offset + start,
        "reason": "no timestamp",
    }
    if length > max_line:
        record["reason"] = "line too long"
        record["length"] = length
        line = line[:KEPT_OF_LONG_LINE]
    elif _STAMPED.match(line):
        record["reason"] = "no level"
    record["text"] = line.decode("utf-8", "replace")
    return json.dumps(record, ensure_ascii=False).encode() + b"\n"
