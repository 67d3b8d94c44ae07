"""Samples of a running process, its descendants and all their threads, from outside and without stopping them."""

import contextlib
import os
from collections.abc import Collection
from datetime import UTC, datetime
from types import TracebackType
from typing import Protocol, Self

from concli.errors import InputError
from concli.monitor.sample import Counts, ProcessSample, Sample, ThreadSample
from concli.patterns import _sync

__all__ = ["Sampler"]

HAS_PROC = os.path.exists("/proc/self/task")  # its own word, not the platform's: it may not be mounted

_NAMED = 3  # processes that do not let themselves be seen


class _Process(Protocol):
    pid: int
    forbidden: set[str]

    def look(self) -> tuple[ProcessSample, list[ThreadSample]]: ...
    def close(self) -> None: ...


class _Family(Protocol):
    def new(self, known: Collection[int]) -> list[int]: ...


class Sampler:
    """Takes samples of the process ``pid`` and, unless told otherwise, of its descendants. Use it in a ``with``.

    On Linux it reads /proc, elsewhere it asks psutil, which tells less. What ends while it is looked at, or
    does not let itself be seen, is left out and named in ``Sample.problem``. One thread at a time may use it.

    Raises ``InputError`` if there is no such process, or nothing of it can be seen.
    """

    def __init__(self, pid: int, *, children: bool = True, counts: Counts | None = None) -> None:
        self.pid = pid
        #: Whether the process has ended. Descendants may still be there.
        self.has_ended = False
        self._counts = counts
        self._processes: dict[int, _Process] = {}
        self._unseen: dict[int, str] = {}
        self._began: float | None = None
        try:
            self._processes[pid] = self._open(pid)
            self._processes[pid].look()
        except OSError as error:
            self.close()
            raise InputError(f"process {pid}", _why_not(error)) from error
        self._family = _family_of(pid) if children else None

    def sample(self) -> Sample:
        """Look at all of them now. The process itself comes first, if it is still there."""
        now, wall = _sync.monotonic(), datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        if self._began is None:
            self._began = now
        new = self._find_new()
        processes, threads, gone = [], [], []
        for pid, process in list(self._processes.items()):
            try:
                sample, of_it = process.look()
            except OSError as error:
                self._lose(pid, error)
                if pid not in new:
                    gone.append(pid)
                continue
            processes.append(sample)
            threads += of_it
        return Sample(
            now - self._began, wall, tuple(processes), tuple(self._counted(threads)), tuple(gone), self._problem()
        )

    def close(self) -> None:
        """Close what is kept open."""
        for process in self._processes.values():
            process.close()
        self._processes.clear()

    def _open(self, pid: int) -> _Process:
        if HAS_PROC:
            from concli.monitor._linux import LinuxProcess  # noqa: PLC0415 - of this system alone

            return LinuxProcess(pid)
        from concli.monitor._psutil import PsutilProcess  # noqa: PLC0415 - not needed where there is /proc

        return PsutilProcess(pid)

    def _find_new(self) -> list[int]:
        if self._family is None or self.has_ended:
            return []
        new = self._family.new(self._processes)
        for pid in new:
            with contextlib.suppress(OSError):  # it has ended already
                self._processes[pid] = self._open(pid)
        return new

    def _lose(self, pid: int, error: OSError) -> None:
        self._processes.pop(pid).close()
        if isinstance(error, PermissionError):
            self._unseen = dict([(pid, _why_not(error)), *self._unseen.items()][:_NAMED])
        self.has_ended = self.has_ended or pid == self.pid

    def _counted(self, threads: list[ThreadSample]) -> list[ThreadSample]:
        """Add what the programs tell of their threads."""
        told = self._counts(tuple(self._processes)) if self._counts else None
        if not told:
            return threads
        return [
            each._replace(name=said.name or each.name, operations=said.operations, errors=said.errors)
            if (said := told.get((each.pid, each.tid)))
            else each
            for each in threads
        ]

    def _problem(self) -> str | None:
        """Say in a line what can't be seen; the same line for as long as it is so."""
        found = [f"process {pid}: {why}" for pid, why in self._unseen.items()]
        if forbidden := sorted({what for process in self._processes.values() for what in process.forbidden}):
            found.append(f"{' and '.join(forbidden)} of some processes are for their owner to see; run as that user")
        if not HAS_PROC:
            found.append("this system tells no states, run-queue waits, switches and places of waiting of threads")
        return "; ".join(found) or None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _family_of(pid: int) -> _Family:
    if HAS_PROC:
        from concli.monitor._linux import LinuxFamily  # noqa: PLC0415 - as above

        return LinuxFamily(pid)
    from concli.monitor._psutil import PsutilFamily  # noqa: PLC0415 - as above

    return PsutilFamily(pid)


def _why_not(error: OSError) -> str:
    if isinstance(error, PermissionError):
        return "it may not be looked at; run as its user or as root"
    return "there is no such process, or it has ended; ps -e lists those there are"
