"""Values by column: taking some, putting others in their place, comparing all at once."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from concli.logs.chunk import PADDING
from concli.logs.entries import NO_VALUE, Column, Entries
from concli.logs.line_finder import Positions

__all__ = [
    "are_equal_to",
    "are_there",
    "at",
    "begin_with",
    "keep_repeated",
    "level_column",
    "no_values",
    "select",
    "select_column",
    "texts",
    "with_values",
    "without",
]

# With fewer values to look at than one in _FEW, decoding them one by one is quicker than decoding all at once.
_FEW = 16
_WORD, _BLOCK = 8, 16
_MANY_BLOCKS = 64


def at(buffer: bytes | bytearray | memoryview, kind: str, positions: Positions) -> NDArray[Any]:
    """Return what stands at each of ``positions`` in ``buffer``, as numpy's ``kind``."""
    width = np.dtype(kind).itemsize
    view: NDArray[Any] = np.ndarray((max(0, len(buffer) - width + 1),), kind, buffer, strides=(1,))
    return view[positions]


def are_there(column: Column) -> NDArray[np.bool_]:
    """Tell which entries have a value."""
    there: NDArray[np.bool_] = column.starts >= 0
    return there


def no_values(count: int) -> Column:
    """Return a column of which no entry has a value."""
    nowhere = np.full(count, NO_VALUE, np.int64)
    return Column(b"", nowhere, nowhere)


def select_column(column: Column, chosen: Any) -> Column:
    """Return the values of the chosen entries alone."""
    return column._replace(starts=column.starts[chosen], ends=column.ends[chosen])


def select(entries: Entries, chosen: Any) -> Entries:
    """Return the chosen entries alone; ``chosen`` is anything that numpy takes as an index of many."""
    return entries._replace(
        lines=entries.lines[chosen],
        raw=select_column(entries.raw, chosen),
        timestamps=select_column(entries.timestamps, chosen),
        levels=entries.levels[chosen],
        messages=select_column(entries.messages, chosen),
        fields={name: select_column(column, chosen) for name, column in entries.fields.items()},
    )


def without(entries: Entries, name: str) -> Entries:
    """Return the entries without the values of a field, or of one of the three that all have."""
    if name == "timestamp":
        return entries._replace(timestamps=no_values(entries.size))
    if name == "level":
        return entries._replace(levels=np.zeros_like(entries.levels))
    if name == "message":
        return entries._replace(messages=no_values(entries.size))
    return entries._replace(fields={other: column for other, column in entries.fields.items() if other != name})


def level_column(entries: Entries) -> Column:
    """Return the names of the levels as if they were a field."""
    ends = np.cumsum([len(name) for name in entries.names])
    starts = ends - [len(name) for name in entries.names]
    starts[0] = ends[0] = NO_VALUE
    return Column(b"".join(entries.names), starts[entries.levels], ends[entries.levels])


def with_values(column: Column, where: Positions, values: Sequence[bytes]) -> Column:
    """Return the column with other values for the entries ``where``."""
    size = len(column.buffer)
    ends = np.cumsum([len(value) for value in values]) + size
    starts = np.append(size, ends[:-1])
    all_starts, all_ends = column.starts.copy(), column.ends.copy()
    all_starts[where], all_ends[where] = starts, ends
    return column._replace(buffer=b"".join([column.buffer, *values, bytes(PADDING)]), starts=all_starts, ends=all_ends)


def texts(column: Column, chosen: Positions) -> list[str]:
    """Return the values of the chosen entries, all of which have one, as text.

    They are decoded as UTF-8; what is not is kept as ``surrogateescape`` does.
    """
    buffer = column.buffer
    spans = zip(column.starts[chosen].tolist(), column.ends[chosen].tolist(), strict=True)
    if len(chosen) * _FEW < len(column.starts):
        return [buffer[start:end].decode("utf-8", "surrogateescape") for start, end in spans]
    # One pass over everything, and a slice of it knows by itself whether it is ASCII, which most are.
    whole = buffer.decode("latin-1")
    return [
        text if (text := whole[start:end]).isascii() else text.encode("latin-1").decode("utf-8", "surrogateescape")
        for start, end in spans
    ]


def are_equal_to(column: Column, value: bytes) -> NDArray[np.bool_]:
    """Tell which entries have exactly this value."""
    return _begin_with(column, value, column.ends - column.starts == len(value))


def begin_with(column: Column, value: bytes) -> NDArray[np.bool_]:
    """Tell which entries have a value that begins with this one."""
    return _begin_with(column, value, column.ends - column.starts >= len(value))


def _begin_with(column: Column, value: bytes, likely: NDArray[np.bool_]) -> NDArray[np.bool_]:
    likely &= column.starts >= 0
    if not value:
        return likely
    chosen = np.flatnonzero(likely)
    # A bytes string in numpy has no NULs at its end, but these are of one length.
    likely[chosen] = at(column.buffer, f"S{len(value)}", column.starts[chosen]) == np.bytes_(value)
    return likely


def keep_repeated(column: Column, likely: NDArray[np.bool_]) -> None:
    """Take those out of ``likely`` whose value is not that of the entry before, or is there where the other is not."""
    starts, ends = column.starts, column.ends
    lengths = ends - starts
    likely[1:] &= (lengths[1:] == lengths[:-1]) & ((starts[1:] < 0) == (starts[:-1] < 0))
    chosen = np.flatnonzero(likely)
    chosen = chosen[(starts[chosen] >= 0) & (starts[chosen] != starts[chosen - 1])]
    buffer = column.buffer
    tiny = chosen[(lengths[chosen] < _WORD) & (np.maximum(starts[chosen], starts[chosen - 1]) + _WORD <= len(buffer))]
    unused = ((_WORD - lengths[tiny]) * 8).astype(np.uint64)
    words = [at(buffer, "<u8", starts[tiny - back]) << np.minimum(unused, 63) for back in (0, 1)]
    likely[tiny[(words[0] != words[1]) & (lengths[tiny] > 0)]] = False
    # By blocks from the beginning, the last of which ends with the value.
    done = 0
    long = chosen[lengths[chosen] >= _BLOCK]
    while long.size and done < _MANY_BLOCKS * _BLOCK:
        offsets = np.minimum(done, lengths[long] - _BLOCK)
        blocks = [at(buffer, f"V{_BLOCK}", starts[long - back] + offsets).view("<u8").reshape(-1, 2) for back in (0, 1)]
        same = (blocks[0] == blocks[1]).all(axis=1)
        likely[long[~same]] = False
        done += _BLOCK
        long = long[same]
        long = long[lengths[long] > done]
    others = np.setdiff1d(chosen[lengths[chosen] < _BLOCK], tiny, assume_unique=True)
    for number in [*long.tolist(), *others.tolist()]:
        before = buffer[starts[number - 1] : ends[number - 1]]
        likely[number] = buffer[starts[number] : ends[number]] == before
