"""Laying the fields of many entries out anew at once, by blocks instead of by bytes."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from concli.logs.line_finder import Positions

__all__ = ["Entries", "Layout", "assemble"]

_TIMESTAMP = 19  # bytes
_DATE = 10  # of these; behind it comes what ISO 8601 has there
# With fewer lines left than _FEW, or more than _MANY blocks to a line, copying one by one is quicker.
_FEW = 32
_MANY = 16


class Layout(NamedTuple):
    """What stands around the three fields of an entry."""

    before_timestamp: bytes
    before_level: bytes
    before_message: bytes
    after: bytes

    def entry(self, timestamp: bytes, level: bytes, message: bytes) -> bytes:
        """Return one entry laid out."""
        timestamp = timestamp[:_DATE] + b"T" + timestamp[_DATE + 1 :]
        return b"".join(
            [self.before_timestamp, timestamp, self.before_level, level, self.before_message, message, self.after]
        )


class Entries(NamedTuple):
    """Entries in ``buffer``: where the lines are, where in them the messages, and the levels.

    Arrays, one element an entry; ``names[levels[i]]`` is a level's name.
    """

    buffer: bytes | bytearray
    starts: Positions
    messages: Positions
    ends: Positions
    levels: NDArray[np.uint8]
    names: list[bytes]


def assemble(entries: Entries, layout: Layout) -> memoryview:
    """Return all entries, at least one, laid out one after the other."""
    # A head is written together with what ends the entry before it, which is always the same.
    before = layout.after + layout.before_timestamp
    heads = [before + bytes(_TIMESTAMP) + layout.before_level + name + layout.before_message for name in entries.names]
    widths = np.zeros(256, np.int64)
    widths[: len(heads)] = [len(head) for head in heads]
    ends = np.cumsum(widths[entries.levels] + (entries.ends - entries.messages))
    output = np.empty(int(ends[-1]) + len(layout.after), np.uint8)
    counts = np.bincount(entries.levels)
    present = np.flatnonzero(counts)
    # The block that ends with a short message may begin before it, but within its own head, which is
    # written afterwards.
    starts = _copy_messages(entries, output, ends, block=int(widths[present].min()))
    # Heads of one level have one width and are written at once.
    by_level = np.argsort(entries.levels, kind="stable")
    starts = starts[by_level]
    stamps = _blocks(entries.buffer, _TIMESTAMP)[entries.starts[by_level]].view(np.uint8).reshape(-1, _TIMESTAMP)
    first = 0
    for level in present.tolist():
        last, width = first + counts[level], len(heads[level])
        records = np.empty((last - first, width), np.uint8)
        records[:] = np.frombuffer(heads[level], np.uint8)
        records[:, len(before) : len(before) + _TIMESTAMP] = stamps[first:last]
        records[:, len(before) + _DATE] = ord("T")
        _blocks(output, width)[starts[first:last] - width] = records.view(f"V{width}")[:, 0]
        first = last
    whole = output.data
    whole[len(whole) - len(layout.after) :] = layout.after
    return whole[len(layout.after) :]


def _copy_messages(entries: Entries, output: NDArray[np.uint8], ends: Positions, block: int) -> Positions:
    """Copy the messages to where they are to end; return where they then begin.

    Each is copied by its last block, and a longer one by further blocks from its start.
    """
    source, target = _blocks(entries.buffer, block), _blocks(output, block)
    lengths = entries.ends - entries.messages
    starts = ends - lengths
    # Only at the very beginning of the buffer is there no whole block to copy from.
    early = int(np.searchsorted(entries.ends, block))
    target[ends[early:] - block] = source[entries.ends[early:] - block]
    left = np.flatnonzero(lengths > block)
    done = 0
    while left.size > _FEW and done < _MANY * block:
        target[starts[left] + done] = source[entries.messages[left] + done]
        done += block
        left = left[lengths[left] > done + block]
    whole_source, whole_target = memoryview(entries.buffer), output.data
    for line in [*range(early), *left.tolist()]:
        whole_target[starts[line] : ends[line]] = whole_source[entries.messages[line] : entries.ends[line]]
    return starts


def _blocks(buffer: Any, width: int) -> NDArray[np.void]:
    """Return a view whose element ``i`` is the ``width`` bytes at position ``i``."""
    return np.ndarray((max(0, len(buffer) - width + 1),), f"V{width}", buffer, strides=(1,))
