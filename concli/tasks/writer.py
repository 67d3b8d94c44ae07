"""The thread that writes: what waits goes out at once and in one piece, so nothing waits for what comes after it."""

from concli.files import Output
from concli.patterns import BoundedBuffer, ShutDown
from concli.tasks.joblog import Joblog

__all__ = ["Writer"]

_ROOM_BYTES = 1 << 22
_AT_ONCE = 4096  # pieces


class Writer:
    """To the output and, if there is one, the joblog; ``write`` is what its thread does.

    What is put in one call is never torn apart by another. ``bytes_out`` have been written to the output.
    """

    def __init__(self, output: Output, joblog: Joblog | None) -> None:
        self.bytes_out = 0
        self._output = output
        self._joblog = joblog
        self._waiting = BoundedBuffer[tuple[bytes, bytes]](_ROOM_BYTES, sizer=lambda both: len(both[0]) + len(both[1]))

    def put(self, shown: bytes, noted: bytes = b"") -> None:
        """Have this written to the output and that to the joblog. Raises ``ShutDown`` when it has ended."""
        if shown or noted:
            self._waiting.put((shown, noted))

    def hurry(self) -> None:
        """Let nobody wait for room any more."""
        self._waiting.maxsize = 0

    def end(self) -> None:
        """Have what was put written, and no more."""
        self._waiting.shutdown()

    def write(self) -> None:
        """Write until the end. Raises ``OutputError``, and whoever sees that has to ``end`` it: others may wait."""
        try:
            while True:
                self._write(self._waiting.get_many(_AT_ONCE))
        except ShutDown:
            return

    def _write(self, pieces: list[tuple[bytes, bytes]]) -> None:
        shown = b"".join([shown for shown, _ in pieces])
        noted = b"".join([noted for _, noted in pieces])
        if shown:
            self.bytes_out += self._output.write([shown])
        if noted and self._joblog is not None:
            self._joblog.add([noted])
