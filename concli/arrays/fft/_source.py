"""What a source of chunks is, and how one tells that a chunk can't be had."""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from concli.arrays.fft.fourier import Array

__all__ = ["Again", "ChunkError", "ReadError", "Source"]

#: It can be pickled, and raises ``InputError``.
Again = Callable[[], Array]


class ChunkError(Exception):
    """A chunk could not be had, or not be transformed; the others can."""


class ReadError(ChunkError):
    """A chunk could not be read just now; to try again may help."""


class Source(Protocol):
    """A number of chunks of one shape and type."""

    count: int
    shape: tuple[int, int]
    dtype: np.dtype[Any]

    def load(self, number: int, spare: Array) -> Array:
        """Return a chunk, in the bytes ``spare`` if it has to be somewhere; nobody writes to it.

        Raises ``ChunkError``, ``ReadError`` for what may pass.
        """

    def again(self, number: int) -> Again | None:
        """Return what makes the chunk that was loaded last again, in another process that sees the same storage.

        None if nothing does but to send its values.
        """

    def name(self, number: int) -> str:
        """Say which chunk it is."""

    def identity(self) -> object:
        """Return what tells these chunks from others: plain values."""

    @property
    def spare_bytes(self) -> int:
        """The size that ``spare`` must have."""

    @property
    def unbounded_bytes(self) -> int:
        """The bytes that may be resident beside the chunks in flight."""

    def close(self) -> None:
        """Let go of all files."""
