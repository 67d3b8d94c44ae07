"""What has changed between two samples, a second; and the last of it, for sparklines."""

from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

from concli.monitor.sample import ProcessSample, Sample, ThreadSample

__all__ = ["History", "ProcessRate", "Rates", "ThreadRate", "rates_between", "total"]


class ThreadRate(NamedTuple):
    """What a thread did in an interval. Shares are of one CPU: 1.0 is a thread that never stopped.

    ``run_wait`` is the share of the time in which it could have run but had no CPU; ``cpu_s`` the seconds since it
    began. What the system does not tell is None.
    """

    pid: int
    tid: int
    name: str
    state: str
    user: float
    system: float
    run_wait: float | None
    voluntary_per_s: float | None
    involuntary_per_s: float | None
    wchan: str | None
    operations_per_s: float | None
    errors_per_s: float | None
    cpu_s: float

    @property
    def cpu(self) -> float:
        """Its share of one CPU."""
        return self.user + self.system

    @property
    def switches_per_s(self) -> float | None:
        """Its switches of both kinds a second."""
        if self.voluntary_per_s is None or self.involuntary_per_s is None:
            return None
        return self.voluntary_per_s + self.involuntary_per_s


class ProcessRate(NamedTuple):
    """What a process did in an interval; its CPU is that of all its threads, in shares of one CPU: 2.0 are two."""

    pid: int
    name: str
    user: float
    system: float
    rss_bytes: int
    rss_growth_per_s: float
    threads: int
    open_files: int | None
    read_per_s: float | None
    written_per_s: float | None

    @property
    def cpu(self) -> float:
        """The CPUs it kept busy."""
        return self.user + self.system


class Rates(NamedTuple):
    """What all did in an interval of ``interval_s``; 0 at the first sample, when all rates are 0 or None."""

    interval_s: float
    processes: tuple[ProcessRate, ...]
    threads: tuple[ThreadRate, ...]


def rates_between(before: Sample | None, after: Sample) -> Rates:
    """Return what changed from one sample to the next.

    Who was not there before began in between: all it has used belongs to the interval. So it does with one whose
    figures went back: it is another one with the same id.
    """
    interval_s = max(0.0, after.time_s - before.time_s) if before else 0.0
    if before is None or not interval_s:
        before = after
    processes = {process.pid: process for process in before.processes}
    threads = {(thread.pid, thread.tid): thread for thread in before.threads}
    return Rates(
        interval_s,
        tuple(_of_process(processes.get(each.pid), each, interval_s or 1.0) for each in after.processes),
        tuple(_of_thread(threads.get((each.pid, each.tid)), each, interval_s or 1.0) for each in after.threads),
    )


class History:
    """The CPU shares of the last intervals, of each thread that is there and of all together. Bounded."""

    def __init__(self, length: int = 60) -> None:
        self._length = length
        self._threads: dict[tuple[int, int], deque[float]] = {}
        self._all: deque[float] = deque(maxlen=length)

    def add(self, rates: Rates) -> None:
        """Take in an interval, and forget threads that are gone."""
        if not rates.interval_s:
            return
        self._all.append(sum(process.cpu for process in rates.processes))
        known, self._threads = self._threads, {}
        for thread in rates.threads:
            key = (thread.pid, thread.tid)
            shares = self._threads[key] = known.get(key) or deque(maxlen=self._length)
            shares.append(thread.cpu)

    def of(self, pid: int, tid: int) -> tuple[float, ...]:
        """Return a thread's shares of one CPU, the latest last."""
        return tuple(self._threads.get((pid, tid), ()))

    def total(self) -> tuple[float, ...]:
        """Return the CPUs that all kept busy together, the latest last."""
        return tuple(self._all)


def _of_thread(before: ThreadSample | None, now: ThreadSample, seconds: float) -> ThreadRate:
    if before is not None and before.user_s + before.system_s > now.user_s + now.system_s:
        before = None
    user, system = _shares(before, now, seconds)

    def rate(field: str) -> float | None:
        return _per_s(getattr(before, field) if before else 0, getattr(now, field), seconds)

    return ThreadRate(
        pid=now.pid,
        tid=now.tid,
        name=now.name,
        state=now.state,
        user=user,
        system=system,
        run_wait=rate("run_wait_s"),
        voluntary_per_s=rate("voluntary"),
        involuntary_per_s=rate("involuntary"),
        wchan=now.wchan,
        operations_per_s=rate("operations"),
        errors_per_s=rate("errors"),
        cpu_s=now.user_s + now.system_s,
    )


def _of_process(before: ProcessSample | None, now: ProcessSample, seconds: float) -> ProcessRate:
    if before is not None and before.started != now.started:
        before = None
    user, system = _shares(before, now, seconds)
    return ProcessRate(
        pid=now.pid,
        name=now.name,
        user=user,
        system=system,
        rss_bytes=now.rss_bytes,
        rss_growth_per_s=(now.rss_bytes - (before.rss_bytes if before else 0)) / seconds,
        threads=now.threads,
        open_files=now.open_files,
        read_per_s=_per_s(before.read_bytes if before else 0, now.read_bytes, seconds),
        written_per_s=_per_s(before.written_bytes if before else 0, now.written_bytes, seconds),
    )


def _shares(
    before: ThreadSample | ProcessSample | None, now: ThreadSample | ProcessSample, seconds: float
) -> tuple[float, float]:
    """Return the shares of user and system; their sum is exact, their division to a tick."""
    used = now.user_s + now.system_s - (before.user_s + before.system_s if before else 0.0)
    user = now.user_s - (before.user_s if before else 0.0)
    used = max(0.0, used)
    user = min(max(0.0, user), used)
    return user / seconds, (used - user) / seconds


def _per_s(before: float | None, now: float | None, seconds: float) -> float | None:
    """Return a rate; None for what is not told, or was not told at the sample before."""
    return None if now is None or before is None else max(0.0, now - before) / seconds


def total(values: Iterable[float | None]) -> float | None:
    """Return the sum of what is told; None if nothing is."""
    told = [value for value in values if value is not None]
    return sum(told) if told else None
