"""A run: what a job registers its stages on, and what the live table and the report are read from."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Protocol

from concli import __version__
from concli.metrics.bottleneck import find_bottleneck
from concli.metrics.host import host, peak_rss_bytes, process_cpu_s
from concli.metrics.recorder import Recorder
from concli.metrics.report import Check, ProcessUsage, QueueUsage, Report, StageUsage, Verdict
from concli.metrics.thread_monitor import ThreadMonitor
from concli.metrics.trace import Trace
from concli.patterns import BufferStatistics

__all__ = ["Run", "Stage"]


class _Buffer(Protocol):
    def statistics(self) -> BufferStatistics: ...


class Stage(Recorder):
    """One step of a job with its workers, between the buffer it takes from and the one it puts into.

    What its workers wait is read from these buffers; what they do they record.
    """

    def __init__(
        self,
        name: str,
        *,
        workers: int,
        source: _Buffer | None,
        sink: _Buffer | None,
        unit: str,
        threads: ThreadMonitor,
        trace: Trace | None,
    ) -> None:
        super().__init__()
        self.name = name
        self.workers = workers
        #: Seconds spent waiting for what comes from outside, where no buffer knows them.
        self.starved_s: Callable[[], float] = lambda: 0.0
        self._source = source
        self._sink = sink
        self._unit = unit
        self._threads = threads
        self._trace = trace

    def record(self, seconds: float, **counts: int) -> None:
        """Count one operation of the calling thread that took ``seconds`` of work; see ``Recorder``."""
        super().record(seconds, **counts)
        self._threads.count(errors=counts.get("errors", 0))
        if self._trace is not None:
            self._trace.span(self.name, seconds)
            if self._source is not None:
                self._trace.count(f"before {self.name}", {self._unit: self._source.statistics().size})

    def usage(self) -> StageUsage:
        """Return a snapshot."""
        totals = self.totals()
        queue, starved_s = None, self.starved_s()
        if self._source is not None:
            source = self._source.statistics()
            queue = QueueUsage(source.capacity, source.peak, source.mean, source.size, self._unit)
            starved_s += source.get_wait_s
        p50, p99 = totals.durations.quantile(0.5), totals.durations.quantile(0.99)
        return StageUsage(
            name=self.name,
            workers=self.workers,
            items_in=totals.items_in,
            items_out=totals.items_out,
            bytes_in=totals.bytes_in,
            bytes_out=totals.bytes_out,
            errors=totals.errors,
            busy_s=totals.busy_s,
            starved_s=starved_s,
            blocked_s=self._sink.statistics().put_wait_s if self._sink is not None else 0.0,
            p50_ms=None if p50 is None else p50 * 1e3,
            p99_ms=None if p99 is None else p99 * 1e3,
            queue=queue,
        )


class Run:
    """One execution of one command. ``snapshot`` may be called at any time, from any thread."""

    def __init__(self, command: str, config: Mapping[str, object], trace: Trace | None = None) -> None:
        self.threads = ThreadMonitor()
        #: The job's own counts; they must add up.
        self.totals: Callable[[], Mapping[str, int]] = dict
        #: What this command alone reports.
        self.result: Callable[[], Mapping[str, object]] = dict
        #: What is known of who did the work, if that is more than the threads here; see ``concli.engines``.
        self.engine: Callable[[], Mapping[str, object] | None] = lambda: None
        #: The bytes of input there are, where that is known.
        self.bytes_expected: int | None = None
        #: Says what limits the run, where a job knows better than its stages' figures tell.
        self.verdict: Callable[[], Verdict | None] | None = None
        #: Where its threads record what they did when, if that was asked for.
        self.trace = trace
        self._command = command
        self._config = config
        self._stages: list[Callable[[], StageUsage]] = []
        self._checks: list[Check] = []
        self._started = datetime.now(UTC)
        self._began = time.perf_counter()
        self._cpu_before_s = process_cpu_s()
        self._elapsed_s: float | None = None

    def stage(
        self,
        name: str,
        *,
        workers: int = 1,
        source: _Buffer | None = None,
        sink: _Buffer | None = None,
        unit: str = "items",
    ) -> Stage:
        """Register a stage; those of a chain in the order in which the work passes them."""
        stage = Stage(
            name, workers=workers, source=source, sink=sink, unit=unit, threads=self.threads, trace=self.trace
        )
        self._stages.append(stage.usage)
        return stage

    def register(self, usage: Callable[[], StageUsage]) -> None:
        """Add a stage that is measured elsewhere."""
        self._stages.append(usage)

    def check(self, name: str, passed: bool, detail: str) -> None:
        """Add the outcome of an invariant of this run."""
        self._checks.append(Check(name, passed, detail))

    def end(self) -> None:
        """Stop the clock."""
        self._elapsed_s = time.perf_counter() - self._began

    def snapshot(self) -> Report:
        """Return the report as it stands now."""
        elapsed_s = self._elapsed_s
        if elapsed_s is None:
            elapsed_s = time.perf_counter() - self._began
        stages = tuple(usage() for usage in self._stages)
        process = ProcessUsage(process_cpu_s(), peak_rss_bytes())
        where, cpu_s = host(), process.cpu_s - self._cpu_before_s
        return Report(
            command=self._command,
            version=__version__,
            started=self._started.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            elapsed_s=elapsed_s,
            host=where,
            config=self._config,
            totals=dict(self.totals()),
            stages=stages,
            threads=tuple(self.threads.snapshot()),
            process=process,
            bottleneck=self.verdict() if self.verdict else find_bottleneck(stages, elapsed_s, cpu_s, where.cpus),
            checks=tuple(self._checks),
            result=dict(self.result()),
            engine=self.engine(),
        )
