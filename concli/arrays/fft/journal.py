"""What is certainly on disk of an unfinished stack: a line for each chunk, with its checksum.

The first line says of what run. A line is only written when the chunk's bytes have been synced; a line that
was torn by a crash is passed over. On resuming each chunk is read again and held against its checksum.
"""

import contextlib
import json
import os
from collections.abc import Iterable, Mapping

from concli.errors import OutputError

__all__ = ["Journal"]


class Journal:
    """The file. To be used by one thread at a time."""

    def __init__(self, path: str, place: str) -> None:
        self._path = path
        self._place = place  # what errors are about
        self._fd = -1

    def read(self, run: Mapping[str, object]) -> dict[int, str]:
        """Return the chunks that are noted. Raises ``OutputError`` if they are of another run."""
        try:
            with open(self._path, "rb") as file:
                lines = file.read().split(b"\n")
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise OutputError(self._place, error) from error
        try:
            before = json.loads(lines[0])
        except ValueError:
            return {}  # it was torn before anything was noted
        now = json.loads(json.dumps(run))
        changed = [name for name in now if not isinstance(before, dict) or before.get(name) != now[name]]
        if changed:
            raise OutputError(
                self._place,
                f"what is there to resume is of a run with another {', '.join(changed)}; "
                "do as it did, or begin anew without --resume",
            )
        done = {}
        for line in lines[1:-1]:  # what follows the last line feed is torn, or nothing
            with contextlib.suppress(ValueError):
                number, digest = line.decode("ascii").split()
                done[int(number)] = digest
        return done

    def begin(self, run: Mapping[str, object], done: Iterable[tuple[int, str]] = ()) -> None:
        """Write it anew: of what run it is, and what is there already. Raises ``OutputError``."""
        lines = [json.dumps(run), *(f"{number} {digest}" for number, digest in done), ""]
        try:
            new = f"{self._path}.new"
            self._fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, 0o666)
            self._write("\n".join(lines).encode())
            os.replace(new, self._path)
        except OSError as error:
            raise OutputError(self._place, error) from error

    def add(self, done: Iterable[tuple[int, str]]) -> None:
        """Note chunks that are on disk. Raises ``OutputError``."""
        try:
            self._write("".join(f"{number} {digest}\n" for number, digest in done).encode())
        except OSError as error:
            raise OutputError(self._place, error) from error

    def close(self) -> None:
        """Close it, and leave it there."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def remove(self) -> None:
        """Close it and remove it: there is nothing to resume."""
        self.close()
        with contextlib.suppress(OSError):
            os.unlink(self._path)

    def _write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._fd, data) :]
        os.fsync(self._fd)
