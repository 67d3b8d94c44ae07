"""One file for each level, day or value of a field."""

import contextlib
import os
import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from concli.errors import OutputError, UsageError
from concli.files import Output, open_output
from concli.logs.choice.values import without
from concli.logs.entries import Column, Entries
from concli.logs.line_finder import Positions
from concli.logs.output.outputs import Renderer

__all__ = ["MOST_FILES", "Part", "SplitOutput", "SplitRenderer", "distinct", "file_name"]

#: So many values are told apart, and files open at once.
MOST_FILES = 256

_WIDTH = 32
_ODD = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x27D4EB2F165667C5], np.uint64)
_FIRST_BYTES = np.frombuffer(b"".join((b"\xff" * n).ljust(_WIDTH, b"\0") for n in range(_WIDTH + 1)), "<u8")
_DATE = len("YYYY-MM-DD")
_LONGEST_NAME = 60
_NOT_IN_NAMES = re.compile(r'[\x00-\x20/\\<>:"|?*\x7f\ufffd]')


class Part(NamedTuple):
    """What is for one file; its length is in bytes."""

    name: str
    pieces: Sequence[Any]

    def __len__(self) -> int:
        return sum(map(len, self.pieces))


def file_name(value: bytes) -> str:
    """Return a value as a part of a file's name; some values may share one.

    >>> file_name(b"GET /"), file_name(b".."), file_name(b"")
    ('GET__', '_.', 'none')
    """
    name = _NOT_IN_NAMES.sub("_", value.decode("utf-8", "replace"))[:_LONGEST_NAME] or "none"
    return "_" + name[1:] if name[0] in ".-" else name


class SplitRenderer:
    """Renders by value, for one thread: by ``level``, ``day`` or the name of a field.

    The field ``hidden`` is there to split by it alone.
    """

    header = b""

    def __init__(self, render: Renderer, by: str, hidden: str | None = None) -> None:
        self._render = render
        self._by = by
        self._hidden = hidden

    @property
    def left_out(self) -> Counter[str]:
        """What the renderer left out."""
        return self._render.left_out

    def __call__(self, entries: Entries, keep: NDArray[np.bool_]) -> tuple[Sequence[Part], int]:
        """Render the entries for which ``keep`` is true; raises ``OutputError`` if there are too many values."""
        values, numbers = self._groups(entries)
        # By name, as several values may have one.
        names: dict[str, int] = {}
        by_name = np.array([names.setdefault(file_name(value), len(names)) for value in values], np.int64)
        numbers = by_name[numbers]
        present = np.unique(numbers[keep])
        if self._hidden:
            entries = without(entries, self._hidden)
        if len(present) > MOST_FILES:
            raise _too_many(self._by)
        parts, total = [], 0
        for number, name in enumerate(names):
            if number in present:
                pieces, replaced = self._render(entries, keep & (numbers == number))
                parts.append(Part(name, pieces))
                total += replaced
        return parts, total

    def _groups(self, entries: Entries) -> tuple[Sequence[bytes], NDArray[Any]]:
        if self._by == "level":
            return entries.names, entries.levels
        if self._by == "day":
            stamps = entries.timestamps
            return distinct(stamps._replace(ends=np.minimum(stamps.ends, stamps.starts + _DATE)))
        column = entries.messages if self._by == "message" else entries.fields.get(self._by)
        return ([b""], np.zeros(entries.size, np.int64)) if column is None else distinct(column)


def distinct(column: Column) -> tuple[Sequence[bytes], NDArray[Any]]:
    """Return the values there are, and which of these each entry has; a missing value is an empty one."""
    starts, lengths, buffer = column.starts, column.ends - column.starts, column.buffer
    missing = starts < 0
    lengths = np.where(missing, 0, lengths)
    starts = np.where(missing, 0, starts)
    if not len(starts) or int(lengths.max()) > _WIDTH:
        return _distinct_one_by_one(column)
    if len(buffer) < int(starts.max()) + _WIDTH:
        buffer = b"".join((buffer, bytes(_WIDTH)))
    words = np.ndarray((len(buffer) - _WIDTH + 1,), f"V{_WIDTH}", buffer, strides=(1,))[starts]
    words = words.view("<u8").reshape(-1, 4) & _FIRST_BYTES.reshape(-1, 4)[lengths]
    hashes = (words * _ODD).sum(axis=1, dtype=np.uint64) ^ lengths.view(np.uint64)
    _, firsts, numbers = np.unique(hashes, return_index=True, return_inverse=True)
    same = (words == words[firsts][numbers]).all() and (lengths == lengths[firsts][numbers]).all()
    if not same:  # two values with one hash
        return _distinct_one_by_one(column)
    return [column.value(first) or b"" for first in firsts.tolist()], numbers


def _distinct_one_by_one(column: Column) -> tuple[Sequence[bytes], Positions]:
    known: dict[bytes, int] = {}
    numbers = [known.setdefault(column.value(n) or b"", len(known)) for n in range(len(column.starts))]
    return list(known), np.array(numbers, np.int64)


class SplitOutput:
    """All the files, an ``Output`` for parts. Each is whole at the end or not there at all.

    ``target`` is a directory, made if need be, or a path with ``{by}`` where the value goes. ``open_part`` opens one.
    Raises ``UsageError``.
    """

    is_new = False  # it is no file

    def __init__(
        self, target: str | None, by: str, ending: str, header: bytes, open_part: Callable[[str], Output] = open_output
    ) -> None:
        place = "{" + by + "}"
        if target is None or target == "-":
            raise UsageError(f"--split-by writes to files: give a directory, or a name with {place}, by -o")
        self.name = target
        self._path = target if place in target else os.path.join(target, place + ending)
        self._place, self._by, self._header, self._open = place, by, header, open_part
        self._outputs: dict[str, Output] = {}
        self._folder = os.path.dirname(self._path.split(place)[0]) or "."
        self._is_made = False
        if place not in target and not os.path.lexists(target):
            try:
                os.mkdir(target)
            except OSError as error:
                raise OutputError(target, error) from error
            self._is_made = True

    def write(self, pieces: Sequence[Any]) -> int:
        """Write each part to its file; return the bytes."""
        total = 0
        for part in pieces:
            if not isinstance(part, Part):
                continue
            output = self._outputs.get(part.name)
            if output is None:
                if len(self._outputs) >= MOST_FILES:
                    raise _too_many(self._by)
                output = self._outputs[part.name] = self._open(self._path.replace(self._place, part.name))
                total += output.write([self._header])
            total += output.write(part.pieces)
        return total

    @property
    def paths(self) -> list[str]:
        """The files so far."""
        return [output.name for output in self._outputs.values()]

    def cancel(self) -> None:
        """End a ``write`` that waits for a slow reader: no file has one."""

    def commit(self) -> None:
        """Put all files in their places; one that cannot be raises ``OutputError``, and those after it are not."""
        outputs = list(self._outputs.values())
        for number, output in enumerate(outputs):
            try:
                output.commit()
            except BaseException:
                for other in outputs[number:]:
                    other.abort()
                raise

    def abort(self) -> None:
        """Leave all places as they were."""
        for output in self._outputs.values():
            output.abort()
        if self._is_made:
            with contextlib.suppress(OSError):
                os.rmdir(self._folder)

    def stat(self) -> os.stat_result:
        """Return the status of the directory."""
        return os.stat(self._folder)


def _too_many(by: str) -> OutputError:
    return OutputError(f"--split-by {by}", f"there are more than {MOST_FILES} values; split by something with fewer")
