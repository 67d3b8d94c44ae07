"""The reader: inputs cut into chunks of whole entries, in memory that is used again and again."""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing

from concli.errors import InputError
from concli.logs.chunk import CHUNK_BYTES, PADDING, Chunk
from concli.logs.encodings import UTF_8, check_encoding
from concli.logs.formats.format import Format, Reading
from concli.logs.inputs import Input, InputFile
from concli.logs.line_finder import LineFinder
from concli.logs.opening import open_text
from concli.logs.span import Span, cutter, spans
from concli.logs.stream import Choose, Plan, Stream
from concli.patterns import _sync

__all__ = ["Reader"]


class Reader:
    """Iterates over the chunks of all inputs, in order; to ``follow`` them, as they come.

    ``report`` is told of an input that can't be read, or not to its end; the others are read all the
    same. ``lines`` and ``bytes`` count what has been read, ``done`` are the inputs read to their end, ``whole``
    is their number, and ``waited_s`` the seconds spent waiting for somebody to write.

    ``choose`` tells the format of an input. Without it, chunks have none and are cut at line ends; with it, where
    an entry begins if by ``reading`` it goes on over lines. ``year`` is the year at the beginning of inputs
    whose timestamps have none.
    """

    def __init__(
        self,
        inputs: Sequence[Input],
        report: Callable[[InputError], object],
        max_line: int,
        *,
        encoding: str = UTF_8,
        choose: Choose | None = None,
        reading: Reading | None = None,
        year: int | None = None,
        follow: bool = False,
        chunk_bytes: int | None = None,
    ) -> None:
        """Raise ``UsageError`` if there is no such ``encoding``."""
        self.bytes = 0
        self.done: list[Input] = []
        self.waited_s = 0.0
        self.finder = LineFinder()
        self._inputs = inputs
        self._report = report
        self._encoding = check_encoding(encoding)
        self._plan = Plan((reading or Reading())._replace(max_line=max_line), choose, year)
        self._follow = follow
        self._chunk_bytes = chunk_bytes or CHUNK_BYTES
        self._number = 0
        self._lines = 0
        self._free: deque[Chunk] = deque()  # its append and pop are atomic on every build
        # Guards the fields below it; notified when the last two change.
        self._returned = _sync.Condition()
        self._lines_of_spans = 0
        self._lent = 0  # chunks that have been handed out and not yet come back
        self._is_cancelled = False
        self._cancelled, self._cancel = os.pipe()

    @property
    def lines(self) -> int:
        """The lines that have been read, of spans when they have been counted."""
        return self._lines + self._lines_of_spans

    def count(self, lines: int) -> None:
        """Take note of how many lines there were in a span; called from any thread."""
        with self._returned:
            self._lines_of_spans += lines

    @property
    def whole(self) -> int:
        """The number of inputs read to their end."""
        return len(self.done)

    @property
    def chunk_bytes(self) -> int:
        """How much a chunk has room for, unless it has to hold something larger."""
        return self._chunk_bytes

    def take(self) -> Chunk:
        """Return a chunk with nothing in it."""
        try:
            chunk = self._free.pop()
        except IndexError:
            return Chunk(bytearray(self._chunk_bytes + PADDING))
        chunk.reset()
        return chunk

    def give_back(self, chunk: Chunk) -> None:
        """Take back a chunk that has not been handed out."""
        if chunk.capacity == self._chunk_bytes:
            self._free.append(chunk)

    def recycle(self, chunk: Chunk | Span) -> None:
        """Take back a chunk that nobody looks at any more; called from any thread."""
        if isinstance(chunk, Chunk):
            self.give_back(chunk)
        with self._returned:
            self._lent -= chunk.chunks
            self._returned.notify_all()

    def wait_until_alone(self) -> None:
        """Wait until no other chunk is on its way: however many threads there are, one may be large."""
        with self._returned:
            self._returned.wait_for(lambda: not self._lent or self._is_cancelled)

    def cancel(self) -> None:
        """Make reading, waiting for input and following end; called from any thread."""
        with self._returned:
            if self._is_cancelled:
                return
            self._is_cancelled = True
            self._returned.notify_all()
            os.write(self._cancel, b"x")

    def close(self) -> None:
        """Give the descriptors back."""
        os.close(self._cancel)
        os.close(self._cancelled)

    def __iter__(self) -> Iterator[Chunk]:
        return (unit for unit in self.units(0) if isinstance(unit, Chunk))

    def units(self, span_chunks: int) -> Iterator[Chunk | Span]:
        """Iterate so that large files are read by whoever gets their spans, of so many chunks each; 0 for none.

        Such a file is, after its first chunk, only looked at where it is cut. Its further chunks have 0 as first line.
        """
        for chunk in self._followed() if self._follow else self._one_by_one(span_chunks):
            chunk.number = self._number
            self._number += chunk.chunks
            self._lines += chunk.lines
            self.bytes += chunk.consumed
            with self._returned:
                self._lent += chunk.chunks
            yield chunk

    def _one_by_one(self, span_chunks: int) -> Iterator[Chunk | Span]:
        for source in self._inputs:
            try:
                file = InputFile(source, self._cancelled)
            except OSError as error:
                self._report(InputError(source.name, error))
                continue
            with closing(file):
                try:
                    if source.start.offset and file.identity != source.identity:
                        raise OSError("another file has just taken its place; run this again")
                    text = open_text(file, self._encoding, source.start)
                except OSError as error:
                    self._tell(source, error)
                    continue
                stream = Stream(source, text, self, self._plan)
                is_as_it_stands = text.file is file and bool(source.path and source.size)
                waited_before_s = self.waited_s
                while not stream.has_ended:
                    if self._is_cancelled:
                        return
                    chunk = stream.next()
                    self.waited_s = waited_before_s + file.waited_s
                    if chunk:
                        yield chunk
                    if span_chunks and chunk and chunk.format and is_as_it_stands and not stream.has_ended:
                        yield from self._spans(file, source, stream, chunk.format, span_chunks)
                self._tell(source, stream.problem)

    def _spans(self, file: InputFile, source: Input, stream: Stream, chosen: Format, most: int) -> Iterator[Span]:
        """Yield what can be read elsewhere of the rest of an input."""
        if stream.place.year is not None and chosen.month:  # it is counted from entry to entry
            return
        cut, size = cutter(chosen, self._plan.reading), self._chunk_bytes
        for span in spans(file, source, stream.place.offset, cut, chosen, size, most):
            if self._is_cancelled:
                return
            yield span
            stream.go_on_at(span.ends[-1])

    def _tell(self, source: Input, problem: OSError | None) -> None:
        """Tell how an input has ended; cancelled, it may have ended anywhere."""
        if not problem:
            self.done.append(source)
        elif not self._is_cancelled:
            self._report(InputError(source.name, problem))

    def _followed(self) -> Iterator[Chunk]:
        from concli.logs.follow import Follower  # noqa: PLC0415 - start-up counts

        follower = Follower(self._inputs, self, self._plan, self._encoding, self._cancelled, self._tell)
        with closing(follower):
            for chunk in follower:
                self.waited_s = follower.waited_s
                yield chunk
