"""What tells one text from another: its first bytes, and the last ones before a place in it."""

import os
from contextlib import closing
from hashlib import sha256
from typing import NamedTuple

from concli.logs.inputs import Input, InputFile, Place
from concli.logs.opening import open_text

__all__ = ["FULL", "Digest", "Sample", "read_sample"]

#: As many bytes are looked at, if there are so many.
FULL = 1024


class Digest(NamedTuple):
    """A checksum of so many bytes."""

    length: int
    sha256: str

    @classmethod
    def of(cls, data: bytes) -> "Digest":
        """Return the digest of ``data``."""
        return cls(len(data), sha256(data).hexdigest())


class Sample(NamedTuple):
    """Some of the text of a file: its first bytes, from ``base`` on, and those before a place in it."""

    base: int
    head: bytes
    tail: bytes


def read_sample(path: str, encoding: str, offset: int, head: int, tail: int) -> Sample | None:
    """Return ``head`` bytes of the text at ``path`` and the ``tail`` bytes before ``offset``.

    They are fewer where there are fewer. None if the file can't be read.
    """
    never, writer = os.pipe()
    try:
        base, first = _read(path, encoding, 0, head, never)
        _, last = _read(path, encoding, offset - tail, tail, never) if tail else (0, b"")
    except OSError:
        return None
    finally:
        os.close(never)
        os.close(writer)
    return Sample(base, first, last)


def _read(path: str, encoding: str, offset: int, count: int, cancelled: int) -> tuple[int, bytes]:
    with closing(InputFile(Input(path, path, None, None), cancelled)) as file:
        text = open_text(file, encoding, Place(offset))
        data = bytearray()
        block = memoryview(bytearray(count))
        while len(data) < count and (done := text.file.readinto(block[: count - len(data)])):
            data += block[:done]
        return text.start.offset, bytes(data)
