"""Laying out the columns of many entries at once, one entry after the other, by blocks instead of by bytes.

A value is copied by a block that is mostly wider than itself, and what it spoils behind the value is
written after it: values and constants from left to right, last of all the ends of the entries with the
beginnings of the next. How far a block may reach is known from the shortest values there are. Only what
has too little behind it, as the last column of a CSV, is copied to the byte, by blocks that overlap.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from concli.logs.line_finder import Positions
from concli.logs.output._segments import Choice, Segment, Value, some, take

__all__ = ["Choice", "Laid", "Segment", "Value", "lay_out", "some", "take"]

_BLOCK = 64  # bytes; moving them takes no longer than moving eight
# With fewer values left than _FEW, or more than _MANY blocks to a value, copying one by one is quicker.
_FEW = 32
_MANY = 32


class Laid(NamedTuple):
    """Entries laid out: entry ``i`` is ``data[starts[i]:starts[i + 1]]``."""

    data: NDArray[np.uint8]
    starts: Positions


class _Part(NamedTuple):
    """What is not the same in all entries; ``rows`` are those that have it, if not all.

    ``least`` is the fewest bytes it takes, ``widths`` how many it does in each entry.
    """

    buffer: bytes | bytearray
    starts: Positions
    widths: Positions
    least: int
    rows: Positions | None = None
    prefix: bytes = b""
    suffix: bytes = b""


def lay_out(segments: list[Segment], size: int) -> Laid:
    """Return ``size`` entries, each made of all segments.

    >>> from concli.logs.entries import Column
    >>> word = Column(b"one two", np.array([4, -1, 0]), np.array([7, -1, 3]))
    >>> laid = lay_out([b"<", Value(word, b"word="), b">"], 3)
    >>> laid.data.tobytes(), laid.starts.tolist()
    (b'<word=two><><word=one>', [0, 10, 12, 22])
    """
    if not size:
        return Laid(np.empty(0, np.uint8), np.zeros(1, np.int64))
    parts, constants = _parts(segments)
    widths = np.full(size, sum(map(len, constants)), np.int64)
    for part in parts:
        widths += part.widths
    starts = np.zeros(size + 1, np.int64)
    np.cumsum(widths, out=starts[1:])
    front, back = constants[-1], constants[0]
    starts += len(front)
    output = np.empty(int(starts[-1]) + len(back) + _BLOCK, np.uint8)
    _write(parts, constants, output, starts)
    starts -= len(front)
    return Laid(output[len(front) : len(front) + int(starts[-1])], starts)


def _parts(segments: list[Segment]) -> tuple[list[_Part], list[bytes]]:
    """Return the parts, and the constants before each and after the last."""
    parts: list[_Part] = []
    constants = [b""]
    choices: list[tuple[int, Choice]] = []
    for segment in segments:
        if isinstance(segment, bytes):
            constants[-1] += segment
        elif isinstance(segment, Choice):
            choices.append((len(parts), segment))
            parts.append(_Part(b"", segment.numbers, segment.numbers, 0))
            constants.append(b"")
        else:
            column, prefix, suffix, _ = segment
            widths = column.ends - column.starts
            if int(column.starts.min()) >= 0:
                constants[-1] += prefix
                parts.append(_Part(column.buffer, column.starts, widths, int(widths.min())))
                constants.append(suffix)
            elif (present := column.starts >= 0).any():
                widths += present * (len(prefix) + len(suffix))
                rows = np.flatnonzero(present)
                parts.append(_Part(column.buffer, column.starts, widths, 0, rows, prefix, suffix))
                constants.append(b"")
    for number, choice in choices:
        # The constants around a choice cost nothing as a part of it. The outermost are written at the very end.
        before, after = constants[number] if number else b"", constants[number + 1] if number + 1 < len(parts) else b""
        parts[number] = _chosen([before + option + after for option in choice.options], choice.numbers)
        if number:
            constants[number] = b""
        if number + 1 < len(parts):
            constants[number + 1] = b""
    return parts, constants


def _chosen(options: list[bytes], numbers: NDArray[Any]) -> _Part:
    widths = np.array([len(option) for option in options], np.int64)
    room = int(widths.max())
    present = np.flatnonzero(np.bincount(numbers))
    buffer = b"".join(option.ljust(room) for option in options) + bytes(_BLOCK)
    starts = numbers.astype(np.int64) * room
    return _Part(buffer, starts, widths[numbers], int(widths[present].min()))


def _write(parts: list[_Part], constants: list[bytes], output: NDArray[np.uint8], starts: Positions) -> None:
    """Write everything; what a block spoils is always written after it."""
    target = _Target(output)
    # Parts at the beginning that are equally wide everywhere are written to the byte, so they can come last.
    last_of_all = 0
    for part in parts:
        if part.rows is not None or part.least > _BLOCK or part.least < int(part.widths.max()):
            break
        last_of_all += 1
    rooms = _rooms(parts, constants, last_of_all)
    places = starts[:-1] + len(constants[0])
    waiting = []
    for number, part in enumerate(parts):
        if number < last_of_all:
            waiting.append(places)
        else:
            target.write(part, places, rooms[number])
        places = places + part.widths
        if number + 1 < len(parts):
            if number >= last_of_all:
                target.put(constants[number + 1], places)
            places += len(constants[number + 1])
    target.put(constants[-1] + constants[0], starts - len(constants[-1]))
    for number, places in enumerate(waiting):
        target.write(parts[number], places, 0)
        if number + 1 < len(parts):
            target.put(constants[number + 1], places + parts[number].least)


def _rooms(parts: list[_Part], constants: list[bytes], last_of_all: int) -> list[int]:
    """Return how much may be spoiled behind each part: all that is written after it."""
    between = sum(map(len, constants[1 : min(last_of_all + 1, len(parts))]))
    rooms = [len(constants[-1]) + len(constants[0]) + between + sum(part.least for part in parts[:last_of_all])]
    for number in range(len(parts) - 1, 0, -1):
        rooms.append(rooms[-1] + parts[number].least + len(constants[number]))
    return rooms[::-1]


class _Target:
    """What is written to."""

    def __init__(self, output: NDArray[np.uint8]) -> None:
        self._output = output
        self._padded: dict[int, bytes | bytearray] = {}

    def write(self, part: _Part, at: Positions, room: int) -> None:
        """Write a part, spoiling no more than ``room`` bytes behind it."""
        froms, widths = part.starts, part.widths
        if part.rows is not None:
            at, froms = at[part.rows], froms[part.rows]
            widths = widths[part.rows] - (len(part.prefix) + len(part.suffix))
            self.put(part.prefix, at)
            at = at + len(part.prefix)
            room += len(part.suffix)
        source = self._padded.get(id(part.buffer), part.buffer)
        if len(source) < int((froms + widths).max()) + _BLOCK:
            source = self._padded[id(part.buffer)] = b"".join((source, bytes(_BLOCK)))
        _copy(source, self._output, froms, at, widths, room)
        self.put(part.suffix, at + widths)

    def put(self, constant: bytes, places: Positions) -> None:
        """Write a constant at all places."""
        if constant:
            _blocks(self._output, len(constant))[places] = np.frombuffer(constant, f"V{len(constant)}")


def _copy(
    source: bytes | bytearray,
    target: NDArray[np.uint8],
    froms: Positions,
    tos: Positions,
    lengths: Positions,
    room: int,
) -> None:
    """Copy values, spoiling no more than ``room`` bytes behind each."""
    longest = int(lengths.max())
    width = min(_BLOCK, longest)
    if longest > _BLOCK or int(lengths.min()) < longest:
        while width > room:
            # To the byte: whole blocks, and the last so that it ends with the value.
            fits = lengths >= width
            longer = np.flatnonzero(fits)
            if longer.size:
                ends = lengths[longer] - width
                _blocks(target, width)[tos[longer] + ends] = _blocks(source, width)[froms[longer] + ends]
                _copy_on(source, target, froms[longer], tos[longer], ends, width, 0)
                rest = np.flatnonzero(~fits)
                froms, tos, lengths = froms[rest], tos[rest], lengths[rest]
            if not lengths.size:
                return
            width //= 2
    if width:
        _blocks(target, width)[tos] = _blocks(source, width)[froms]
        _copy_on(source, target, froms, tos, lengths, width, width)


def _copy_on(
    source: bytes | bytearray,
    target: NDArray[np.uint8],
    froms: Positions,
    tos: Positions,
    lengths: Positions,
    width: int,
    done: int,
) -> None:
    """Copy what is longer than what is ``done``, by blocks of ``width``."""
    left = np.flatnonzero(lengths > done)
    sources, targets = _blocks(source, width), _blocks(target, width)
    while left.size > _FEW and done < _MANY * width:
        targets[tos[left] + done] = sources[froms[left] + done]
        done += width
        left = left[lengths[left] > done]
    if left.size:
        whole_source, whole_target = memoryview(source), target.data
        for first, to, length in zip(froms[left].tolist(), tos[left].tolist(), lengths[left].tolist(), strict=True):
            whole_target[to + done : to + length] = whole_source[first + done : first + length]


def _blocks(buffer: Any, width: int) -> NDArray[np.void]:
    """Return a view whose element ``i`` is the ``width`` bytes at position ``i``."""
    return np.ndarray((max(0, len(buffer) - width + 1),), f"V{width}", buffer, strides=(1,))
