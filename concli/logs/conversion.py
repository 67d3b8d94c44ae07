"""Bytes that are not what stands in the input: unpacked, or decoded."""

from collections.abc import Callable
from typing import Protocol

from concli.logs.inputs import Readable

__all__ = ["Converted", "Converter"]

# Read at once. An unpacker copies what it has not used of it at the end of each of many small members.
_BLOCK_BYTES = 64 * 1024


class Converter(Protocol):
    """Turns some bytes into others, a part at a time."""

    @property
    def needs_input(self) -> bool:
        """Whether there is nothing more to come before more is fed."""

    def feed(self, data: bytes, limit: int) -> bytes:
        """Return what comes of ``data`` and of what was fed before, about ``limit`` bytes at most.

        Raises ``OSError`` if that is nothing, and never will be more.
        """

    def finish(self) -> bytes:
        """Return what comes of the end of the data; raises ``OSError`` if it can't end here."""


class Converted:
    """What a ``Converter`` makes of ``raw``: to be read as an input is. Every method may raise ``OSError``.

    An error is raised only when all that came before it has been read.
    """

    def __init__(self, raw: Readable, converter: Converter) -> None:
        self._raw = raw
        self._converter = converter
        self._block = memoryview(bytearray(_BLOCK_BYTES))
        self._ready = memoryview(b"")
        self._has_ended = False
        self._problem: OSError | None = None

    @property
    def waited_s(self) -> float:
        """The seconds spent waiting for somebody to write."""
        return self._raw.waited_s

    @property
    def modified(self) -> float:
        """When the input was last written to, in seconds since the epoch."""
        return self._raw.modified

    def peek(self, least: int) -> bytes:
        """Return what comes next and leave it there: at least so many bytes, unless the end comes first."""
        head = bytes(self._ready)
        while len(head) < least and not self._has_ended:
            self._ready = memoryview(b"")
            self._advance(_BLOCK_BYTES)
            head += self._ready
        self._ready = memoryview(head)
        return head

    def skip(self, count: int) -> None:
        """Leave out so many bytes."""
        block = memoryview(bytearray(min(count, 1 << 20)))
        while count and (done := self.readinto(block[:count])):
            count -= done

    def readinto(self, view: memoryview) -> int:
        """Fill ``view`` with what there is, waiting for at least a byte; 0 at the end."""
        while not self._ready and not self._has_ended:
            self._advance(len(view))
        if not self._ready and self._problem:
            raise self._problem
        count = min(len(view), len(self._ready))
        view[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def has_more(self, timeout_s: float = 0.0) -> bool:
        """Return whether a read would return at once, waiting about that long for it to be so."""
        while not self._ready and not self._has_ended:
            if self._converter.needs_input and not self._raw.has_more(timeout_s):
                return False
            self._advance(_BLOCK_BYTES)
        return True

    def close(self) -> None:
        """Give the descriptor back."""
        self._raw.close()

    def _advance(self, limit: int) -> None:
        """Take one step towards having something ready, or the end."""
        count = 0
        if self._converter.needs_input:
            try:
                count = self._raw.readinto(self._block)
            except OSError as error:
                self._problem = error
            self._has_ended = not count
        data = bytes(self._block[:count])
        if self._has_ended:
            self._make_ready(self._converter.finish)
        else:
            self._make_ready(lambda: self._converter.feed(data, limit))

    def _make_ready(self, make: Callable[[], bytes]) -> None:
        try:
            self._ready = memoryview(make())
        except OSError as error:
            self._problem = self._problem or error  # the first is the cause of the second
            self._has_ended = True
