"""What psutil tells of a process and its threads: where there is no /proc."""

from collections.abc import Collection

import psutil

from concli.monitor.sample import ProcessSample, ThreadSample

__all__ = ["PsutilFamily", "PsutilProcess"]

_HIDDEN = (psutil.AccessDenied, NotImplementedError, AttributeError)


class PsutilProcess:
    """One process. Raises ``OSError`` where there is none."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        #: What it does not let us see.
        self.forbidden: set[str] = set()
        try:
            self._process = psutil.Process(pid)
        except psutil.NoSuchProcess as error:
            raise ProcessLookupError(pid) from error

    def look(self) -> tuple[ProcessSample, list[ThreadSample]]:
        """Return what is known now. Raises ``OSError`` when it has ended, or nothing of it can be seen."""
        process = self._process
        try:
            if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
                raise ProcessLookupError(self.pid)
            with process.oneshot():
                name, times, memory = process.name(), process.cpu_times(), process.memory_info()
                sample = ProcessSample(
                    pid=self.pid,
                    ppid=process.ppid(),
                    name=name,
                    user_s=times.user,
                    system_s=times.system,
                    rss_bytes=memory.rss,
                    threads=process.num_threads(),
                    open_files=self._open_files(),
                    **self._bytes(),
                    started=process.create_time(),
                )
                return sample, self._threads(name)
        except psutil.NoSuchProcess as error:
            raise ProcessLookupError(self.pid) from error
        except psutil.AccessDenied as error:
            raise PermissionError(self.pid) from error

    def close(self) -> None:
        """Do nothing."""

    def _threads(self, name: str) -> list[ThreadSample]:
        try:
            found = self._process.threads()
        except _HIDDEN:
            self.forbidden.add("threads")
            return []
        return [ThreadSample(self.pid, each.id, name, "?", each.user_time, each.system_time) for each in found]

    def _open_files(self) -> int | None:
        try:
            return int(self._process.num_fds())
        except _HIDDEN:
            self.forbidden.add("open files")
            return None

    def _bytes(self) -> dict[str, int]:
        try:
            counters = self._process.io_counters()
        except _HIDDEN:
            self.forbidden.add("I/O")
            return {}
        return {"read_bytes": counters.read_bytes, "written_bytes": counters.write_bytes}


class PsutilFamily:
    """A process and its descendants; one whose parent has ended is known if it was seen before."""

    def __init__(self, pid: int) -> None:
        self._pid = pid

    def new(self, known: Collection[int]) -> list[int]:
        """Return those who have come since the last call; ``known`` are the members from before that are there."""
        found: set[int] = set()
        for pid in {self._pid, *known}:
            try:
                found |= {child.pid for child in psutil.Process(pid).children(recursive=True)}
            except psutil.Error:
                continue  # it has ended, or may not be looked at
        return sorted(found - set(known))
