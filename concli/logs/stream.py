"""One input on its way into chunks of whole entries."""

import re
import time
from collections.abc import Callable
from typing import NamedTuple, Protocol

from concli.logs.chunk import Chunk
from concli.logs.cutting import entry_begin, last_begin, last_finished, months_in, years_between
from concli.logs.formats.format import Format, Reading
from concli.logs.inputs import Input, Place
from concli.logs.line_finder import LineFinder
from concli.logs.opening import Text
from concli.logs.rejects import KEPT_OF_LONG_LINE

__all__ = ["HOLD_S", "Choose", "Plan", "Pool", "Stream"]

#: How long the last entry waits for more of it, where it may go on over lines and somebody is writing.
HOLD_S = 1.0

_LF = ord("\n")
_CR = ord("\r")
_HEAD_BYTES = 64 * 1024


class Choose(Protocol):
    """Tells the format of an input from its name and its first lines."""

    def __call__(self, name: str, head: bytes, /) -> Format:
        """Return the format."""


class Plan(NamedTuple):
    """How all inputs are read; see ``Reader``."""

    reading: Reading
    choose: Choose | None
    year: int | None


class Pool(Protocol):
    """Where chunks come from."""

    finder: LineFinder

    @property
    def chunk_bytes(self) -> int:
        """How much a chunk has room for, unless it has to hold something larger."""

    def take(self) -> Chunk:
        """Return a chunk with nothing in it."""

    def give_back(self, chunk: Chunk) -> None:
        """Take back what has not been used."""

    def wait_until_alone(self) -> None:
        """Wait until no other chunk is on its way: however many threads there are, one may be large."""


