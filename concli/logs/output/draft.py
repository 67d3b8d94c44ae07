"""A file that others write, by its name, beside the place it is put in when it is whole."""

import contextlib
import os
import stat

from concli.errors import OutputError

__all__ = ["Draft"]


class Draft:
    """An empty file at ``path`` that becomes the one at ``place``. Raises ``OutputError``."""

    def __init__(self, place: str) -> None:
        self.place = place
        self._place = os.path.realpath(place)
        folder, name = os.path.split(self._place)
        if not os.path.basename(place):
            raise OutputError(place or "''", "this names no file")
        if not os.path.isdir(folder):
            raise OutputError(place, f"there is no directory {folder}; create it first")
        exists = os.path.exists(self._place)
        if exists and not os.path.isfile(self._place):
            raise OutputError(place, "this is no regular file, as such an output has to be")
        if exists and not os.access(self._place, os.W_OK):
            raise OutputError(place, "permission denied")
        self.path = os.path.join(folder, f".{name[:60]}.{os.urandom(4).hex()}.part")
        try:
            fd = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
            try:
                if exists:
                    os.fchmod(fd, stat.S_IMODE(os.stat(self._place).st_mode))
            finally:
                os.close(fd)
        except OSError as error:
            raise OutputError(place, error) from error

    def stat(self) -> os.stat_result:
        """Return the status of what there is so far."""
        return os.stat(self.path)

    def commit(self) -> None:
        """Put the file in its place."""
        folder = os.path.dirname(self._place)
        try:
            _sync(self.path)
            os.replace(self.path, self._place)
        except OSError as error:
            self.abort()
            raise OutputError(self.place, error) from error
        with contextlib.suppress(OSError):  # not every file system can sync a folder
            _sync(folder)

    def abort(self) -> None:
        """Remove the file."""
        with contextlib.suppress(OSError):
            os.unlink(self.path)


def _sync(path: str) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
