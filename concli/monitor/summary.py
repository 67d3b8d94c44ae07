"""What a program did over all the time it was watched, in constant memory.

How parallel it was is told in two ways. CPU seconds per second is exact, but for processes and what they did after
they were last seen. The share of the time with 0, 1, 2 … threads running is estimated: at each sample the threads in
state R are counted, no more of them than there are CPUs, for who waits for a CPU is in that state too. Shares of CPU
time could not tell it: two threads that take turns at the GIL use half a CPU each and never run together. Each of the
n samples is one look, so a share is off by up to 1/sqrt(n), ten points of a hundred with a hundred samples (at 95%);
``error`` says so. A program that does the same every interval, in step with the samples, is seen at one moment only.
"""

import math
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple, TypeVar

from concli.monitor.sample import ProcessSample, Sample, ThreadSample

__all__ = ["Parallelism", "Summary", "ThreadTotal"]

Number = TypeVar("Number", int, float)

_KEPT = 256  # of the threads that have ended: those that used most


class ThreadTotal(NamedTuple):
    """What a thread did while it was watched. One that ended is shown as it was last seen."""

    pid: int
    tid: int
    name: str
    user_s: float
    system_s: float
    run_wait_s: float | None
    voluntary: int | None
    involuntary: int | None
    operations: int | None
    errors: int | None
    alive: bool

    @property
    def cpu_s(self) -> float:
        """Its seconds on a CPU."""
        return self.user_s + self.system_s


class Parallelism(NamedTuple):
    """How parallel a run was: ``shares[k]`` of the time with k threads running, off by up to ``error``.

    Where the system tells no states of threads, there are no shares.
    """

    cpu_per_s: float
    shares: Mapping[int, float]
    error: float | None


