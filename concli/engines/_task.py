"""What a worker of a cluster runs: one unit, given and answered in parcels."""

import os
import pickle
from collections.abc import Callable
from typing import Any, NamedTuple, SupportsIndex

from concli.engines import _setup
from concli.engines._message import Message
from concli.engines._worker import answer
from concli.metrics.host import peak_rss_bytes
from concli.patterns import _sync

__all__ = ["Parcel", "WhoDid", "probe", "run"]

_own = _sync.local()  # a function is for one thread at a time, and a worker may have several


class Parcel:
    """A message as others' pickles carry it: its buffers stay out of them, so they are not copied again."""

    def __init__(self, body: Any, *buffers: Any) -> None:
        self.body = body
        self.buffers = buffers

    @classmethod
    def of(cls, message: Message) -> "Parcel":
        """Wrap a message that refers to no shared regions; a copy of it, for others may hold that longer."""
        copies = (bytes(view) if view.readonly else bytearray(view) for view in message.copied)
        return cls(bytes(message.body), *copies)

    @property
    def nbytes(self) -> int:
        """The bytes in it."""
        return sum(memoryview(part).nbytes for part in (self.body, *self.buffers))

    def open(self) -> Any:
        """Return the value. Raises what unpickling it raises."""
        return _setup.loads(self.body, self.buffers)

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[Any, ...]:
        carry = pickle.PickleBuffer if protocol.__index__() >= 5 else bytes
        return Parcel, tuple(carry(part) for part in (self.body, *self.buffers))


class WhoDid(NamedTuple):
    """The worker that did a unit."""

    host: str
    pid: int
    peak_rss_bytes: int


def run(key: str, setup: tuple[dict[str, str], bytes], unit: Parcel) -> tuple[Parcel, WhoDid]:
    """Do a unit by the function of that key, which is made if this thread has not got it."""

    def function_of() -> Callable[[Any], Any]:
        if getattr(_own, "key", None) != key:
            _own.function, _own.key = _setup.Setup(*setup).build(), key
        function: Callable[[Any], Any] = _own.function
        return function

    _setup.Setup(*setup).register()
    done = answer(function_of, unit.open)
    return Parcel.of(done), WhoDid(os.uname().nodename, os.getpid(), peak_rss_bytes())


def probe() -> None:
    """Show that a worker can import concli."""
