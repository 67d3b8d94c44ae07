"""Samples made by hand."""

from typing import Any

from concli.monitor import ProcessSample, Sample, ThreadSample


def thread(tid: int = 1, *, cpu: float = 0.0, state: str = "S", name: str = "worker", **values: Any) -> ThreadSample:
    return ThreadSample(1, tid, name, state, cpu, 0.0)._replace(**values)


def process(pid: int = 1, *, cpu: float = 0.0, rss: int = 0, threads: int = 1, **values: Any) -> ProcessSample:
    return ProcessSample(pid, 0, "program", cpu, 0.0, rss, threads)._replace(**values)


def sample(time_s: float, *rows: ProcessSample | ThreadSample, gone: tuple[int, ...] = ()) -> Sample:
    """Make a sample of these processes and threads; of an idle process if there is none."""
    processes = tuple(row for row in rows if isinstance(row, ProcessSample))
    threads = tuple(row for row in rows if isinstance(row, ThreadSample))
    processes = processes or (() if gone else (process(threads=len(threads)),))
    return Sample(time_s, f"2030-01-01T00:00:{time_s:06.3f}Z", processes, threads, gone)
