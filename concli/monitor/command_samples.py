"""Samples of a command that we start, from its beginning to its end."""

import contextlib
import os
import time
from collections.abc import Callable, Generator, Sequence
from datetime import UTC, datetime

from concli.errors import InputError
from concli.monitor.job import live
from concli.monitor.launch import Command, Ending, launched
from concli.monitor.published import PublishedCounts
from concli.monitor.sample import ProcessSample, Sample
from concli.monitor.sampler import Sampler
from concli.patterns import _sync

__all__ = ["samples_of"]

_CLOCK_OF_PROCESS = 2  # CPUCLOCK_SCHED of the kernel's posix-timers_types.h


def samples_of(
    words: Sequence[str], on_end: Callable[[Ending], object], *, interval_s: float, duration_s: float | None = None
) -> Generator[Sample]:
    """Start a command when the first sample is asked for, and yield samples until it ends; then tell ``on_end``.

    One that goes on after ``duration_s``, or when nobody wants more samples, is waited for. Of one that ends before it
    can be looked at, two samples tell what the system says afterwards. Raises ``StartError``, and ``InputError`` if it
    may not be looked at.
    """
    Sampler(os.getpid(), children=False).close()  # so that all is loaded, and a short command is seen
    was_seen = False
    began, wall = _sync.monotonic(), _now()
    with launched(words, os.environ | {"CONCLI_PUBLISH": "1"}) as command:
        for sample in _samples_of(command, interval_s, duration_s):
            was_seen = True
            yield sample
    if command.ending is not None:
        if not was_seen:
            nothing = ProcessSample(command.pid, os.getpid(), os.path.basename(words[0]), 0.0, 0.0, 0, 1)
            yield Sample(0.0, wall, (nothing,), ())
            yield _unseen(nothing, command.ending, _sync.monotonic() - began)
        on_end(command.ending)


def _samples_of(command: Command, interval_s: float, duration_s: float | None) -> Generator[Sample]:
    stop = _sync.Event()
    command.ended.add_done_callback(lambda _: stop.set())
    try:
        sampler = Sampler(command.pid, counts=PublishedCounts())
    except InputError:
        if command.has_ended():
            return
        raise
    before: ProcessSample | None = None
    for sample in live(sampler, interval_s=interval_s, duration_s=duration_s, stop=stop):
        now = next((each for each in sample.processes if each.pid == command.pid), None)
        if now is not None:
            before = now
            yield sample
        elif before is not None and command.has_ended():
            yield _with_end_of(before, sample)
        elif sample.processes:
            yield sample


def _unseen(process: ProcessSample, ending: Ending, seconds: float) -> Sample:
    """Return the sample at the end of a process that was not looked at before."""
    process = process._replace(user_s=ending.user_s, system_s=ending.system_s, rss_bytes=ending.peak_rss_bytes)
    problem = "it ended before it could be looked at; memory is what it had at most, threads what it had at least"
    return Sample(seconds, _now(), (process,), (), problem=problem)


def _with_end_of(process: ProcessSample, sample: Sample) -> Sample:
    """Return a sample with a process that has ended once more: its CPU to the end, the rest as it was last seen."""
    with contextlib.suppress(OSError):  # not Linux, which has a clock of each process until it is waited for
        more_s = time.clock_gettime(~process.pid << 3 | _CLOCK_OF_PROCESS) - process.user_s - process.system_s
        process = process._replace(user_s=process.user_s + max(0.0, more_s))
    gone = tuple(pid for pid in sample.gone if pid != process.pid)
    return sample._replace(processes=(process, *sample.processes), gone=gone)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
