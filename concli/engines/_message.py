"""Messages between a parent and a worker: a frame in a pipe, and what is large in a file in memory.

A frame is its length and the pickle of where each buffer is and of the value's own pickle. A buffer is not pickled
(protocol 5, PEP 574): it is written to the file and read from there, without the GIL, or it lies in a shared region,
and only where is said. One side speaks at a time, so the file is used again for every message.
"""

import copyreg
import io
import os
import pickle
import struct
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from concli.engines._regions import Reference, Regions

__all__ = ["Channel", "Gone", "Message", "pack"]

_LENGTH = struct.Struct("<I")
_SMALL = 4096  # a buffer below that is quicker in the pickle
_INLINE = 1 << 15  # a frame of that size and its table fit in a pipe, so that writing one does not wait
_AT_ONCE = 1 << 30  # the system reads and writes no more than 2 GiB in a call


class Gone(Exception):  # noqa: N818 - it is an ending rather than an error
    """Whoever was at the other end has ended."""


class Message(NamedTuple):
    """A value taken apart: its pickle, where its buffers are (a length: in ``copied``), and those to be copied."""

    body: bytes
    buffers: list[Reference | int]
    copied: list[memoryview]

    @property
    def nbytes(self) -> int:
        """The bytes to copy."""
        return len(self.body) + sum(view.nbytes for view in self.copied)


def pack(value: object, regions: Regions | None = None, *, refers: bool = False) -> Message:
    """Take a value apart; if it ``refers``, what lies in storage that all see is named instead of sent.

    An object with a method ``refer`` is reduced to what that returns, unless that is None. Raises what pickling raises.
    """
    buffers: list[Reference | int] = []
    copied: list[memoryview] = []

    def keep(buffer: pickle.PickleBuffer) -> bool:
        view = buffer.raw()
        reference = regions.refer(view) if regions else None
        if reference is None:
            if view.nbytes < _SMALL:
                return True
            copied.append(view)
        buffers.append(reference or view.nbytes)
        return False

    file = io.BytesIO()
    pickler = (_Referring if refers else pickle.Pickler)(file, 5, buffer_callback=keep)
    pickler.dispatch_table = {**copyreg.dispatch_table, memoryview: _reduce_view}
    pickler.dump(value)
    return Message(file.getvalue(), buffers, copied)


class Channel:
    """One end of a conversation: a pipe to read from, one to write to, the file, and the shared regions."""

    def __init__(
        self,
        reads: int,
        writes: int,
        file: int,
        regions: Regions,
        loads: Callable[[bytes, Sequence[Any]], Any] | None = None,
    ) -> None:
        self._reads = reads
        self._writes = writes
        self._file = file
        self._loads = loads or _loads
        self.regions = regions
        self.received = 0  # bytes of the last message

    def send(self, message: Message) -> None:
        """Send a message. Raises ``Gone``."""
        body, offset = message.body, 0
        is_small = len(body) <= _INLINE
        for view in message.copied if is_small else (memoryview(body), *message.copied):
            offset += self._write_to_file(view, offset)
        frame = pickle.dumps((message.buffers, body if is_small else len(body)), 5)
        data = memoryview(_LENGTH.pack(len(frame)) + frame)
        try:
            while data:
                data = data[os.write(self._writes, data) :]
        except BrokenPipeError:
            raise Gone from None

    def receive(self) -> Any:
        """Wait for a message and return its value. Raises ``Gone``, and what unpickling it raises."""
        data = self._read(_LENGTH.size)
        wanted = _LENGTH.size + _LENGTH.unpack_from(data)[0]
        if len(data) < wanted:
            data += self._read(wanted - len(data))
        places, body = _loads(data[_LENGTH.size :], ())
        offset = 0
        if isinstance(body, int):
            body = self._read_from_file(body, 0)
            offset = len(body)
        self.received = offset or len(body)
        buffers: list[bytearray | memoryview] = []
        for place in places:
            if isinstance(place, int):
                buffers.append(self._read_from_file(place, offset))
                offset += place
                self.received += place
            else:
                buffers.append(self.regions.resolve(place))
        return self._loads(body, buffers)

    def _read(self, wanted: int) -> bytes:
        """Read at least so many bytes, and what else of the frame is there."""
        data = b""
        while len(data) < wanted:
            part = os.read(self._reads, max(1 << 16, wanted - len(data)))
            if not part:
                raise Gone
            data += part
        return data

    def _write_to_file(self, view: memoryview, offset: int) -> int:
        done = 0
        while done < len(view):
            done += os.pwrite(self._file, view[done : done + _AT_ONCE], offset + done)
        return done

    def _read_from_file(self, length: int, offset: int) -> bytearray:
        data = bytearray(length)
        view, done = memoryview(data), 0
        while done < length:
            done += os.preadv(self._file, [view[done : done + _AT_ONCE]], offset + done)
        return data


def _loads(body: bytes, buffers: Sequence[Any]) -> Any:
    return pickle.loads(body, buffers=buffers)  # noqa: S301 - only parent and child have the pipe


class _Referring(pickle.Pickler):
    def reducer_override(self, value: Any) -> Any:
        refer = getattr(value, "refer", None)
        reference = refer() if callable(refer) and not isinstance(value, type) else None
        return NotImplemented if reference is None else reference


def _reduce_view(view: memoryview) -> tuple[Any, ...]:
    buffer = pickle.PickleBuffer(view) if view.c_contiguous else view.tobytes()
    return _view_of, (buffer, view.format, view.shape)


def _view_of(buffer: Any, form: str, shape: tuple[int, ...]) -> memoryview:
    view = memoryview(buffer)
    return view if form == "B" and len(shape) == 1 else view.cast(form, shape)  # type: ignore[call-overload] # any format
