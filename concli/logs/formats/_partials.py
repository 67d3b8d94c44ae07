"""Messages that a container's runtime took apart because they were long, put together again."""

import numpy as np
from numpy.typing import NDArray

from concli.logs.entries import Column, Scan

__all__ = ["join_partials"]


def join_partials(scan: Scan, partial: NDArray[np.bool_]) -> Scan:
    """Join each entry that is ``partial`` with the one on the next line, if that is of the same stream."""
    entries = scan.entries
    goes_on = np.zeros(entries.size, bool)
    for number in (np.flatnonzero(partial[:-1]) + 1).tolist():
        is_next = entries.raw.starts[number] == entries.raw.ends[number - 1] + 1
        stream = entries.fields.get("stream")
        goes_on[number] = is_next and (stream is None or stream.value(number) == stream.value(number - 1))
    if not goes_on.any():
        return scan
    heads = np.flatnonzero(~goes_on)
    lasts = np.append(heads[1:], entries.size) - 1
    messages = entries.messages
    starts, ends, parts, at = messages.starts[heads], messages.ends[heads], [messages.buffer], len(messages.buffer)
    for place in np.flatnonzero(lasts > heads).tolist():
        text = b"".join(messages.value(number) or b"" for number in range(heads[place], lasts[place] + 1))
        parts.append(text)
        starts[place], at = at, at + len(text)
        ends[place] = at

    def chosen(column: Column) -> Column:
        return column._replace(starts=column.starts[heads], ends=column.ends[heads])

    joined = entries._replace(
        lines=entries.lines[heads],
        raw=Column(entries.raw.buffer, entries.raw.starts[heads], entries.raw.ends[lasts]),
        timestamps=chosen(entries.timestamps),
        levels=entries.levels[heads],
        messages=Column(b"".join(parts), starts, ends),
        fields={name: chosen(column) for name, column in entries.fields.items()},
    )
    return scan._replace(entries=joined, continued=scan.continued + int(goes_on.sum()))
