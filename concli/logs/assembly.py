"""Laying the fields of many entries out anew at once, by blocks instead of by bytes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from concli.logs.line_finder import Positions

__all__ = ["Entries", "Layout", "assemble"]

_TIMESTAMP = 19  # bytes
# No longer than the shortest head of a line on either side: the block that ends with a short message
# begins within the line's own head, which is written afterwards.
_BLOCK = 24
_FEW = 32  # with fewer lines left than this, copying one by one is quicker


@dataclass(frozen=True, slots=True)
class Layout:
    """What stands around the three fields of an entry."""

    before_timestamp: bytes
    before_level: bytes
    before_message: bytes
    after: bytes

    def entry(self, timestamp: bytes, level: bytes, message: bytes) -> bytes:
        """Return one entry laid out."""
        return b"".join(
            [self.before_timestamp, timestamp, self.before_level, level, self.before_message, message, self.after]
        )


@dataclass(frozen=True, slots=True)
class Entries:
    """Entries in ``buffer``: where the lines are, where in them the messages, and the levels.

    Arrays, one element an entry; ``names[levels[i]]`` is a level's name.
    """

    buffer: bytearray
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
    lengths = entries.ends - entries.messages
    ends = np.cumsum(widths[entries.levels] + lengths)
    messages = ends - lengths
    output = bytearray(int(ends[-1]) + len(layout.after))
    _copy_messages(entries, output, messages, ends)
    for level in np.flatnonzero(np.bincount(entries.levels)).tolist():
        chosen = np.flatnonzero(entries.levels == level)
        width = len(heads[level])
        records = np.empty((len(chosen), width), np.uint8)
        records[:] = np.frombuffer(heads[level], np.uint8)
        stamps = _blocks(entries.buffer, _TIMESTAMP)[entries.starts[chosen]]
        records[:, len(before) : len(before) + _TIMESTAMP] = stamps.view(np.uint8).reshape(-1, _TIMESTAMP)
        _blocks(output, width)[messages[chosen] - width] = records.view(f"V{width}")[:, 0]
    output[len(output) - len(layout.after) :] = layout.after
    return memoryview(output)[len(layout.after) :]


def _copy_messages(entries: Entries, output: bytearray, starts: Positions, ends: Positions) -> None:
    """Copy each message by its last block, which may begin before it, and by blocks from its start."""
    source, target = _blocks(entries.buffer, _BLOCK), _blocks(output, _BLOCK)
    target[ends - _BLOCK] = source[entries.ends - _BLOCK]
    lengths = ends - starts
    left = np.flatnonzero(lengths > _BLOCK)
    done = 0
    while left.size > _FEW:
        target[starts[left] + done] = source[entries.messages[left] + done]
        done += _BLOCK
        left = left[lengths[left] > done + _BLOCK]
    whole = memoryview(entries.buffer)
    for line in left.tolist():
        output[starts[line] : ends[line]] = whole[entries.messages[line] : entries.ends[line]]


def _blocks(buffer: bytearray, width: int) -> NDArray[np.void]:
    """Return a view whose element ``i`` is the ``width`` bytes at position ``i``."""
    return np.ndarray((max(0, len(buffer) - width + 1),), f"V{width}", buffer, strides=(1,))
