"""Memory that a parent and its workers share: regions of one file that has no name, mapped by whoever needs them."""

import mmap
import os
import tempfile
from typing import NamedTuple

from concli.patterns import _sync

__all__ = ["Reference", "Regions", "memory_file"]


def memory_file() -> int:
    """Return the descriptor of a new file that lies in memory, and is gone with its last descriptor."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("concli", os.MFD_CLOEXEC)
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


class Reference(NamedTuple):
    """So many bytes in a region: what is sent instead of them."""

    start: int  # of the region in the file
    size: int  # of the region
    offset: int  # in the region
    length: int


class Regions:
    """The regions of a file that this process has mapped. They are unmapped when nothing uses them any more."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._mutex = _sync.Lock()  # guards the end; the others are only ever added to
        self._end = 0
        self._maps: dict[int, mmap.mmap] = {}
        self._addresses: dict[int, int] = {}

    def allocate(self, nbytes: int) -> memoryview:
        """Return ``nbytes`` of zeros in a region of their own. For the parent alone."""
        size = -(-max(1, nbytes) // mmap.ALLOCATIONGRANULARITY) * mmap.ALLOCATIONGRANULARITY
        with self._mutex:
            start, self._end = self._end, self._end + size
            os.ftruncate(self.fd, self._end)
            return self._map(start, size)[:nbytes]

    def close(self) -> None:
        """Close the file; what is mapped stays."""
        fd, self.fd = self.fd, -1
        os.close(fd)

    def refer(self, view: memoryview) -> Reference | None:
        """Return where in a region the bytes of a contiguous view lie, or None if they don't."""
        if not self._addresses or not view.nbytes:
            return None
        address = _address_of(view)
        for start, base in self._addresses.copy().items():
            size = len(self._maps[start])
            if base <= address and address + view.nbytes <= base + size:
                return Reference(start, size, address - base, view.nbytes)
        return None

    def resolve(self, reference: Reference) -> memoryview:
        """Return the bytes that are referred to."""
        start, size, offset, length = reference
        whole = self._maps.get(start)
        view = memoryview(whole) if whole is not None else self._map(start, size)
        return view[offset : offset + length]

    def _map(self, start: int, size: int) -> memoryview:
        whole = mmap.mmap(self.fd, size, offset=start)
        self._maps[start] = whole
        self._addresses[start] = _address_of(memoryview(whole))
        return memoryview(whole)


def _address_of(view: memoryview) -> int:
    import ctypes  # noqa: PLC0415 - only programs that share buffers need it, and it takes a while

    # The protocol itself: ctypes has an address only for what is writable.
    buffer = (ctypes.c_byte * _PY_BUFFER_BYTES)()
    ctypes.pythonapi.PyObject_GetBuffer(ctypes.py_object(view), buffer, 0)
    try:
        return ctypes.c_void_p.from_buffer(buffer).value or 0  # `buf` is its first field
    finally:
        ctypes.pythonapi.PyBuffer_Release(buffer)


_PY_BUFFER_BYTES = 128  # it has 80, on every platform of 64 bits
