"""What the system knows of one thread of this process.

Linux has a clock for each thread, of which the thread's native id is a part; to read that of a thread
that has ended fails, while to ask ``pthread_getcpuclockid(3)`` for it is undefined. The rest is in
``/proc/self/task``. Where there is neither, psutil is asked, and what it can't tell either is None.

Source: ``MAKE_THREAD_CPUCLOCK`` in Linux's ``posix-timers_types.h``; proc(5); ``sched-stats`` in the
kernel's documentation.
"""

import os
import sys
import time
from typing import NamedTuple

__all__ = ["Figures", "Task", "figures_of", "name_of", "task_of", "tasks"]

_TASKS = "/proc/self/task"
_HAS_CLOCKS = sys.platform == "linux"
_CLOCK_OF_THREAD = 6  # CPUCLOCK_PERTHREAD_MASK | CPUCLOCK_SCHED


class Figures(NamedTuple):
    """What a thread has used since it began, in seconds and numbers."""

    cpu_s: float
    run_wait_s: float | None = None
    voluntary_switches: int | None = None
    involuntary_switches: int | None = None


class Task(NamedTuple):
    """A thread in the system's eyes. An id may be used again; with the time it began, it is one thread's alone."""

    native_id: int
    began: int  # clock ticks after the machine was started; 0 where the system doesn't tell

    @property
    def age_s(self) -> float | None:
        """The seconds this thread has been there, to a hundredth; None where the system doesn't tell."""
        if not self.began:
            return None
        return max(0.0, time.clock_gettime(time.CLOCK_BOOTTIME) - self.began / os.sysconf("SC_CLK_TCK"))


def figures_of(native_id: int) -> Figures | None:
    """Return what this thread has used; None if there is none (any more)."""
    cpu_s = _cpu_s(native_id)
    if cpu_s is None:
        return None
    try:
        run_wait_s = int(_read(native_id, "schedstat").split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        run_wait_s = None
    return Figures(cpu_s, run_wait_s, *_switches(native_id))


def task_of(native_id: int) -> Task:
    """Return the task with this id."""
    try:
        # The second field is the name, in brackets, and may hold anything. What began is the 22nd.
        return Task(native_id, int(_read(native_id, "stat").rpartition(b")")[2].split()[19]))
    except (OSError, IndexError, ValueError):
        return Task(native_id, 0)


def tasks() -> list[int]:
    """Return the ids of all threads of this process, those of C libraries included; empty where there is no /proc."""
    try:
        return [int(task) for task in os.listdir(_TASKS)]
    except OSError:
        return []


def name_of(native_id: int) -> str:
    """Return the name that the system has for a thread."""
    try:
        return _read(native_id, "comm").decode(errors="replace").rstrip("\n")
    except OSError:
        return ""  # it has ended


def _cpu_s(native_id: int) -> float | None:
    if _HAS_CLOCKS:
        try:
            return time.clock_gettime(~native_id << 3 | _CLOCK_OF_THREAD)
        except OSError:
            return None
    import psutil  # noqa: PLC0415 - not needed where a thread's clock can be read

    found = [thread for thread in psutil.Process().threads() if thread.id == native_id]
    return found[0].user_time + found[0].system_time if found else None


def _switches(native_id: int) -> tuple[int | None, int | None]:
    try:
        # These are the last two lines.
        rest, _, involuntary = _read(native_id, "status").rpartition(b"\nnonvoluntary_ctxt_switches:")
        return int(rest.rpartition(b"\nvoluntary_ctxt_switches:")[2]), int(involuntary)
    except (OSError, ValueError):
        return None, None


def _read(native_id: int, name: str) -> bytes:
    # Not `open`: on the free-threaded build that takes four times as long.
    file = os.open(f"{_TASKS}/{native_id}/{name}", os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(file, 8192)  # the kernel gives such a file whole
    finally:
        os.close(file)
