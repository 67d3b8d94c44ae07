"""Part files: what is large, on its way between a job and workers that see the same storage.

Through a scheduler it would be taken apart and put together again by two event loops, each of which shares the GIL of
its process with the work. A file costs what its bytes cost.
"""

import contextlib
import os
import uuid
from collections.abc import Sequence
from typing import NamedTuple

from concli.engines.engine import EngineError

__all__ = ["LARGE", "Part"]

#: In bytes; what is smaller is quicker through the network.
LARGE = 64 * 1024


class Part(NamedTuple):
    """Buffers one behind the other in a file, and their lengths in bytes."""

    path: str
    lengths: tuple[int, ...]

    @classmethod
    def write(cls, folder: str, buffers: Sequence[memoryview]) -> "Part":
        """Write a new file. Raises ``OSError``; then nothing is left of it."""
        part = cls(os.path.join(folder, uuid.uuid4().hex), tuple(buffer.nbytes for buffer in buffers))
        try:
            with open(part.path, "xb", buffering=0) as file:
                for buffer in buffers:
                    rest = buffer.cast("B")
                    while rest:
                        rest = rest[file.write(rest) :]
        except OSError:
            part.remove()
            raise
        return part

    def read(self) -> list[memoryview]:
        """Return the buffers, in memory of their own. Raises ``EngineError`` if the file can't be read here."""
        whole = memoryview(bytearray(sum(self.lengths)))
        done = 0
        try:
            with open(self.path, "rb", buffering=0) as file:
                while done < len(whole) and (count := file.readinto(whole[done:])):
                    done += count
            if done < len(whole):
                raise OSError(f"it has {done:,} bytes of {len(whole):,}")
        except OSError as error:
            raise EngineError(f"{self.path}: {os.uname().nodename} can't read this part file: {error}") from error
        buffers, start = [], 0
        for length in self.lengths:
            buffers.append(whole[start : start + length])
            start += length
        return buffers

    def remove(self) -> None:
        """Remove the file, if it is there."""
        with contextlib.suppress(OSError):  # its folder goes with the run
            os.unlink(self.path)
