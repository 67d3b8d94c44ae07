r"""The joblog: what became of each task, a JSON line each, appended when it has come out; what a run is resumed from.

The first line says of what run. Each other line holds a task's record, with the digest of its item::

    {"schema": "concli.joblog/1", "--stage": ["sh:gzip -k"], "items": "lines"}
    {"digest": "98ef3cbb2a5d1a93", "record": {"id": 0, "data": "a.txt", "status": "done", ...}}

Lines are handed to the system as soon as they are known, so a run that is killed has lost none of them; they are
synced to the disk at most once a second and at the end, so a machine that loses its power may lose the last second's.
A last line that was torn is cut off. Several lines for one item: the last one counts.
"""

import contextlib
import io
import json
from array import array
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, BinaryIO

from concli.errors import InputError, OutputError
from concli.files import AppendedFile, write_whole
from concli.patterns import _sync
from concli.tasks.items import Item

__all__ = ["Done", "Joblog", "digest_of"]

_SCHEMA = "concli.joblog/1"
_SYNC_EVERY_S = 1.0
_NONE = -1


def digest_of(item: Item) -> str:
    """Return what tells an item from another that might stand in its place."""
    return blake2b(item.raw, digest_size=8).hexdigest()


class Joblog:
    """The file, being written to by one thread."""

    def __init__(self, path: str, run: Mapping[str, object], *, keep: int = 0) -> None:
        """Go on after the first ``keep`` bytes; with 0 begin anew. Raises ``OutputError``."""
        if not keep:
            write_whole(path, json.dumps({"schema": _SCHEMA, **run}).encode() + b"\n")
        self._file = AppendedFile(path, keep or None)
        self._synced_at = _sync.monotonic()

    def add(self, lines: Sequence[bytes]) -> None:
        """Note tasks that are out. Raises ``OutputError``."""
        self._file.write(lines)
        now = _sync.monotonic()
        if now - self._synced_at >= _SYNC_EVERY_S:
            self._file.sync()
            self._synced_at = now

    def close(self) -> None:
        """Sync, and leave it there. Raises ``OutputError``."""
        self._file.commit()

    @staticmethod
    def line(digest: str, record: bytes) -> bytes:
        """Return what is noted of a task whose record is this JSON line."""
        return b'{"digest": "%s", "record": %s}\n' % (digest.encode(), record.rstrip(b"\n"))


class Done:
    """What a joblog says is done: where its line stands, by the item's number, eight bytes each.

    ``size`` is how many bytes of it are whole lines.
    """

    def __init__(self, path: str, run: Mapping[str, object]) -> None:
        """Read it; one that is not there says nothing.

        Raises ``InputError``, and ``OutputError`` if it is of another run.
        """
        self._path = path
        self._places = array("q")
        self._open = contextlib.ExitStack()
        self.size = 0
        try:
            with open(path, "rb") as file:
                for line in file:
                    if not line.endswith(b"\n"):
                        break  # torn
                    if self.size == 0:
                        self._compare(line, run)
                    else:
                        self._note(line)
                    self.size += len(line)
        except FileNotFoundError:
            return
        except OSError as error:
            raise InputError(path, error) from error

    def reader(self) -> Callable[[int], Mapping[str, Any] | None]:
        """Return what looks up the line of an item that is done, for one thread; None for one that is not."""
        empty: BinaryIO = io.BytesIO()
        file = self._open.enter_context(open(self._path, "rb") if self.size else empty)  # noqa: SIM115 - `close` does

        def look_up(number: int) -> Mapping[str, Any] | None:
            if not self.has(number):
                return None
            file.seek(self._places[number])
            found: Mapping[str, Any] = json.loads(file.readline())
            return found

        return look_up

    def close(self) -> None:
        """Have its readers look up nothing more."""
        self._open.close()

    def has(self, number: int) -> bool:
        """Return whether the item with this number is done."""
        return number < len(self._places) and self._places[number] != _NONE

    def forget(self, number: int) -> None:
        """Take an item for one that is not done."""
        if self.has(number):
            self._places[number] = _NONE

    def _compare(self, line: bytes, run: Mapping[str, object]) -> None:
        try:
            before = json.loads(line)
        except ValueError:
            before = None
        if not isinstance(before, dict) or before.get("schema") != _SCHEMA:
            raise OutputError(self._path, "this is no joblog of concli pipeline tasks; name another file")
        now = json.loads(json.dumps(run))
        changed = [name for name in now if before.get(name) != now[name]]
        if changed:
            raise OutputError(
                self._path,
                f"it is of a run with another {', '.join(changed)}; do as that did, or begin anew without --resume",
            )

    def _note(self, line: bytes) -> None:
        try:
            record = json.loads(line)["record"]
            number, is_done = int(record["id"]), record["status"] == "done"
        except (ValueError, LookupError, TypeError):
            return  # whatever it is, it says of no task that it is done
        if number < 0:
            return
        if is_done:
            if number >= len(self._places):
                self._places.extend([_NONE] * (number + 1 - len(self._places)))
            self._places[number] = self.size
        else:
            self.forget(number)
