"""The machine and the interpreter, as far as they bear on a figure."""

import math
import os
import platform
import resource
import sys
import time
from typing import NamedTuple

__all__ = [
    "Host",
    "Limit",
    "affinity_cpus",
    "cpu_quota",
    "host",
    "memory_limit",
    "peak_rss_bytes",
    "process_cpu_s",
    "usable_cpus",
    "usable_memory",
]

_NO_LIMIT = 1 << 60  # version 1 of the control groups says so with a number this large


class Host(NamedTuple):
    """What a report says of where it was made."""

    python: str
    gil: bool
    cpus: int
    platform: str


def host() -> Host:
    """Describe this machine and interpreter."""
    gil = getattr(sys, "_is_gil_enabled", lambda: True)()
    return Host(platform.python_version(), gil, usable_cpus(), f"{platform.system()}-{platform.machine()}".lower())


class Limit(NamedTuple):
    """A limit that a control group sets: CPUs or bytes, and the file that says so."""

    amount: float
    source: str


def affinity_cpus() -> int:
    """Return the CPUs this process may be scheduled on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def cpu_quota() -> Limit | None:
    """Return how many CPUs the control groups around this process let it keep busy, by the tightest of them."""
    return _tightest("cpu", "cpu.max", "cpu.cfs_quota_us", "cpu.cfs_period_us")


def memory_limit() -> Limit | None:
    """Return how many bytes the control groups around this process let it have, by the tightest of them."""
    return _tightest("memory", "memory.max", "memory.limit_in_bytes")


def usable_cpus() -> int:
    """Return the CPUs this process may use: its affinity, and its cgroup's quota rounded up."""
    cpus, quota = affinity_cpus(), cpu_quota()
    return max(1, cpus if quota is None else min(cpus, math.ceil(quota.amount)))


def usable_memory() -> int:
    """Return the bytes of memory that this process may have at most: the machine's, or what its control groups say."""
    machine, limit = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), memory_limit()
    return machine if limit is None else min(machine, int(limit.amount))


def _tightest(controller: str, *names: str) -> Limit | None:
    """Return the least limit of the process's groups and those around them; ``names`` as ``_limit`` takes them."""
    own = {"": "", controller: ""}
    for line in _read("/proc/self/cgroup").splitlines():
        controllers, _, path = line.partition(":")[2].partition(":")
        own |= dict.fromkeys(controllers.split(","), path)  # "0::/path" is the one of version 2
    limits = []
    for top, path in (("/sys/fs/cgroup", own[""]), (f"/sys/fs/cgroup/{controller}", own[controller])):
        folder = top + path.rstrip("/")
        while folder.startswith(top):
            limits.append(_limit(folder, *names))
            folder = folder.rpartition("/")[0]
    return min((limit for limit in limits if limit), default=None)


def _limit(folder: str, new: str, old: str, old_unit: str = "") -> Limit | None:
    """Return the limit of one group: "amount [per]" in the file ``new``, or in ``old`` and ``old_unit`` (version 1)."""
    for name, text in (
        (new, _read(f"{folder}/{new}")),
        (old, f"{_read(f'{folder}/{old}')} {old_unit and _read(f'{folder}/{old_unit}')}"),
    ):
        try:
            amount, per = ([int(word) for word in text.split()] + [1])[:2]
        except ValueError:
            continue  # no such file, or no limit ("max")
        if 0 <= amount < _NO_LIMIT and per > 0:
            return Limit(amount / per if per > 1 else amount, f"{folder}/{name}")
    return None


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def peak_rss_bytes() -> int:
    """Return the largest resident set this process has had."""
    try:
        # On Linux getrusage may tell the peak of the program that started this one: it outlives the exec.
        with open("/proc/self/status", "rb") as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith(b"VmHWM:"))
    except (OSError, StopIteration):
        pass
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def process_cpu_s() -> float:
    """Return the CPU seconds, user and system, that this process has used."""
    return time.process_time()