class Summary:
    """Takes in sample by sample. Shares of time with so many threads running go up to ``cpus``."""

    def __init__(self, cpus: int) -> None:
        self.samples = 0
        self.elapsed_s = 0.0
        #: Memory of all processes together at the first sample, the last and the one with the most. What processes
        #: share is counted in each.
        self.first_rss_bytes = self.last_rss_bytes = self.peak_rss_bytes = 0
        self.most_threads = self.most_processes = 0
        self.threads_seen = self.processes_seen = 0
        self._cpus = cpus
        self._running: Counter[int] = Counter()
        self._ended_cpu_s = (0.0, 0.0)
        self._firsts: dict[int, ProcessSample] = {}
        self._lasts: dict[int, ProcessSample] = {}
        self._alive: dict[tuple[int, int], tuple[ThreadSample, ThreadSample]] = {}  # its figures at first and at last
        self._ended: list[ThreadTotal] = []

    def add(self, sample: Sample) -> None:
        """Take in a sample; one without processes only says that they have ended."""
        self.elapsed_s = sample.time_s
        is_first, self.samples = not self.samples, self.samples + 1
        self._add_threads(sample.threads, is_first=is_first)
        if not sample.processes:
            return
        self._add_processes(sample.processes, is_first=is_first)
        states = [thread.state for thread in sample.threads]
        if states and "?" not in states:  # there are none any more when it has ended
            self._running[min(self._cpus, states.count("R"))] += 1

    @property
    def cpu_s(self) -> tuple[float, float]:
        """User and system seconds of all processes while they were watched."""
        used = [_used(self._firsts[pid], last) for pid, last in self._lasts.items()] + [self._ended_cpu_s]
        return sum(user for user, _ in used), sum(system for _, system in used)

    @property
    def parallelism(self) -> Parallelism:
        """How parallel it was."""
        looks = self._running.total()
        shares = {count: self._running[count] / looks for count in range(max(self._running, default=-1) + 1)}
        return Parallelism(
            sum(self.cpu_s) / self.elapsed_s if self.elapsed_s else 0.0, shares, 1 / math.sqrt(looks) if looks else None
        )

    def busiest(self, most: int = 10) -> list[ThreadTotal]:
        """Return the threads that used the most CPU, ended ones too."""
        alive = [_total(first, last, alive=True) for first, last in self._alive.values()]
        return sorted([*alive, *self._ended], key=lambda thread: (-thread.cpu_s, thread.pid, thread.tid))[:most]

    def result(self, most: int = 10) -> dict[str, object]:
        """Return it all for the run report."""
        user_s, system_s = self.cpu_s
        parallelism = self.parallelism
        return {
            "wall_s": self.elapsed_s,
            "samples": self.samples,
            "cpu_s": user_s + system_s,
            "user_s": user_s,
            "system_s": system_s,
            "peak_rss_bytes": self.peak_rss_bytes,
            "rss_growth_bytes": self.last_rss_bytes - self.first_rss_bytes,
            "processes": {"seen": self.processes_seen, "most": self.most_processes},
            "threads": {"seen": self.threads_seen, "most": self.most_threads},
            "busiest": [thread._asdict() | {"cpu_s": thread.cpu_s} for thread in self.busiest(most)],
            "parallelism": {
                "cpu_per_s": parallelism.cpu_per_s,
                "running_share": {str(count): share for count, share in parallelism.shares.items()},
                "running_share_error": parallelism.error,
            },
        }

    def _add_processes(self, processes: tuple[ProcessSample, ...], *, is_first: bool) -> None:
        lasts, self._lasts = self._lasts, {}
        for now in processes:
            last = lasts.get(now.pid)
            if last is None or last.started != now.started:
                self.processes_seen += 1
                first = now if is_first else _nothing_of(now)
                if last is not None:
                    self._end(last)
                self._firsts[now.pid] = first
            lasts.pop(now.pid, None)
            self._lasts[now.pid] = now
            if (now.peak_rss_bytes or 0) > (self._firsts[now.pid].peak_rss_bytes or 0):  # it came while we watched
                self.peak_rss_bytes = max(self.peak_rss_bytes, now.peak_rss_bytes or 0)
        for pid, last in lasts.items():
            self._end(last)
            del self._firsts[pid]
        self.most_processes = max(self.most_processes, len(processes))
        self.most_threads = max(self.most_threads, sum(each.threads for each in processes))
        self.last_rss_bytes = sum(each.rss_bytes for each in processes)
        self.peak_rss_bytes = max(self.peak_rss_bytes, self.last_rss_bytes)
        if is_first:
            self.first_rss_bytes = self.last_rss_bytes

    def _end(self, last: ProcessSample) -> None:
        user, system = _used(self._firsts[last.pid], last)
        self._ended_cpu_s = self._ended_cpu_s[0] + user, self._ended_cpu_s[1] + system

    def _add_threads(self, threads: tuple[ThreadSample, ...], *, is_first: bool) -> None:
        alive, self._alive = self._alive, {}
        for now in threads:
            key = (now.pid, now.tid)
            known = alive.pop(key, None)
            if known and known[1].user_s + known[1].system_s > now.user_s + now.system_s:
                alive[key], known = known, None  # another thread with the same id
            if known is None:
                self.threads_seen += 1
                known = (now if is_first else _nothing_before(now), now)
            self._alive[key] = (known[0], now)
        if alive:
            self._ended += [_total(first, last, alive=False) for first, last in alive.values()]
            self._ended = sorted(self._ended, key=lambda thread: -thread.cpu_s)[:_KEPT]


def _nothing_of(process: ProcessSample) -> ProcessSample:
    """Return a process as it was before it did anything: it began while others were watched."""
    return process._replace(user_s=0.0, system_s=0.0, peak_rss_bytes=0)


def _nothing_before(thread: ThreadSample) -> ThreadSample:
    return ThreadSample(thread.pid, thread.tid, thread.name, thread.state, 0.0, 0.0, 0.0, 0, 0, None, 0, 0)


def _used(first: ProcessSample, last: ProcessSample) -> tuple[float, float]:
    return max(0.0, last.user_s - first.user_s), max(0.0, last.system_s - first.system_s)


def _total(first: ThreadSample, last: ThreadSample, *, alive: bool) -> ThreadTotal:
    return ThreadTotal(
        last.pid,
        last.tid,
        last.name,
        max(0.0, last.user_s - first.user_s),
        max(0.0, last.system_s - first.system_s),
        _difference(first.run_wait_s, last.run_wait_s),
        _difference(first.voluntary, last.voluntary),
        _difference(first.involuntary, last.involuntary),
        _difference(first.operations, last.operations),
        _difference(first.errors, last.errors),
        alive,
    )


def _difference(first: Number | None, last: Number | None) -> Number | None:
    return None if last is None else last - (first or 0)
