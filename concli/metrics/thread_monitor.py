"""Performance monitoring: what each thread of this process has used, by the thread's own clock.

Choose it to see which threads work, which wait for a CPU and which wait for something else. For where
in the code the time goes, use a profiler. Memory is told for the process only: threads share it, so
there is no such thing as a thread's memory.

Source: the thread clocks and ``/proc/self/task`` of Linux, psutil elsewhere; getrusage(2).

Who waits for whom::

    watched threads --> nobody: each writes figures of its own          snapshot --> nobody: it reads them

Classic mistake: to take the time that passes for work done. Waiting for the GIL, a lock or a CPU counts
in the one and not in the other; go by the thread's own clock::

    thread A                      thread B
    start = perf_counter()
    waits for the GIL             computes for 50 ms
    computes for 1 ms
    "worked" 51 ms

Classic mistake: to count in one number for all threads; ``+=`` reads, then writes::

    thread A                      thread B
    reads 5
                                  reads 5
    writes 6
                                  writes 6: one is lost

>>> monitor = ThreadMonitor()
>>> with monitor.watch():
...     monitor.count(operations=3)
>>> [usage] = monitor.snapshot()
>>> usage.name, usage.operations, usage.alive
('MainThread', 3, False)
"""

import contextlib
import os
import resource
import threading
from collections.abc import Iterator
from typing import NamedTuple, TypeVar

from concli.metrics._thread_figures import Figures, Task, figures_of, name_of, task_of, tasks
from concli.metrics.host import peak_rss_bytes, process_cpu_s
from concli.patterns import _sync

__all__ = ["ProcessFigures", "ThreadMonitor", "ThreadUsage"]

Number = TypeVar("Number", int, float)

_KEPT = 1024  # unwatched threads that have ended


class ThreadUsage(NamedTuple):
    """What a thread has used while it was watched, or, if nobody watches it, since it began.

    ``cpu_s`` is seconds on a CPU by the thread's own clock; ``run_wait_s`` the seconds it could have run
    but waited for a CPU; ``active_s`` the seconds from the beginning to the end, or to now. A thread gives
    up the CPU by itself to wait for something (``voluntary_switches``) or has it taken away
    (``involuntary_switches``). What the system does not tell is None.
    """

    name: str
    native_id: int
    cpu_s: float
    run_wait_s: float | None
    operations: int = 0
    errors: int = 0
    alive: bool = True
    voluntary_switches: int | None = None
    involuntary_switches: int | None = None
    active_s: float | None = None


class ProcessFigures(NamedTuple):
    """What the whole process has used since it began; ``rss_bytes`` is the memory it holds now."""

    cpu_s: float
    rss_bytes: int
    peak_rss_bytes: int
    threads: int
    voluntary_switches: int
    involuntary_switches: int


class _Watched:
    def __init__(self) -> None:
        thread = _sync.current_thread()
        self.name = thread.name
        self.task = task_of(thread.native_id or 0)
        self.operations = 0
        self.errors = 0
        self._began = _sync.monotonic()
        self._before = figures_of(self.task.native_id) or Figures(0.0)
        # The last figures known. The thread itself sets the final ones, before it ends, in one step.
        self._last = self._usage(self._before)
        self._final: ThreadUsage | None = None

    def usage(self) -> ThreadUsage:
        """Return the usage so far. Any thread may ask."""
        if self._final is not None:
            return self._final
        now = figures_of(self.task.native_id)
        if now is None:  # it has ended in the meantime; without the final figures only if it was interrupted at that
            return self._final or self._last._replace(operations=self.operations, errors=self.errors, alive=False)
        self._last = usage = self._usage(now)
        return self._final or usage  # if it has ended, then another thread with its id was asked

    @property
    def is_alive(self) -> bool:
        """Whether the block still runs."""
        return self._final is None

    def end(self) -> None:
        """Keep the final figures. The watched thread calls it."""
        self._final = self._usage(figures_of(self.task.native_id) or Figures(0.0))._replace(alive=False)

    def _usage(self, now: Figures) -> ThreadUsage:
        before = self._before
        return ThreadUsage(
            name=self.name,
            native_id=self.task.native_id,
            cpu_s=now.cpu_s - before.cpu_s,
            run_wait_s=_difference(now.run_wait_s, before.run_wait_s),
            operations=self.operations,
            errors=self.errors,
            voluntary_switches=_difference(now.voluntary_switches, before.voluntary_switches),
            involuntary_switches=_difference(now.involuntary_switches, before.involuntary_switches),
            active_s=_sync.monotonic() - self._began,
        )


