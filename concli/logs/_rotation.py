"""Where inputs were left, and under which names they are now."""

import contextlib
import math
import os
import re
import stat
import time
from collections.abc import Iterable
from typing import Any, NamedTuple

from concli.logs._fingerprint import Digest, Sample, read_sample
from concli.logs.inputs import Input, Place, identity_of
from concli.logs.opening import is_compressed

__all__ = ["Record", "Resumed", "resume", "stem_of"]

# What the names of rotated logs end with: .1, .2.gz, -20260101, .2026-01-01T00.xz, .old
_ROTATED = re.compile(r"(?:[.-]\d[\dT:._-]*|\.old)?(?:\.(?:gz|bz2|xz|zst))?\Z")
# A rotated file that nobody has written to for so long is as it will ever be.
_SETTLED_S = 60.0


class Record(NamedTuple):
    """Up to which ``place`` an input has been processed.

    ``size`` and ``modified_ns`` are those of the file when it was opened, and ``is_whole`` if it was then
    processed to its end. ``modified`` is when it was last written to as far as is known.
    """

    path: str
    identity: tuple[int, int]
    place: Place
    head: Digest
    tail: Digest
    modified: float
    size: int = -1
    modified_ns: int = -1
    is_whole: bool = False

    def fields(self) -> dict[str, Any]:
        """Return what is saved."""
        return self._asdict() | {"place": self.place._asdict()}

    @classmethod
    def of(cls, fields: dict[str, Any]) -> "Record":
        """Return what was saved."""
        device, inode = fields["identity"]
        place = Place(**fields["place"])
        if min(place.offset, place.line - 1) < 0:
            raise ValueError("there is no such place")
        return cls(
            **{
                **fields,
                "identity": (int(device), int(inode)),
                "place": place,
                "head": Digest(*fields["head"]),
                "tail": Digest(*fields["tail"]),
            }
        )


class Resumed(NamedTuple):
    """What is to be read, what is known of it, and what has been seen of it, by path and identity."""

    inputs: list[Input]
    records: list[Record]
    samples: dict[tuple[str, tuple[int, int]], Sample]


def stem_of(path: str) -> tuple[str, str]:
    """Return the folder and the name that a log had before it was rotated.

    >>> stem_of("/var/log/app.log.2.gz"), stem_of("/var/log/app.log-20260101")
    (('/var/log', 'app.log'), ('/var/log', 'app.log'))
    """
    folder, name = os.path.split(path)
    return folder, _ROTATED.sub("", name, count=1) or name


class _File(NamedTuple):
    """A file that is there: as it is to be called, its place, and its status."""

    name: str
    path: str
    status: os.stat_result

    @property
    def identity(self) -> tuple[int, int]:
        return self.status.st_dev, self.status.st_ino


def resume(inputs: Iterable[Input], records: list[Record], encoding: str) -> Resumed:
    """Find ``records`` again among ``inputs`` and what is beside them; see ``State.resume``."""
    sources = _once(inputs)
    named = {id(source): file for source in sources if (file := _file_of(source))}
    stems = {stem_of(file.path) for file in named.values()}
    near = [record for record in records if stem_of(record.path) in stems]
    result = Resumed([], [record for record in records if stem_of(record.path) not in stems], {})
    files = list(named.values())
    beside = [file for stem in {stem_of(record.path) for record in near} for file in _rotated(stem, files)]
    matched = _match([*files, *beside], near, encoding, result)
    for source in sources:
        file = named.get(id(source))
        if not file:
            # What is to be followed may be a file later on.
            is_there = source.path is None or os.path.exists(source.path)
            result.inputs.append(source if is_there else source._replace(keeps_rest=True))
            continue
        for other in [other for other in beside if stem_of(other.path) == stem_of(file.path)]:
            beside.remove(other)
            # One that is not known came between two runs if it is newer than all that is known.
            is_newer = file.path == os.path.join(*stem_of(file.path)) and all(
                other.status.st_mtime > record.modified
                for record in near
                if stem_of(record.path) == stem_of(other.path)
            )
            if other.path in matched or is_newer:
                _add(result, other, matched.get(other.path))
        _add(result, file, matched.get(file.path))
    return result


