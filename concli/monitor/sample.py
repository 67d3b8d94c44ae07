"""What is known of some processes and their threads at one moment."""

from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

__all__ = ["Counted", "Counts", "ProcessSample", "Sample", "ThreadSample"]


class ThreadSample(NamedTuple):
    """A thread. Seconds and numbers are those since it began; what the system does not tell is None.

    ``state`` is a letter as in proc(5): R runs or could run, S sleeps, D waits for a device, T is stopped, Z is dead
    and not yet waited for; ? where the system does not tell. ``run_wait_s`` are the seconds in which it could have run
    but had no CPU; ``voluntary`` and ``involuntary`` its switches; ``wchan`` the place in the kernel it waits in,
    asked for on request. ``operations`` and ``errors`` are told by programs that publish them.
    """

    pid: int
    tid: int
    name: str
    state: str
    user_s: float
    system_s: float
    run_wait_s: float | None = None
    voluntary: int | None = None
    involuntary: int | None = None
    wchan: str | None = None
    operations: int | None = None
    errors: int | None = None


class ProcessSample(NamedTuple):
    """A process, its seconds and bytes those of all its threads, ended ones too; None is what is not told.

    ``read_bytes`` and ``written_bytes`` are what went through to storage. ``started`` is the time it began, in units
    of the system: with it a process is told from a later one that has the same ``pid``. ``peak_rss_bytes`` is the most
    memory it has held since then, by the system's own account.
    """

    pid: int
    ppid: int
    name: str
    user_s: float
    system_s: float
    rss_bytes: int
    threads: int
    open_files: int | None = None
    read_bytes: int | None = None
    written_bytes: int | None = None
    started: float = 0.0
    peak_rss_bytes: int | None = None


class Sample(NamedTuple):
    """All of them at one moment, ``time_s`` after the first sample by a clock that is never set.

    ``wall`` is the time of day (ISO 8601, UTC). ``gone`` are the processes of the sample before that have ended;
    ``problem`` says in a line what could not be seen.
    """

    time_s: float
    wall: str
    processes: tuple[ProcessSample, ...]
    threads: tuple[ThreadSample, ...]
    gone: tuple[int, ...] = ()
    problem: str | None = None


class Counted(NamedTuple):
    """What a program tells of a thread of its own: its name there, and what it has counted; None if it does not."""

    name: str | None = None
    operations: int | None = None
    errors: int | None = None


#: Asked at each sample for the threads of these processes, by process and thread id; must not raise.
Counts = Callable[[Collection[int]], Mapping[tuple[int, int], Counted]]
