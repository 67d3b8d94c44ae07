"""What has been processed of which input, kept from one run to the next: each entry once.

An input is known by its device and inode and by checksums of its first bytes and of those before the place that was
reached, so that it is found again under another name, and not taken for another that has its inode. Its rotated
predecessors (``name.1``, ``name-20260101.gz``, copies as well) are looked for beside it and read to their ends.

Outputs are appended to. Their lengths are kept with the places reached: a run that was killed may have written more,
which is cut off before the next writes it again. To standard output, a pipe or a device that can't be done: after a
kill, what was written there since the last commit is written again (each entry at least once).

::

    state = State(path)                    locks it; raises InputError
    inputs = state.resume(inputs)
    output = AppendedFile(path, state.output_length(path))
    state.begin([output])                  before anything is written
    state.written(chunk)                   for each chunk, in order, when its entries are written
    output.sync(); state.commit([output])  any time, in the thread that writes
    state.commit([output], done=reader.done)  at the end
    state.close()
"""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterable
from typing import Any, Protocol, Self

from concli.errors import InputError
from concli.files import write_whole
from concli.logs._fingerprint import FULL, Digest, Sample
from concli.logs._rotation import Record, resume
from concli.logs.chunk import Chunk
from concli.logs.encodings import UTF_8, check_encoding
from concli.logs.inputs import Input, identity_of

__all__ = ["SCHEMA", "State"]

#: What a state says it is.
SCHEMA = "concli.state/1"


class _Output(Protocol):
    @property
    def name(self) -> str: ...

    def stat(self) -> os.stat_result: ...


class State:
    """The state in the file ``path``, which need not be there yet. It is locked until it is closed."""

    def __init__(self, path: str) -> None:
        """Raise ``InputError`` if the file is no state, or in use."""
        self._path = path
        self._records: dict[tuple[str, tuple[int, int]], Record] = {}
        self._samples: dict[tuple[str, tuple[int, int]], Sample] = {}
        self._outputs: dict[str, dict[str, int]] = {}
        self._was_running = False
        self._lock = -1
        try:
            self._lock = os.open(path + ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with open(path, "rb") as file:
                self._load(json.load(file))
        except FileNotFoundError as error:
            if self._lock < 0:
                raise InputError(path, error) from error
        except BlockingIOError as error:
            self.close()
            raise InputError(path, "another run uses this state; wait for it to end") from error
        except OSError as error:
            self.close()
            raise InputError(path, error) from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            self.close()
            raise InputError(path, f"this is no {SCHEMA}; name another file, or remove it to begin anew") from error

    def _load(self, document: dict[str, Any]) -> None:
        if document["schema"] != SCHEMA:
            raise ValueError(document["schema"])
        for fields in document["inputs"]:
            record = Record.of(fields)
            self._records[record.path, record.identity] = record
        self._outputs = {
            str(output["path"]): {name: int(output[name]) for name in ("device", "inode", "length")}
            for output in document["outputs"]
        }
        self._was_running = bool(document["running"])

    @property
    def identities(self) -> set[tuple[int, int] | None]:
        """What tells its own files from all others; they may lie among the inputs."""
        found = {identity_of(os.fstat(self._lock))}
        with contextlib.suppress(OSError):
            found.add(identity_of(os.stat(self._path)))
        return found - {None}

    def resume(self, inputs: Iterable[Input], encoding: str = UTF_8) -> list[Input]:
        """Return what is to be read: ``inputs`` from where they were left, before them their predecessors.

        Those with nothing new in them that would have to be unpacked to see that are left out, and those that are
        no regular files with a name are left as they are. Forgets inputs that are beside these and gone.
        """
        found = resume(inputs, list(self._records.values()), check_encoding(encoding))
        self._records = {(record.path, record.identity): record for record in found.records}
        self._samples = found.samples
        return found.inputs

    def output_length(self, path: str) -> int | None:
        """Return how much of the output at ``path`` is to be kept, None for all of it.

        That is for one that was being written to by a run that did not come to its end.
        """
        known = self._outputs.get(os.path.abspath(path))
        try:
            status = os.stat(path)
        except OSError:
            return None
        if not known or not self._was_running or (status.st_dev, status.st_ino) != (known["device"], known["inode"]):
            return None
        return known["length"]

    def begin(self, outputs: Iterable[_Output]) -> None:
        """Note how long the ``outputs`` are before they are written to. Raises ``OutputError``."""
        self._save(outputs, is_running=True)

    def written(self, chunk: Chunk) -> None:
        """Note that the entries of ``chunk``, and of all before it, have been written."""
        source = chunk.source
        if not source or source.path is None or source.identity is None:
            return
        path = os.path.abspath(source.path)
        key = path, source.identity
        base, head, tail = self._samples.get(key) or Sample(chunk.offset, b"", b"")
        size = chunk.size - (chunk.lacks_lf or bool(chunk.full_length))
        if chunk.offset == base + len(head) and len(head) < FULL:
            head = (head + chunk.buffer[: min(size, FULL)])[:FULL]
        # Of a line that is too long the end is not there to be looked at.
        tail = b"" if chunk.full_length else (tail + chunk.buffer[max(0, size - FULL) : size])[-FULL:]
        self._samples[key] = Sample(base, head, tail)
        before = self._records.get(key)
        self._records[key] = Record(
            path=path,
            identity=source.identity,
            place=chunk.after,
            head=Digest.of(head),
            tail=Digest.of(tail),
            modified=chunk.modified,
            size=before.size if before else -1,
            modified_ns=before.modified_ns if before else -1,
        )

    def commit(self, outputs: Iterable[_Output], *, done: Iterable[Input] | None = None) -> None:
        """Save what was ``written``. The ``outputs`` must have been synced. Raises ``OutputError``.

        ``done`` are the inputs that have been read to their ends, when nothing more will be written.
        """
        for source in done or ():
            key = os.path.abspath(source.path or ""), source.identity or (0, 0)
            if key in self._records:
                self._records[key] = self._records[key]._replace(is_whole=True)
        self._save(outputs, is_running=done is None)

    def _save(self, outputs: Iterable[_Output], *, is_running: bool) -> None:
        for output in outputs:
            status = output.stat()
            if identity_of(status):
                self._outputs[os.path.abspath(output.name)] = {
                    "device": status.st_dev,
                    "inode": status.st_ino,
                    "length": status.st_size,
                }
        document = {
            "schema": SCHEMA,
            "running": is_running,
            "inputs": [record.fields() for record in self._records.values()],
            "outputs": [{"path": path, **known} for path, known in self._outputs.items()],
        }
        write_whole(self._path, json.dumps(document, indent=1).encode("ascii") + b"\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let another run have it. What was not committed is as if it had not been written."""
        lock, self._lock = self._lock, -1
        if lock >= 0:
            os.close(lock)
