"""The reader: inputs cut into chunks of whole lines, in memory that is used again and again."""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence

from concli.errors import InputError
from concli.logs.chunk import CHUNK_BYTES, PADDING, Chunk
from concli.logs.inputs import Input, InputFile
from concli.logs.line_finder import LineFinder
from concli.logs.rejects import KEPT_OF_LONG_LINE
from concli.patterns import _sync

__all__ = ["Reader"]

_LF = ord("\n")
_CR = ord("\r")


class Reader:
    """Iterates over the chunks of all inputs, in order.

    ``report`` is told of an input that can't be read, or not to its end; the others are read all the
    same. ``lines`` and ``bytes`` count what has been read, ``whole`` the inputs read to their end,
    and ``waited_s`` the seconds spent waiting for somebody to write.
    """

    def __init__(self, inputs: Sequence[Input], report: Callable[[InputError], object], max_line: int) -> None:
        self.lines = 0
        self.bytes = 0
        self.whole = 0
        self.waited_s = 0.0
        self._inputs = inputs
        self._report = report
        self._max_line = max_line
        self._number = 0
        self._free: deque[Chunk] = deque()  # its append and pop are atomic on every build
        self._finder = LineFinder()
        # Guards the two fields below it; notified when either changes.
        self._returned = _sync.Condition()
        self._lent = 0  # chunks that have been handed out and not yet come back
        self._is_cancelled = False
        self._cancelled, self._cancel = os.pipe()

    def recycle(self, chunk: Chunk) -> None:
        """Take back a chunk that nobody looks at any more; called from any thread."""
        if chunk.capacity == CHUNK_BYTES:
            self._free.append(chunk)
        with self._returned:
            self._lent -= 1
            self._returned.notify_all()

    def cancel(self) -> None:
        """Make a read that waits for input end; called from any thread."""
        os.write(self._cancel, b"x")
        with self._returned:
            self._is_cancelled = True
            self._returned.notify_all()

    def close(self) -> None:
        """Give the descriptors back."""
        os.close(self._cancel)
        os.close(self._cancelled)

    def __iter__(self) -> Iterator[Chunk]:
        for source in self._inputs:
            try:
                file = InputFile(source, self._cancelled)
            except OSError as error:
                self._report(InputError(source.name, error))
                continue
            try:
                yield from self._chunks(source, file)
                self.whole += 1
            except OSError as error:
                self._report(InputError(source.name, error))
            finally:
                file.close()

    def _chunks(self, source: Input, file: InputFile) -> Iterator[Chunk]:
        offset, line, carry, ended = 0, 1, b"", False
        waited_before_s = self.waited_s
        while not ended:
            chunk = self._new_chunk()
            size, ended = self._fill(chunk, carry, file)
            if chunk.size:
                carry = bytes(memoryview(chunk.buffer)[chunk.size : size])
                chunk.consumed = chunk.size - chunk.lacks_lf
            elif size:
                carry, ended, chunk.consumed = self._skip_long_line(chunk, size, file)
            else:
                return
            chunk.mark_lines(self._finder)
            chunk.name, chunk.number, chunk.offset, chunk.first_line = source.name, self._number, offset, line
            self._number += 1
            offset += chunk.consumed
            line += chunk.lines
            self.lines += chunk.lines
            self.bytes += chunk.consumed
            self.waited_s = waited_before_s + file.waited_s
            with self._returned:
                self._lent += 1
            yield chunk

    def _new_chunk(self) -> Chunk:
        try:
            chunk = self._free.pop()
        except IndexError:
            return Chunk(bytearray(CHUNK_BYTES + PADDING))
        chunk.reset()
        return chunk

    def _fill(self, chunk: Chunk, carry: bytes, file: InputFile) -> tuple[int, bool]:
        """Read until the chunk is full, or holds a whole line and there is no more for now.

        Sets ``chunk.size`` to the end of the last whole line, 0 if there is none because the line is
        too long. Returns how much of the buffer is filled, and whether the input has ended.
        """
        size = len(carry)
        chunk.buffer[:size] = carry
        chunk.size = carry.rfind(b"\n") + 1
        while True:
            room = chunk.capacity - 1  # a last line without a line feed is given one
            if size == room:
                if chunk.size or size >= self._max_line + 2:  # 2: a line end is not counted
                    return size, False
                self._wait_until_alone()
                chunk.grow(min(2 * chunk.capacity, self._max_line + 3))
                continue
            with memoryview(chunk.buffer) as whole, whole[size:room] as view:
                count = file.readinto(view)
            if not count:
                if size > chunk.size:
                    chunk.buffer[size] = _LF
                    size += 1
                    chunk.size = size
                    chunk.lacks_lf = True
                return size, True
            chunk.size = max(chunk.size, chunk.buffer.rfind(b"\n", size, size + count) + 1)
            size += count
            if chunk.size and not file.has_more():
                return size, False

    def _wait_until_alone(self) -> None:
        """Wait until no other chunk is on its way: however many threads there are, one may be large."""
        with self._returned:
            self._returned.wait_for(lambda: not self._lent or self._is_cancelled)

    def _skip_long_line(self, chunk: Chunk, size: int, file: InputFile) -> tuple[bytes, bool, int]:
        """Read on to the end of the line, keeping its beginning.

        Returns what was read beyond it, whether the input has ended, and the line's bytes with its end.
        """
        last = chunk.buffer[size - 1]
        chunk.cut(min(size, KEPT_OF_LONG_LINE))
        block = bytearray(CHUNK_BYTES - 1)
        consumed = size
        while True:
            with memoryview(block) as view:
                count = file.readinto(view)
            end = block.find(b"\n", 0, count)
            if count and end < 0:
                last = block[count - 1]
                consumed += count
                continue
            if count:
                last = block[end - 1] if end else last
                consumed += end + 1
            chunk.full_length = consumed - bool(count) - (last == _CR)
            return bytes(memoryview(block)[end + 1 : count]), not count, consumed