class ThreadMonitor:
    """Watches the threads that say so: each runs inside ``with monitor.watch():``.

    With ``snapshot(everything=True)`` it looks at all others too, whether Python started them or a C
    library did. A thread that nobody watches and that ends between two such snapshots is shown with the
    figures of the last one: what it did after that is not known, nor one that began and ended in between.
    """

    def __init__(self) -> None:
        self._watched: list[_Watched] = []  # only ever appended to
        self._own = _sync.local()
        self._mutex = _sync.Lock()
        self._others: dict[Task, ThreadUsage] = {}  # guarded by the mutex

    @contextlib.contextmanager
    def watch(self) -> Iterator["_Watched"]:
        """Watch the calling thread for as long as the block runs; each watch is a row of its own."""
        outer = getattr(self._own, "watched", None)
        watched = _Watched()
        try:
            self._watched.append(watched)
            self._own.watched = watched
            yield watched
        finally:
            self._own.watched = outer
            watched.end()

    def count(self, *, operations: int = 1, errors: int = 0) -> None:
        """Add to what the calling thread, if it is watched, has done."""
        watched = getattr(self._own, "watched", None)
        if watched is not None:
            watched.operations += operations
            watched.errors += errors

    def counted(self) -> dict[int, tuple[int, int]]:
        """Return the operations and errors counted so far under each native id; the system is not asked for anything.

        All watches of a thread are summed, so a thread's numbers never fall.
        """
        sums: dict[int, tuple[int, int]] = {}
        for watched in self._watched.copy():
            operations, errors = sums.get(watched.task.native_id, (0, 0))
            sums[watched.task.native_id] = operations + watched.operations, errors + watched.errors
        return sums

    def snapshot(self, *, everything: bool = False) -> list[ThreadUsage]:
        """Return the usage of every thread that is or was watched, by name; with ``everything``, of all threads.

        A thread that was watched is shown by its watches alone. Of the unwatched that have ended, the last
        1024 are kept.
        """
        # The others first: a thread that begins to be watched meanwhile is found as watched then.
        others = self._look_at_others() if everything else {}
        found = []
        for watched in self._watched.copy():
            found.append(watched.usage())
            others.pop(watched.task, None)  # it may have been seen before it said so
        found += others.values()
        return sorted(found, key=lambda usage: (usage.name, usage.native_id))

    @staticmethod
    def process() -> ProcessFigures:
        """Return what the whole process has used: all there is to say of memory."""
        usage = resource.getrusage(resource.RUSAGE_SELF)
        threads = len(tasks()) or threading.active_count()
        return ProcessFigures(process_cpu_s(), _rss_bytes(), peak_rss_bytes(), threads, usage.ru_nvcsw, usage.ru_nivcsw)

    def _look_at_others(self) -> dict[Task, ThreadUsage]:
        names = {thread.native_id: thread.name for thread in threading.enumerate() if thread.native_id}
        watched = {watched.task.native_id for watched in self._watched.copy() if watched.is_alive}
        others = {*tasks(), *names} - watched
        with self._mutex:
            now = {}
            for native_id in others:
                task, figures = task_of(native_id), figures_of(native_id)
                if figures is not None:
                    now[task] = _usage_of_other(names.get(native_id) or name_of(native_id), task, figures)
            ended = [(task, last._replace(alive=False)) for task, last in self._others.items() if task not in now]
            self._others = dict(ended[-_KEPT:]) | now
            return self._others.copy()


def _usage_of_other(name: str, task: Task, figures: Figures) -> ThreadUsage:
    return ThreadUsage(
        name,
        task.native_id,
        figures.cpu_s,
        figures.run_wait_s,
        voluntary_switches=figures.voluntary_switches,
        involuntary_switches=figures.involuntary_switches,
        active_s=task.age_s,
    )


def _difference(now: Number | None, before: Number | None) -> Number | None:
    return None if now is None or before is None else now - before


def _rss_bytes() -> int:
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        import psutil  # noqa: PLC0415 - not needed where there is /proc

        return int(psutil.Process().memory_info().rss)
