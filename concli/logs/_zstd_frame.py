"""A zstd frame, unpacked a block at a time.

The package ``zstandard`` returns all that comes of the bytes it is given, which of a few can be gigabytes, and says
nothing of data that is cut off. A block holds no more than 128 KiB, and the frame says where each begins (RFC 8878,
section 3.1.1). To be used only where ``compression.zstd`` is not there, from which this differs in nothing that
matters here.
"""

from collections.abc import Callable
from typing import Protocol

__all__ = ["Decompress", "ZstdFrame"]

_SKIPPED = 0x184D2A50
_RUN = 1  # the type of a block that is one byte many times


class Decompress(Protocol):
    """What unpacks the parts of one frame, in order."""

    def decompress(self, data: bytes, /) -> bytes:
        """Return what comes of ``data``."""


class ZstdFrame:
    """Unpacks one frame, as ``compression.zstd.ZstdDecompressor`` does."""

    def __init__(self, new: Callable[[], Decompress]) -> None:
        self._new = new
        self._frame: Decompress | None = None
        self._data = b""
        self._at = 0
        self._to_skip = 0
        self._has_checksum = False
        self._was_last = False
        self.eof = False
        self.needs_input = True

    @property
    def unused_data(self) -> bytes:
        """What came after the end of the frame."""
        return self._data[self._at :] if self.eof else b""

    def decompress(self, data: bytes, _max_length: int = -1, /) -> bytes:
        """Return what is in the next block, if it has come whole."""
        if data:
            self._data, self._at = self._data[self._at :] + data, 0
        if self._to_skip:
            self._skip(0)
            return b""
        size = self._next_part()
        self.needs_input = not size or self._at + size > len(self._data)
        if self.needs_input:
            return b""
        part = self._data[self._at : self._at + size]
        if not self._frame and int.from_bytes(part[:4], "little") & ~15 == _SKIPPED:
            self._skip(size + int.from_bytes(part[4:8], "little"))
            return b""
        self._at += size
        return self._unpack(part)

    def _skip(self, size: int) -> None:
        self._to_skip += size
        count = min(self._to_skip, len(self._data) - self._at)
        self._at += count
        self._to_skip -= count
        self.eof = not self._to_skip
        self.needs_input = not self.eof

    def _next_part(self) -> int:
        """Return the size of the next header, block or checksum; 0 if that can't be told yet."""
        if not self._frame:
            head = self._data[self._at : self._at + 8]
            if len(head) < 8:
                return 0
            if int.from_bytes(head[:4], "little") & ~15 == _SKIPPED:
                return 8
            flags = head[4]
            has_window = not flags & 0x20
            size_of_size = (int(not has_window), 2, 4, 8)[flags >> 6]
            return 5 + has_window + (0, 1, 2, 4)[flags & 3] + size_of_size
        if self._was_last:
            return 4
        if len(self._data) < self._at + 3:
            return 0
        header = int.from_bytes(self._data[self._at : self._at + 3], "little")
        return 3 + (1 if header >> 1 & 3 == _RUN else header >> 3)

    def _unpack(self, part: bytes) -> bytes:
        if not self._frame:
            self._frame = self._new()
            self._has_checksum = bool(part[4] & 4)
        elif self._was_last:
            self.eof = True
        else:
            self._was_last = bool(part[0] & 1)
            self.eof = self._was_last and not self._has_checksum
        return self._frame.decompress(part)
