"""The machine and the interpreter, as far as they bear on a figure."""

import math
import os
import platform
import resource
import sys
import time
from typing import NamedTuple

__all__ = ["Host", "host", "peak_rss_bytes", "process_cpu_s", "usable_cpus"]


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


def usable_cpus() -> int:
    """Return the CPUs this process may use: its affinity, and its cgroup's quota rounded up."""
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        with open("/sys/fs/cgroup/cpu.max", encoding="ascii") as file:
            quota, period = file.read().split()
        cpus = min(cpus, math.ceil(int(quota) / int(period)))
    except (OSError, ValueError):
        pass  # no cgroup, or no quota ("max")
    return max(1, cpus)


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
