"""The collector: puts results in their places, and keeps the account of them."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from concli.arrays.fft._source import Again
from concli.arrays.fft.digest import combined
from concli.arrays.fft.fourier import Array
from concli.arrays.fft.preview import coarse, grey
from concli.arrays.fft.stack import Stack
from concli.patterns import _sync

__all__ = ["Collector", "Failure", "Slot"]

# A crash costs what was not synced: so many bytes, or what came in so many seconds.
_SYNC_BYTES = 64 << 20
_SYNC_S = 1.0
_SHOWN = 16, 48  # rows and columns of a preview in a terminal
_NAN = {"f": np.nan, "c": complex(np.nan, np.nan)}


class Failure(NamedTuple):
    """A chunk that failed."""

    chunk: int
    name: str
    reason: str


class Slot:
    """The memory of one chunk in flight, and what has become of it. It belongs to who holds it."""

    def __init__(self, spare: Array, result: Array) -> None:
        self.spare = spare
        self.result = result
        self.begin(-1)

    def begin(self, number: int) -> None:
        """Use it for a chunk."""
        self.number = number
        self.values: Array | None = None
        self.again: Again | None = None
        self.error = ""
        self.digest = ""
        self.is_finite = True

    @property
    def input_bytes(self) -> int:
        """The bytes of the chunk that was read, if one was."""
        return 0 if self.values is None else self.values.nbytes


class Collector:
    """Takes the slots that are done, by one thread; the account may be read by any."""

    def __init__(
        self,
        stack: Stack | None,
        name: Callable[[int], str],
        on_failure: Callable[[Failure], object],
        *,
        done: dict[int, str],
        is_spectrum: bool,
        wants_picture: bool,
        centres: bool = False,
    ) -> None:
        self._stack = stack
        self._result_bytes = 0 if stack is None else stack.chunk_bytes
        self._name = name
        self._on_failure = on_failure
        self._is_spectrum = is_spectrum
        self._wants_picture = wants_picture
        self._centres = centres
        # The mutex guards the fields below while threads run.
        self._mutex = _sync.Lock()
        self._digests = dict(done)
        self._unsynced: list[tuple[int, str]] = []
        self._synced_s = _sync.monotonic()  # the syncing thread's alone
        self.resumed = len(done)
        self.failures: list[Failure] = []
        self.not_finite = 0
        self.bytes_in = self.bytes_out = 0
        # The first good chunk there is so far; replaced as a whole.
        self.shown: tuple[int, list[list[int]]] | None = None
        self.picture: Array | None = None

    def collect(self, slot: Slot) -> bool:
        """Account for a chunk; tell whether it was good. Raises ``OutputError``."""
        if slot.error:
            slot.result.fill(_NAN[slot.result.dtype.kind])
        if self._stack is not None:
            self._stack.put(slot.number, slot.result)
        if slot.error:
            failure = Failure(slot.number, self._name(slot.number), slot.error)
            with self._mutex:
                self.failures.append(failure)
            self._on_failure(failure)
            return False
        with self._mutex:
            self._digests[slot.number] = slot.digest
            self._unsynced.append((slot.number, slot.digest))
            self.not_finite += not slot.is_finite
            self.bytes_in += slot.input_bytes
            self.bytes_out += slot.result.nbytes
        if self.shown is None or slot.number < self.shown[0]:
            self._show(slot)
        return True

    def sync(self) -> int:
        """Note the chunks that have been put, when their bytes are on disk; return how many. One thread at a time."""
        if self._stack is None:
            return 0
        with self._mutex:
            batch = list(self._unsynced)
        if batch:
            self._stack.sync()
            self._stack.journal.add(batch)
            with self._mutex:
                del self._unsynced[: len(batch)]
        return len(batch)

    def sync_now_and_then(self) -> int:
        """Do so if there is enough to note, or it has been a while; return how many."""
        now = _sync.monotonic()
        if len(self._unsynced) * self._result_bytes < _SYNC_BYTES and now - self._synced_s < _SYNC_S:
            return 0
        count = self.sync()
        self._synced_s = _sync.monotonic()
        return count

    @property
    def done(self) -> int:
        """The chunks that were done by this run."""
        return len(self._digests) - self.resumed

    def checksum(self) -> str:
        """Return that of all good chunks so far."""
        with self._mutex:
            digests = list(self._digests.items())
        return combined(digests)

    def _show(self, slot: Slot) -> None:
        how = {"is_spectrum": self._is_spectrum, "centres": self._centres}
        picture = grey(slot.result, **how, most=8 * _SHOWN[1])
        self.shown = slot.number, coarse(picture, *_SHOWN)
        if self._wants_picture:
            self.picture = grey(slot.result, **how)