class Stream:
    """Cuts ``text`` into chunks.

    ``place`` is where the next chunk begins, ``problem`` why the text has ended if that was not its end.
    """

    def __init__(
        self,
        source: Input,
        text: Text,
        pool: Pool,
        plan: Plan,
        *,
        keeps_rest: Callable[[], bool] | None = None,
        waits: bool = True,
    ) -> None:
        """If it ``waits``, ``next`` does so for something to come.

        ``keeps_rest`` is asked at the end whether somebody may still be writing to what comes last.
        """
        self._keeps_rest = keeps_rest or (lambda: source.keeps_rest)
        self.place = text.start if text.start.year is not None else text.start._replace(year=plan.year)
        self.has_ended = False
        self.problem: OSError | None = None
        self._source = source
        self._file = text.file
        self._is_unpacked = text.is_unpacked
        self._pool = pool
        self._plan = plan
        self._max_line = plan.reading.max_line
        self._waits = waits
        self._carry = b""  # what has been read and not handed on
        self._came = 0.0  # when the last of it came
        self._format: Format | None = None
        self._begins: re.Pattern[bytes] | None = None  # what an entry begins with, if it goes on over lines
        # Of the text in hand: where its last entry begins, and up to where that has been looked for.
        self._begin = self._searched = -1
        self._is_too_long = False

    def is_ready(self) -> bool:
        """Return whether ``next`` may have something."""
        return self._file.has_more() or (b"\n" in self._carry and self._is_overdue())

    def next(self, *, is_last: bool = False) -> Chunk | None:
        """Return the next chunk, None if there is none: at the end, or for now.

        If it ``is_last``, what has been read has to do.
        """
        chunk = self._pool.take()
        size = self._fill(chunk, is_last=is_last)
        if chunk.size:
            self._carry = bytes(memoryview(chunk.buffer)[chunk.size : size])
            chunk.consumed = chunk.size - chunk.lacks_lf
        elif self._is_too_long:
            self._choose(chunk.buffer, size)
            chunk.consumed = self._skip_long_line(chunk, size)
        else:
            self._carry = bytes(memoryview(chunk.buffer)[:size])
            self._pool.give_back(chunk)
            return None
        self._describe(chunk)
        return chunk

    def go_on_at(self, offset: int) -> None:
        """Leave out what comes before that place in a file, where the number of the line is not known."""
        self._file.skip(offset - self.place.offset - len(self._carry))
        self._carry = b""
        self.place = self.place._replace(offset=offset, line=0)

    def _describe(self, chunk: Chunk) -> None:
        """Say what ``chunk`` is, and where."""
        chunk.mark_lines(self._pool.finder)
        chunk.format = self._choose(chunk.buffer, chunk.size)
        chunk.name, chunk.source, chunk.modified = self._source.name, self._source, self._file.modified
        offset, line, year, month = self.place
        chunk.offset, chunk.first_line, chunk.year = offset, line, None
        if year is not None and chunk.format and chunk.format.month:
            months = months_in(chunk.buffer, chunk.size, chunk.format)
            chunk.year = year = year + years_between([month, *months[:1]])
            year, month = year + years_between(months), (months or [month])[-1]
        line += chunk.lines if line else 0  # it is not known after a span
        self.place = chunk.after = Place(offset + chunk.consumed, line, year, month)

    def _choose(self, text: bytearray, size: int) -> Format | None:
        """Tell the format from the first lines; the first call counts."""
        if self._format is None and self._plan.choose:
            head = bytes(memoryview(text)[: min(size, _HEAD_BYTES)])
            self._format = self._plan.choose(self._source.name, head[: head.rfind(b"\n") + 1] or head)
            self._begins = entry_begin(self._format, self._plan.reading)
        return self._format

    def _fill(self, chunk: Chunk, *, is_last: bool) -> int:
        """Read until the chunk is full, or holds a whole entry and there is no more for now.

        Sets ``chunk.size`` to the end of the last whole entry, 0 if there is none because the line is too long,
        or for now. Returns how much of the buffer is filled.
        """
        size = len(self._carry)
        if size > chunk.capacity - 2:
            self._pool.wait_until_alone()
            chunk.grow(size + self._pool.chunk_bytes)
        chunk.buffer[:size] = self._carry
        whole = self._carry.rfind(b"\n") + 1  # the end of the last whole line
        self._begin, self._searched = -1, 0
        self._is_too_long = False
        while True:
            room = chunk.capacity - 1  # a last line without a line feed is given one
            if size == room:
                if self._is_enough(chunk, size, whole):
                    return size
                self._pool.wait_until_alone()
                chunk.grow(min(2 * chunk.capacity, self._max_line + 3))
                continue
            if is_last:
                return self._end(chunk, size, whole)
            if whole and not self._file.has_more():
                chunk.size = self._cut(chunk, whole) or (0 if self._may_go_on() else whole)
                if chunk.size or not self._waits:
                    return size
            elif not self._waits and not self._file.has_more():
                return size
            with memoryview(chunk.buffer) as buffer, buffer[size:room] as view:
                count = self._read(view)
            if not count:
                return self._end(chunk, size, whole)
            self._came = time.monotonic()
            whole = max(whole, chunk.buffer.rfind(b"\n", size, size + count) + 1)
            size += count

    def _is_enough(self, chunk: Chunk, size: int, whole: int) -> bool:
        """Return whether a full chunk is to be handed on, or be made larger."""
        if whole:
            is_largest = chunk.capacity >= self._max_line + 3
            chunk.size = self._cut(chunk, whole) or (whole if is_largest else 0)
            return bool(chunk.size)
        self._is_too_long = size >= self._max_line + 2  # 2: a line end is not counted
        return self._is_too_long

    def _cut(self, chunk: Chunk, whole: int) -> int:
        """Return where the last whole entry ends, as far as can be told from whole lines; 0 if it is the first."""
        self._choose(chunk.buffer, whole)
        if not self._begins:
            unfinished = self._format.unfinished if self._format else None
            return last_finished(unfinished, chunk.buffer, whole) if unfinished else whole
        self._begin = max(self._begin, last_begin(self._begins, chunk.buffer, self._searched, whole))
        self._searched = whole
        return whole if self._begin < 0 else self._begin  # without an entry there is nothing to go on

    def _may_go_on(self) -> bool:
        """Return whether more of the last entry is to be expected, waiting for it if that is how it is."""
        return self._file.has_more(HOLD_S) if self._waits else not self._is_overdue()

    def _is_overdue(self) -> bool:
        return time.monotonic() - self._came >= HOLD_S

    def _end(self, chunk: Chunk, size: int, whole: int) -> int:
        """Make all that is left the last chunk."""
        self.has_ended = True
        chunk.size = size
        if self._keeps_rest() and (self.problem or not self._is_unpacked):
            is_quiet = time.time() - self._file.modified >= HOLD_S
            chunk.size = whole if is_quiet or not whole else self._cut(chunk, whole)
        elif size > whole:
            chunk.buffer[size] = _LF
            chunk.size += 1
            chunk.lacks_lf = True
        return chunk.size

    def _read(self, view: memoryview) -> int:
        try:
            return self._file.readinto(view)
        except OSError as error:
            self.problem = error
            return 0

    def _skip_long_line(self, chunk: Chunk, size: int) -> int:
        """Read on to the end of the line, keeping its beginning. Returns its bytes with its end."""
        last = chunk.buffer[size - 1]
        chunk.cut(min(size, KEPT_OF_LONG_LINE))
        block = bytearray(self._pool.chunk_bytes - 1)
        consumed = size
        while True:
            with memoryview(block) as view:
                count = self._read(view)
            end = block.find(b"\n", 0, count)
            if count and end < 0:
                last = block[count - 1]
                consumed += count
                continue
            if count:
                last = block[end - 1] if end else last
                consumed += end + 1
            chunk.full_length = consumed - bool(count) - (last == _CR)
            self._carry = bytes(memoryview(block)[end + 1 : count])
            self.has_ended = not count
            return consumed
