"""Compressed inputs: told by their content, unpacked as they are read, as far as they can be.

gzip, bzip2 and xz are in the standard library; zstd is from Python 3.14 on, and in the package ``zstandard``.
All of them let other threads run meanwhile.
"""

import bz2
import importlib
import lzma
import zlib
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from concli.logs._zstd_frame import ZstdFrame
from concli.logs.inputs import Readable

__all__ = ["Kind", "Unpacker", "kind_of"]

# The memory that an xz archive may ask for; ``xz -9`` asks for 65 MiB.
_MEMORY_LIMIT = 256 * 1024 * 1024
# What the standard library's decompressors return at once at most: they lose as much when they meet damage.
_AT_ONCE = 16 * 1024
_DIGITS = ("31", "32", "33", "34", "35", "36", "37", "38", "39")  # of the block size, as text in hexadecimal


class _Member(Protocol):
    """Unpacks one member, stream or frame, as ``bz2.BZ2Decompressor`` does."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1, /) -> bytes: ...


class _GzipMember:
    """A gzip member. On damage, everything before it comes out."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(wbits=31)
        self._tail = b""
        self._damage: zlib.error | None = None
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._inflate.eof

    @property
    def unused_data(self) -> bytes:
        return self._inflate.unused_data

    def decompress(self, data: bytes, max_length: int = -1, /) -> bytes:
        if self._damage:
            raise self._damage
        data = self._tail + data
        before = self._inflate.copy()
        try:
            text = self._inflate.decompress(data, max_length)
        except zlib.error as error:
            self._damage, self.needs_input = error, False
            return _inflate_to_the_damage(before, data)
        self._tail = self._inflate.unconsumed_tail
        self.needs_input = not self._tail and len(text) < max_length
        return text


def _inflate_to_the_damage(inflate: "zlib._Decompress", data: bytes) -> bytes:
    """Return what comes out before the error: ``decompress`` throws it away, if it is of the same call."""
    pieces = []
    try:
        for at in range(len(data)):
            pieces.append(inflate.decompress(data[at : at + 1]))  # noqa: PERF401 - those before the error count
    except zlib.error:
        pass
    return b"".join(pieces)


def _zstd() -> tuple[Callable[[], _Member], type[Exception]]:
    """Return what unpacks a frame, and the error it raises."""
    try:
        standard: Any = importlib.import_module("compression.zstd")
    except ImportError:
        pass
    else:
        return standard.ZstdDecompressor, standard.ZstdError
    try:
        package: Any = importlib.import_module("zstandard")
    except ImportError:
        raise OSError("this is compressed with zstd; to read it: pip install 'concli[zstd]'") from None
    return lambda: ZstdFrame(package.ZstdDecompressor().decompressobj), package.ZstdError


class Kind(NamedTuple):
    """A way to compress. ``library`` gives what unpacks a member, and the error it raises."""

    name: str
    library: Callable[[], tuple[Callable[[], _Member], type[Exception]]]
    at_once: int = _AT_ONCE


_GZIP = Kind("gzip", lambda: (_GzipMember, zlib.error), 1 << 30)
_BZIP2 = Kind("bzip2", lambda: (bz2.BZ2Decompressor, OSError))
_XZ = Kind("xz", lambda: (lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, _MEMORY_LIMIT), lzma.LZMAError))
_ZSTD = Kind("zstd", _zstd)

# What they begin with. After "BZh" and a digit, bzip2 has the digits of pi, or if it is empty those of its root.
_KINDS = {
    bytes.fromhex("1f8b"): _GZIP,
    **{bytes.fromhex("425a68" + digit + pi): _BZIP2 for digit in _DIGITS for pi in ("314159265359", "177245385090")},
    bytes.fromhex("fd377a585a00"): _XZ,
    bytes.fromhex("28b52ffd"): _ZSTD,
    **{bytes.fromhex(f"5{digit:x}2a4d18"): _ZSTD for digit in range(16)},  # a frame to be skipped
}


class Unpacker:
    """Unpacks the members of a compressed input, one after the other; zeros between and after them are padding.

    Each keeps to the ``limit`` it is given, whatever is made of a few bytes.
    """

    def __init__(self, kind: Kind) -> None:
        """Raise ``OSError`` if what it takes is not installed."""
        self._kind = kind
        self._new_member, self._error = kind.library()
        self._member: _Member | None = None
        self._unused = b""
        self._bytes_in = self._bytes_out = 0

    @property
    def needs_input(self) -> bool:
        """Whether there is nothing more to come before more is fed."""
        return self._member.needs_input if self._member else not self._unused

    def feed(self, data: bytes, limit: int) -> bytes:
        """Return what comes of ``data`` and of what was fed before; raises ``OSError`` if that is damaged."""
        self._bytes_in += len(data)
        if not self._member:
            data = (self._unused + data).lstrip(b"\0")
            self._unused = b""
            if not data:
                return b""
            self._member = self._new_member()
        try:
            text = self._member.decompress(data, min(limit, self._kind.at_once))
        except self._error as error:
            raise OSError(self._describe(error)) from error
        self._bytes_out += len(text)
        if self._member.eof:
            self._unused, self._member = self._member.unused_data, None
        return text

    def _describe(self, error: Exception) -> str:
        if "memory" in str(error).lower():
            return f"to unpack this, {self._kind.name} asks for too much memory ({error})"
        return f"the {self._kind.name} data is damaged after {self._bytes_out} bytes of what is in it"

    def finish(self) -> bytes:
        """Return nothing; raises ``OSError`` in the middle of a member."""
        if self._member:
            raise OSError(f"the {self._kind.name} data is cut off after {self._bytes_in} bytes")
        return b""


def kind_of(file: Readable) -> Kind | None:
    """Return how ``file`` is compressed, None if it is not."""
    head = file.peek(1)
    while any(len(magic) > len(head) and magic.startswith(head) for magic in _KINDS):
        longer = file.peek(len(head) + 1)
        if len(longer) == len(head):
            return None
        head = longer
    return next((kind for magic, kind in _KINDS.items() if head.startswith(magic)), None)
