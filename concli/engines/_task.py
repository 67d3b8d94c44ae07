"""What a worker of a cluster runs: one unit, given and answered in parcels."""

import contextlib
import os
import pickle
from collections.abc import Callable
from typing import Any, NamedTuple, SupportsIndex

from concli.engines import _setup
from concli.engines._message import Message
from concli.engines._parts import LARGE, Part
from concli.engines._worker import answer
from concli.metrics.host import peak_rss_bytes
from concli.patterns import _sync

__all__ = ["Parcel", "WhoDid", "probe", "run"]

_own = _sync.local()  # a function is for one thread at a time, and a worker may have several


class Parcel:
    """A message as others' pickles carry it: its buffers stay out of them, or in a part file."""

    def __init__(self, body: Any, part: Part | None, *buffers: Any) -> None:
        self.body = body
        self.part = part
        self.buffers = buffers

    @classmethod
    def of(cls, message: Message, folder: str | None = None) -> "Parcel":
        """Wrap a message that refers to no shared regions; what is large goes into ``folder`` if there is room."""
        if folder and sum(view.nbytes for view in message.copied) >= LARGE:
            with contextlib.suppress(OSError):
                return cls(bytes(message.body), Part.write(folder, message.copied))
        # Copies, for others may hold them longer.
        copies = (bytes(view) if view.readonly else bytearray(view) for view in message.copied)
        return cls(bytes(message.body), None, *copies)

    @property
    def part_bytes(self) -> int:
        """The bytes in its part file."""
        return sum(self.part.lengths) if self.part else 0

    @property
    def nbytes(self) -> int:
        """All the bytes in it."""
        return self.part_bytes + sum(memoryview(part).nbytes for part in (self.body, *self.buffers))

    def open(self) -> Any:
        """Return the value. Raises what unpickling it raises, and ``EngineError`` if its part file is not here."""
        return _setup.loads(self.body, self.part.read() if self.part else self.buffers)

    def discard(self) -> None:
        """Remove its part file: nobody will open it any more."""
        if self.part:
            self.part.remove()

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[Any, ...]:
        carry = pickle.PickleBuffer if protocol.__index__() >= 5 else bytes
        return Parcel, (carry(self.body), self.part, *map(carry, self.buffers))


class WhoDid(NamedTuple):
    """The worker that did a unit."""

    host: str
    pid: int
    peak_rss_bytes: int


def run(key: str, setup: tuple[dict[str, str], bytes], folder: str | None, unit: Parcel) -> tuple[Parcel, WhoDid]:
    """Do a unit by the function of that key, which is made if this thread has not got it.

    What comes of it goes into ``folder`` if it is large.
    """

    def function_of() -> Callable[[Any], Any]:
        if getattr(_own, "key", None) != key:
            _own.function, _own.key = _setup.Setup(*setup).build(), key
        function: Callable[[Any], Any] = _own.function
        return function

    _setup.Setup(*setup).register()
    done = answer(function_of, unit.open)
    return Parcel.of(done, folder), WhoDid(os.uname().nodename, os.getpid(), peak_rss_bytes())


def probe(folder: str | None) -> bool:
    """Show that a worker can import concli, and tell whether it could write to that folder."""
    return folder is not None and os.access(folder, os.W_OK | os.X_OK)
