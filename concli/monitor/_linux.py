"""What Linux tells of a process and its threads, from files that are opened once and then only read again.

To read again costs a third of opening, reading and closing. And an open file belongs to one thread: if that has ended
and its id is used again, reading fails, and is no other thread's figures.

Source: proc(5); ``sched-stats`` in the kernel's documentation; ``CPUCLOCK_SCHED`` in its ``posix-timers_types.h``.
"""

import contextlib
import os
import resource
import time
from collections.abc import Collection, Iterator

from concli.monitor.sample import ProcessSample, ThreadSample

__all__ = ["LinuxFamily", "LinuxProcess"]

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_CLOCK_OF_PROCESS = 2  # CPUCLOCK_SCHED
# Fields of stat, counted from the one behind the name, which is the third.
_PPID, _GROUP, _SESSION, _USER, _SYSTEM, _THREADS, _STARTED, _RSS = 1, 2, 3, 11, 12, 17, 19, 21


class _Files:
    """The files of one folder below /proc. Any of them may be missing, forbidden, or gone with its thread."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._fds: dict[str, int] = {}

    def read(self, name: str, size: int = 1024) -> bytes:
        """Return the beginning of a file, from the kernel as it is now. Raises ``OSError``."""
        fd = self._fds.get(name)
        if fd is not None:
            return os.pread(fd, size, 0)
        fd = os.open(f"{self._folder}/{name}", os.O_RDONLY | os.O_CLOEXEC)
        try:
            data = os.pread(fd, size, 0)
        except BaseException:
            os.close(fd)
            raise
        if fd < _most_files():
            self._fds[name] = fd
        else:
            os.close(fd)
        return data

    def stat(self) -> tuple[str, list[bytes]]:
        """Return the name, which may hold anything, brackets too, and the fields behind it."""
        before, _, rest = self.read("stat").rpartition(b")")
        return before.partition(b"(")[2].decode(errors="replace"), rest.split(None, _RSS + 1)

    def close(self) -> None:
        for fd in self._fds.values():
            os.close(fd)
        self._fds.clear()


class _Thread:
    def __init__(self, pid: int, tid: int) -> None:
        self._pid, self._tid = pid, tid
        self._files = _Files(f"/proc/{pid}/task/{tid}")
        self.close = self._files.close
        self.peak_rss_bytes: int | None = None

    def look(self) -> ThreadSample:
        """Return what is known now. Raises ``OSError`` when it has ended."""
        name, fields = self._files.stat()
        user_s, system_s = int(fields[_USER]) * _TICK_S, int(fields[_SYSTEM]) * _TICK_S
        run_wait_s = voluntary = involuntary = None
        with contextlib.suppress(OSError, ValueError, IndexError):  # a kernel without it
            ran, waited = self._files.read("schedstat").split()[:2]
            user_s, system_s = _exact(user_s, system_s, int(ran) / 1e9)
            run_wait_s = int(waited) / 1e9
        with contextlib.suppress(OSError, ValueError):
            voluntary, involuntary = self._switches()
        state = fields[0].decode()
        wchan = None if state == "R" else self._wchan()
        return ThreadSample(
            self._pid, self._tid, name, state, user_s, system_s, run_wait_s, voluntary, involuntary, wchan
        )

    def _switches(self) -> tuple[int, int]:
        status = self._files.read("status", 8192)
        if self._pid == self._tid:
            at = status.find(b"VmHWM:")
            self.peak_rss_bytes = int(status[at:].split(None, 2)[1]) * 1024 if at >= 0 else None
        # These are the last two lines.
        rest, _, involuntary = status.rpartition(b"\nnonvoluntary_ctxt_switches:")
        return int(rest.rpartition(b"\nvoluntary_ctxt_switches:")[2]), int(involuntary)

    def _wchan(self) -> str | None:
        try:
            return self._files.read("wchan").decode().strip("0\n") or None  # 0 is nowhere, or not to be told
        except OSError:
            return None


class LinuxProcess:
    """One process. Its figures are those of this one only, also when its id is used again."""

    def __init__(self, pid: int) -> None:
        """Make it known; ``look`` raises ``OSError`` if there is none."""
        self.pid = pid
        self._files = _Files(f"/proc/{pid}")
        self._threads: dict[int, _Thread] = {}
        #: What it does not let us see.
        self.forbidden: set[str] = set()

    def look(self) -> tuple[ProcessSample, list[ThreadSample]]:
        """Return what is known now. Raises ``OSError`` when it has ended."""
        name, fields = self._files.stat()
        if fields[0] in (b"Z", b"X") and int(fields[_THREADS]) <= 1:
            raise ProcessLookupError(self.pid)  # it waits for its parent to take note
        threads = list(self._look_at_threads())
        user_s, system_s = int(fields[_USER]) * _TICK_S, int(fields[_SYSTEM]) * _TICK_S
        with contextlib.suppress(OSError):
            user_s, system_s = _exact(user_s, system_s, time.clock_gettime(~self.pid << 3 | _CLOCK_OF_PROCESS))
        main = self._threads.get(self.pid)
        return ProcessSample(
            pid=self.pid,
            ppid=int(fields[_PPID]),
            name=name,
            user_s=user_s,
            system_s=system_s,
            rss_bytes=int(fields[_RSS]) * _PAGE,
            threads=int(fields[_THREADS]),
            open_files=self._open_files(),
            **self._bytes(),
            started=int(fields[_STARTED]) * _TICK_S,
            peak_rss_bytes=main.peak_rss_bytes if main else None,
        ), threads

    def close(self) -> None:
        """Close its files."""
        self._files.close()
        for thread in self._threads.values():
            thread.close()
        self._threads.clear()

    def _look_at_threads(self) -> Iterator[ThreadSample]:
        tids = set(map(int, os.listdir(f"/proc/{self.pid}/task")))
        for tid in self._threads.keys() - tids:
            self._threads.pop(tid).close()
        for tid in sorted(tids):
            thread = self._threads.get(tid) or self._threads.setdefault(tid, _Thread(self.pid, tid))
            try:
                yield thread.look()
            except OSError:  # it has ended just now
                self._threads.pop(tid).close()

    def _open_files(self) -> int | None:
        folder = f"/proc/{self.pid}/fd"
        try:
            return os.stat(folder).st_size or len(os.listdir(folder))  # the size is their number, since Linux 6.2
        except PermissionError:
            self.forbidden.add("open files")
        except OSError:
            pass
        return None

    def _bytes(self) -> dict[str, int]:
        try:
            lines = dict(line.split(b": ") for line in self._files.read("io").splitlines())
            return {"read_bytes": int(lines[b"read_bytes"]), "written_bytes": int(lines[b"write_bytes"])}
        except PermissionError:
            self.forbidden.add("I/O")
        except (OSError, KeyError, ValueError):
            pass
        return {}


class LinuxFamily:
    """A process and its descendants: those it began, those that they began, and so on.

    One whose parent has ended has another parent now; it is still known if it was seen before, or is in the session or
    the process group that the first one leads. Each process of the machine is looked at once, when it is new.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._seen: set[int] = set()

    def new(self, known: Collection[int]) -> list[int]:
        """Return those who have come since the last call; ``known`` are the members from before that are there."""
        pids = {int(name) for name in os.listdir("/proc") if name.isdecimal()}
        parents, found = {}, set(known)
        for pid in pids - self._seen - found:
            with contextlib.suppress(OSError):  # it has ended
                parents[pid], group, session = _origin(pid)
                if self._pid in (group, session):
                    found.add(pid)
        self._seen = pids
        more = found
        while more:
            more = {pid for pid, parent in parents.items() if parent in more} - found
            found |= more
        return sorted(found - set(known))


def _origin(pid: int) -> tuple[int, int, int]:
    """Return the parent, the process group and the session of a process. Raises ``OSError`` if there is none."""
    files = _Files(f"/proc/{pid}")
    try:
        fields = files.stat()[1]
    finally:
        files.close()
    return int(fields[_PPID]), int(fields[_GROUP]), int(fields[_SESSION])


def _exact(user_s: float, system_s: float, total_s: float) -> tuple[float, float]:
    """Divide a time that is known to the nanosecond as ticks divide it; these are cut to hundredths each."""
    ticks_s = user_s + system_s
    if total_s <= ticks_s:
        return user_s, system_s  # it is not counted here, or a little late
    return (total_s * user_s / ticks_s, total_s * system_s / ticks_s) if ticks_s else (total_s, 0.0)


def _most_files() -> int:
    """Return which descriptors may be kept: as the least free one is given out, half of what this process may have."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return most // 2 if most != resource.RLIM_INFINITY else 1 << 20
