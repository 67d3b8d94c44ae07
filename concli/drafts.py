"""A file that is made beside its place, under another name, and put there when it is whole."""

import contextlib
import os
import stat

from concli.errors import OutputError

__all__ = ["Draft"]


class Draft:
    """A file at ``path`` that ``commit`` puts in the place ``name``, with the rights of what is there.

    It is new and empty, unless it has a ``suffix``, by which another run finds it again as it was left. Raises
    ``OutputError``, as the methods do.
    """

    def __init__(self, name: str, suffix: str | None = None) -> None:
        self.name = name
        self._place = os.path.realpath(name)
        self._folder, base = os.path.split(self._place)
        if not os.path.basename(name):
            raise OutputError(name or "''", "this names no file")
        if not os.path.isdir(self._folder):
            raise OutputError(name, f"there is no directory {self._folder}; create it first")
        exists = os.path.exists(self._place)
        if exists and not os.path.isfile(self._place):
            raise OutputError(name, "this is no regular file, as such an output has to be")
        if exists and not os.access(self._place, os.W_OK):
            raise OutputError(name, "permission denied")
        self._is_found_again = suffix is not None
        self.path = os.path.join(self._folder, f".{base[:60]}.{suffix or os.urandom(4).hex() + '.part'}")
        # Nobody shall read in it what they can't in the place.
        mode = 0o600 if exists else 0o666
        os.close(self.open(os.O_RDWR | os.O_CREAT | (os.O_EXCL if suffix is None else 0), mode))

    def open(self, flags: int, mode: int = 0o600) -> int:
        """Return a descriptor of it, to be closed by the caller."""
        try:
            return os.open(self.path, flags | os.O_CLOEXEC, mode)
        except OSError as error:
            raise OutputError(self.name, error) from error

    def stat(self) -> os.stat_result:
        """Return the status of what there is so far."""
        return os.stat(self.path)

    def commit(self) -> None:
        """Have what is in it survive a crash, and put it in its place; if that fails, only one with a suffix stays."""
        try:
            with os.fdopen(self.open(os.O_RDWR)) as file:
                if os.path.exists(self._place):
                    os.fchmod(file.fileno(), stat.S_IMODE(os.stat(self._place).st_mode))
                os.fsync(file.fileno())
            os.replace(self.path, self._place)
        except OSError as error:
            if not self._is_found_again:
                self.abort()
            raise OutputError(self.name, error) from error
        with contextlib.suppress(OSError):  # not every file system can sync a folder
            folder = os.open(self._folder, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def abort(self) -> None:
        """Remove it."""
        with contextlib.suppress(OSError):
            os.unlink(self.path)
