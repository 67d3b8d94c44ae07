"""Performance monitoring: what each thread of this process has used, by the thread's own clocks."""

import contextlib
import time
from collections.abc import Iterator
from typing import NamedTuple

from concli.patterns import _sync

__all__ = ["ThreadMonitor", "ThreadUsage"]


class ThreadUsage(NamedTuple):
    """What a thread has used so far, in seconds.

    ``run_wait_s`` is the time it could have run but waited for a CPU; None where the kernel does not
    tell. Memory is not here: threads share it, so there is no such thing as a thread's memory.
    """

    name: str
    native_id: int
    cpu_s: float
    run_wait_s: float | None
    operations: int = 0
    errors: int = 0
    alive: bool = True


class _Watched:
    def __init__(self) -> None:
        thread = _sync.current_thread()
        self.name = thread.name
        self.ident = thread.ident or 0
        self.native_id = thread.native_id or 0
        self.operations = 0
        self.errors = 0

    def usage(self, cpu_s: float) -> ThreadUsage:
        return ThreadUsage(self.name, self.native_id, cpu_s, _run_wait_s(self.native_id), self.operations, self.errors)


class ThreadMonitor:
    """Watches the threads that say so: each runs inside ``with monitor.watch():``.

    Source: ``pthread_getcpuclockid(3)`` for the CPU, psutil where there is none, and
    ``/proc/self/task/*/schedstat`` for the wait.
    """

    def __init__(self) -> None:
        # The mutex guards both fields. It also keeps a thread from ending while it is looked at,
        # since asking for the clock of a thread that is gone is undefined.
        self._mutex = _sync.Lock()
        self._alive: list[_Watched] = []
        self._ended: list[ThreadUsage] = []
        self._own = _sync.local()

    @contextlib.contextmanager
    def watch(self) -> Iterator["_Watched"]:
        """Watch the calling thread for as long as the block runs."""
        watched = self._own.watched = _Watched()
        with self._mutex:
            self._alive.append(watched)
        try:
            yield watched
        finally:
            with self._mutex:
                self._alive.remove(watched)
                self._ended.append(watched.usage(time.thread_time())._replace(alive=False))

    def count(self, *, operations: int = 1, errors: int = 0) -> None:
        """Add to what the calling thread, if it is watched, has done."""
        watched = getattr(self._own, "watched", None)
        if watched is not None:
            watched.operations += operations
            watched.errors += errors

    def snapshot(self) -> list[ThreadUsage]:
        """Return the usage of every thread that is or was watched, by name."""
        with self._mutex:
            found = self._ended + [watched.usage(_cpu_s(watched)) for watched in self._alive]
        return sorted(found, key=lambda usage: usage.name)


def _cpu_s(watched: _Watched) -> float:
    if hasattr(time, "pthread_getcpuclockid"):
        return time.clock_gettime(time.pthread_getcpuclockid(watched.ident))
    import psutil  # noqa: PLC0415 - not needed where a thread's clock can be read

    threads = psutil.Process().threads()
    return sum(thread.user_time + thread.system_time for thread in threads if thread.id == watched.native_id)


def _run_wait_s(native_id: int) -> float | None:
    try:
        with open(f"/proc/self/task/{native_id}/schedstat", encoding="ascii") as file:
            return int(file.read().split()[1]) / 1e9
    except (OSError, IndexError):
        return None