def _once(inputs: Iterable[Input]) -> list[Input]:
    """Return ``inputs`` without files that have come before under the same name."""
    seen: set[str] = set()
    kept = []
    for source in inputs:
        path = os.path.abspath(source.path) if source.path is not None else ""
        if not path or path not in seen:
            kept.append(source)
        seen.add(path)
    return kept


def _file_of(source: Input) -> _File | None:
    if source.path is None or source.identity is None:
        return None
    try:
        status = os.stat(source.path)
    except OSError:
        return None
    return _File(source.name, os.path.abspath(source.path), status) if identity_of(status) else None


def _rotated(stem: tuple[str, str], files: list[_File]) -> list[_File]:
    """Return the rotated logs that are not among ``files``, the oldest first."""
    known = {file.identity for file in files}
    # As the folder was called, so are its files.
    folder = next(os.path.dirname(file.name) for file in files if stem_of(file.path) == stem)
    found: list[_File] = []
    try:
        names = os.listdir(stem[0])
    except OSError:
        return found
    for name in names:
        path = os.path.join(stem[0], name)
        if name == stem[1] or stem_of(path) != stem:
            continue
        with contextlib.suppress(OSError):  # it may have gone meanwhile
            file = _File(os.path.join(folder, name), path, os.lstat(path))
            if stat.S_ISREG(file.status.st_mode) and file.identity not in known:
                found.append(file)
    return sorted(found, key=lambda file: (file.status.st_mtime_ns, file.path))


def _match(files: list[_File], records: list[Record], encoding: str, result: Resumed) -> dict[str, Record]:
    """Return which record is of which file, by path, adding its sample to the ``result``.

    A record is of the file that has its identity, or else of a copy: one with the same text up to its place.
    """
    matched: dict[str, Record] = {}
    left = list(records)
    for is_copy in (False, True):
        for file in files:
            if file.path in matched:
                continue
            for record in left:
                same = record.head.length > 0 if is_copy else record.identity == file.identity
                if same and stem_of(record.path) == stem_of(file.path) and _fits(file, record, encoding, result):
                    matched[file.path] = record
                    left.remove(record)
                    break
    return matched


def _fits(file: _File, record: Record, encoding: str, result: Resumed) -> bool:
    """Return whether ``file`` has what has been processed of the record's, at the same place."""
    if _is_finished(file, record):
        return True
    head, tail, offset = record.head, record.tail, record.place.offset
    sample = read_sample(file.path, encoding, offset, head.length, tail.length)
    if not sample or Digest.of(sample.head) != head or Digest.of(sample.tail) != tail:
        return False
    if not tail.length and not is_compressed(file.path) and file.status.st_size < offset:
        return False
    result.samples[file.path, file.identity] = sample
    return True


def _is_finished(file: _File, record: Record) -> bool:
    """Return whether ``file`` is compressed, and as it was when it was processed to its end."""
    status = file.status
    return (
        record.is_whole
        and (record.identity, record.size, record.modified_ns) == (file.identity, status.st_size, status.st_mtime_ns)
        and is_compressed(file.path)
    )


def _add(result: Resumed, file: _File, record: Record | None) -> None:
    """Have ``file`` read from where it was left."""
    status = file.status
    nothing = Digest.of(b"")
    # Of what has not been read yet, a packed copy counts as newer.
    modified = math.nextafter(status.st_mtime, 0.0)
    known = record or Record(file.path, file.identity, Place(), nothing, nothing, modified)
    is_finished = bool(record) and _is_finished(file, known)
    known = known._replace(
        path=file.path,
        identity=file.identity,
        size=status.st_size,
        modified_ns=status.st_mtime_ns,
        is_whole=is_finished,
    )
    result.records.append(known)
    if is_finished:
        return
    is_rotated = stem_of(file.path)[1] != os.path.basename(file.path)
    keeps_rest = not is_rotated or time.time() - status.st_mtime < _SETTLED_S
    result.inputs.append(Input(file.name, file.name, status.st_size, file.identity, known.place, keeps_rest))
