"""Chunks as a range of a file: what a worker that sees the file is given instead of their bytes.

To cut a file the reader has to look only where it cuts. The chunks are those that it would have read, and where they
are read their lines are counted from 0: who puts what became of them in order knows how many came before.
"""

import contextlib
import os
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from concli.errors import InputError
from concli.logs.chunk import CHUNK_BYTES, PADDING, Chunk
from concli.logs.cutting import entry_begin, last_begin, last_finished
from concli.logs.formats.format import Format, Reading
from concli.logs.inputs import Input, InputFile
from concli.logs.line_finder import LineFinder

__all__ = ["Span", "chunks_of", "cutter", "spans"]

_LF = b"\n"
_WINDOW = 8 * 1024  # bytes that are looked at first, to find where to cut
_BEFORE = 256  # bytes by which one sees that a file is the same

# Returns where a text, of whole lines from the second position on, is to be cut; None if that is further to the front.
Cut = Callable[[bytearray, int], int | None]


class _File:
    """A file that stays open as long as there are spans of it: its name may go to another one meanwhile."""

    def __init__(self, fd: int) -> None:
        self._fd = os.dup(fd)
        weakref.finalize(self, os.close, self._fd)

    def __fspath__(self) -> str:
        """Return a name by which other processes of this machine can open it, where there are such names."""
        return f"/proc/{os.getpid()}/fd/{self._fd}"

    def __reduce__(self) -> tuple[Any, ...]:
        return str, (os.fspath(self),)


@dataclass(slots=True)
class Span:
    """Chunks of the file at ``path``: the first begins at ``start``, and each where the one before it ``ends``.

    The first has this ``number``. ``before`` is what stands right before these, and ``modified`` when the file was last
    written to. On the reader's machine it is to be opened as ``file``.
    """

    name: str
    path: str
    file: "_File | str"
    start: int
    ends: list[int]
    before: bytes
    format: Format
    modified: float
    number: int = 0
    lines: int = 0  # not counted here

    @property
    def chunks(self) -> int:
        """How many there are."""
        return len(self.ends)

    @property
    def size(self) -> int:
        """The bytes that it stands for."""
        return self.ends[-1] - self.start

    consumed = size

    @property
    def capacity(self) -> int:
        """What counts as waiting; there are no bytes here."""
        return CHUNK_BYTES

    def read(self) -> Iterator[Chunk]:
        """Yield the chunks, each in memory of its own. Raises ``InputError`` if the file is not what it was."""
        finder = LineFinder()
        try:
            fd = self._open()
            try:
                for number, (start, end) in enumerate(pairwise([self.start, *self.ends]), self.number):
                    chunk = Chunk(_lines_at(fd, start, end), self.name, number, end - start)
                    chunk.first_line, chunk.offset, chunk.consumed = 0, start, chunk.size
                    chunk.format, chunk.modified = self.format, self.modified
                    chunk.mark_lines(finder)
                    yield chunk
            finally:
                os.close(fd)
        except OSError as error:
            raise InputError(self.name, error) from error

    def _open(self) -> int:
        # Without O_NONBLOCK, a named pipe that has taken its place would make this wait.
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
        with contextlib.suppress(OSError):
            fd = os.open(self.file, flags)
            if self._is_in(fd):
                return fd
            os.close(fd)
        fd = os.open(self.path, flags)
        if self._is_in(fd):
            return fd
        os.close(fd)
        raise OSError("it has changed, or is another file where the worker is; run this again")

    def _is_in(self, fd: int) -> bool:
        return os.pread(fd, len(self.before), self.start - len(self.before)) == self.before


def _lines_at(fd: int, start: int, end: int) -> bytearray:
    """Return whole lines of a file, and room behind them."""
    buffer, size = bytearray(end - start + PADDING), 0
    with memoryview(buffer) as view:
        while count := os.preadv(fd, [view[size : end - start]], start + size):
            size += count
    if buffer[end - start - 1] != _LF[0]:
        raise OSError("it has changed since the run began; run this again")
    return buffer


def chunks_of(unit: Chunk | Span) -> Iterator[Chunk]:
    """Yield the chunks that a unit of work stands for."""
    if isinstance(unit, Chunk):
        yield unit
    else:
        yield from unit.read()


def cutter(chosen: Format, reading: Reading) -> Cut:
    """Return what finds where texts of a format are cut, as ``Stream`` does."""
    begins = entry_begin(chosen, reading)

    def cut(text: bytearray, start: int) -> int | None:
        whole = text.rfind(_LF) + 1
        if begins:
            at = last_begin(begins, text, start, whole)
            return at if at >= 0 else None if start else whole
        at = last_finished(chosen.unfinished, text, whole) if chosen.unfinished else whole
        return at if at > start else None  # of the line that ends at the start, not all may be here

    return cut


def spans(file: InputFile, source: Input, at: int, cut: Cut, chosen: Format, size: int, most: int) -> Iterator[Span]:
    """Yield what comes after ``at`` in ``file``, in spans of ``most`` chunks of ``size`` bytes.

    Ends at a chunk that has to be larger, and before the last one, to which somebody may be adding.
    """
    path, opened = os.path.abspath(source.path or ""), _File(file.fileno())
    while ends := _chunk_ends(file.fileno(), at, source.size or 0, size - 1, cut, most):
        before = os.pread(file.fileno(), min(_BEFORE, at), max(0, at - _BEFORE))
        yield Span(source.name, path, opened, at, ends, before, chosen, file.modified)
        at = ends[-1]


def _chunk_ends(fd: int, at: int, stop: int, room: int, cut: Cut, most: int) -> list[int]:
    ends: list[int] = []
    while len(ends) < most and at + room <= stop and (end := _cut_between(fd, at, at + room, cut)):
        ends.append(end)
        at = end
    return ends


def _cut_between(fd: int, begin: int, end: int, cut: Cut) -> int | None:
    """Return where the chunk ends that begins at ``begin`` and has room up to ``end``; None if it needs more."""
    window = _WINDOW
    while True:
        first = max(begin, end - window)
        text = bytearray(os.pread(fd, end - first, first))
        if first == begin:
            return begin + at if (at := cut(text, 0)) else None
        start = text.find(_LF) + 1  # that line may have begun before
        if start and (at := cut(text, start)) is not None:
            return first + at
        window *= 8
