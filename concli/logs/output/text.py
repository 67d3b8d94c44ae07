"""Lines to be read: made anew, or as they were."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from concli.files import Buffer
from concli.logs.entries import Column, Entries
from concli.logs.output._ranks import Ranks
from concli.logs.output._segments import Choice, Segment, Value, take
from concli.logs.output.columns import lay_out
from concli.logs.output.jsonl import JSON_ESCAPES
from concli.logs.output.logfmt import Quoting, logfmt_key
from concli.logs.output.members import COMMON, Members, Pieces, level_choice

__all__ = ["Raw", "Text"]

_DATE = len("YYYY-MM-DD")
_MANY_RUNS = 8  # an eighth of the entries


class Text(Members):
    """``timestamp [LEVEL] message``, what is missing left out; fields that are named follow as ``key=value``.

    The lines of a message stay lines, and bytes that are not UTF-8 stay.
    """

    header = b""

    def __init__(self, columns: Sequence[str] | None = None) -> None:
        super().__init__(COMMON if columns is None else columns)

    def __call__(self, entries: Entries, keep: NDArray[np.bool_]) -> tuple[Pieces, int]:
        """Render the entries for which ``keep`` is true."""
        members, size = self.of(entries, keep)
        if not size:
            return [], 0
        segments: list[Segment] = []
        quoting, replaced, empty = Quoting(), 0, np.full(size, True)
        for member in members:
            if member.levels is not None:
                choice, _ = level_choice(member, b" [", b"]", lambda name: (name, 0))
                segments.append(choice)
                empty &= np.array([not option for option in choice.options])[member.levels]
                continue
            empty &= member.column.starts < 0
            if member.name == "timestamp":
                segments.append(Value(_with_blank(member.column), b" "))
            elif member.name == "message":
                segments.append(Value(member.column, b" "))
            else:
                key = b" " + logfmt_key(member.name) + b"="
                bare, quoted = quoting.split(member.column)
                segments += [Value(bare, key)] if bare else []
                if quoted:
                    escaped, count = _escaped(quoted)
                    segments.append(Value(escaped, key + b'"', b'"'))
                    replaced += count
        if empty.any():
            segments.append(Choice([b"", b" "], empty.view(np.uint8)))
        laid = lay_out(segments, size)
        # The blank before an entry becomes the line feed of the one before.
        laid.data[laid.starts[:-1]] = ord("\n")
        return [laid.data.data[1:], b"\n"], replaced


def _with_blank(column: Column) -> Column:
    """Return the timestamps with a blank instead of the T."""
    laid = lay_out([Value(column)], len(column.starts))
    dates = laid.starts[:-1][column.ends - column.starts > _DATE] + _DATE
    laid.data[dates[laid.data[dates] == ord("T")]] = ord(" ")
    there = column.starts >= 0
    return Column(
        laid.data.tobytes(), np.where(there, laid.starts[:-1], -1), np.where(there, laid.starts[1:], -1), column.kind
    )


def _escaped(column: Column) -> tuple[Column, int]:
    """Return the column with its values escaped, and how many bytes were replaced."""
    # Most of these are quoted because of a blank.
    doubtful = Ranks(column.buffer, _may_need_escapes).within(column.starts, column.ends)
    rows = np.flatnonzero(doubtful)
    if not rows.size:
        return column, 0
    values, total = [bytes(column.buffer)], 0
    for number in rows.tolist():
        value, replaced = JSON_ESCAPES.value(column.value(number) or b"")
        values.append(value)
        total += replaced
    places = np.cumsum([*map(len, values)])
    starts, ends = column.starts.copy(), column.ends.copy()
    starts[rows], ends[rows] = places[:-1], places[1:]
    return Column(b"".join(values), starts, ends), total


def _may_need_escapes(data: NDArray[np.uint8], out: NDArray[np.bool_]) -> NDArray[np.bool_]:
    np.less(data.view(np.int8), ord(" "), out=out)
    out |= data == ord('"')
    out |= data == ord("\\")
    return out


class Raw(Members):
    """All lines of an entry as they were. Where that is possible nothing is copied, and runs of them are one piece."""

    header = b""

    def __init__(self, columns: Sequence[str] | None = None) -> None:
        super().__init__(columns)

    def __call__(self, entries: Entries, keep: NDArray[np.bool_]) -> tuple[Pieces, int]:
        """Render the entries for which ``keep`` is true."""
        rows = np.flatnonzero(keep)
        if not rows.size:
            return [], 0
        column = take(entries.raw, rows)
        buffer, starts, ends = column.buffer, column.starts, column.ends
        if not len(buffer):
            return [b"\n" * len(rows)], 0
        data = np.frombuffer(buffer, np.uint8)
        has_feed = data[np.minimum(ends, len(data) - 1)] == ord("\n")
        has_feed &= ends < len(data)
        follows = (starts[1:] == ends[:-1] + 1) & has_feed[:-1]
        firsts = np.flatnonzero(np.concatenate(([True], ~follows)))
        if len(firsts) * _MANY_RUNS > len(rows):
            return [lay_out([Value(column), b"\n"], len(rows)).data.data], 0
        lasts = np.append(firsts[1:], len(rows)) - 1
        whole = memoryview(buffer)
        pieces: list[Buffer] = []
        spans = zip(starts[firsts].tolist(), ends[lasts].tolist(), has_feed[lasts].tolist(), strict=True)
        for start, end, fed in spans:
            pieces += [whole[start : end + 1]] if fed else [whole[start:end], b"\n"]
        return pieces, 0
