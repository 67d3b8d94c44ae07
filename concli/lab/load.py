"""One turn of a workload: threads by role, released at once by a gate, ended on time."""

import contextlib
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager

from concli.errors import UsageError
from concli.lab._depths import Depths
from concli.lab.experiment import Subject, Workload
from concli.lab.worker import Worker
from concli.metrics import ThreadMonitor, Trace
from concli.metrics.histogram import Histogram
from concli.patterns import ThreadGroup, _sync

__all__ = ["Load"]

_GRACE_S = 0.5  # to let go what is told to end, before it is left behind


class Load:
    """Puts one subject under one workload. Whoever looks on may read it while it runs."""

    def __init__(
        self, subject: Subject, workload: Workload, monitor: ThreadMonitor | None = None, trace: Trace | None = None
    ) -> None:
        self.subject = subject
        self.workload = workload
        self.depths = Depths()
        #: What an operation raised that it should not have.
        self.failures: tuple[BaseException, ...] = ()
        #: Threads that were stuck at the end and left behind.
        self.abandoned: tuple[str, ...] = ()
        #: Whether it ended before all was done: at the end of its time, or because it was told to.
        self.cut_short = False
        self._monitor = ThreadMonitor() if monitor is None else monitor
        self._trace = trace
        self._gate = _sync.Event()
        self._opened: float | None = None
        self._closed: float | None = None
        self._group = ThreadGroup(around=self._around, grace=_GRACE_S)
        self.workers = list(self._make_workers())
        self._by_name = {worker.name: worker for worker in self.workers}
        self._mutex = _sync.Lock()
        self._driving = sum(worker.role.drives for worker in self.workers)  # guarded by the mutex
        self._is_ending = False  # set before the subject is told; who is told can rely on it

    @property
    def group(self) -> ThreadGroup:
        """The threads of this turn; a pattern that starts its own starts them here."""
        return self._group

    @property
    def elapsed_s(self) -> float:
        """The seconds from the opening of the gate to the end, or to now."""
        if self._opened is None:
            return 0.0
        return self.now - self._opened

    @property
    def now(self) -> float:
        """The end, or the present if that has not come, on the clock of ``time.perf_counter``."""
        return self._closed or time.perf_counter()

    @property
    def has_ended(self) -> bool:
        """Whether all of it is over."""
        return self._closed is not None

    @contextlib.contextmanager
    def at_work(self, worker: Worker | None) -> Iterator[None]:
        """Watch the calling thread, for its whole life, as that of ``worker``.

        A thread of ``group`` that has a worker's name is watched so already; for threads of a pattern that
        are not the group's.
        """
        with self._monitor.watch():
            try:
                yield
            finally:
                if worker is not None:
                    self._at_end_of(worker)

    def of(self, role: str) -> list[Worker]:
        """Return the workers of a role."""
        return [worker for worker in self.workers if worker.role.name == role]

    def durations(self, role: str) -> Histogram:
        """Return the latencies of a role's operations."""
        durations = Histogram()
        for worker in self.of(role):
            durations.merge(worker.durations())
        return durations

    def operations(self, role: str) -> int:
        """Return how many operations of a role have ended."""
        return sum(worker.operations for worker in self.of(role))

    def items(self, role: str) -> int:
        """Return how many items a role has dealt with."""
        return sum(worker.items for worker in self.of(role))

    def done(self) -> int:
        """Return the items that make up the throughput."""
        return sum(self.items(role.name) for role in self.subject.roles if role.counts)

    def spawn(self, worker: Worker) -> None:
        """Run a worker's body in a thread of its own."""
        self._group.spawn(self._run_body, worker, name=worker.name)

    def run(self) -> None:
        """Start, wait and end. Raises ``UsageError`` if the threads can't be started.

        An interrupt ends it and is raised; what was measured until then is there.
        """
        self._group.on_stop(self._stop)
        try:
            with self._abandoning():
                self._start()
                self._open()
                self._watch_over()
        finally:
            self._gate.set()
            self._close()

    def _make_workers(self) -> Iterator[Worker]:
        work, roles = self.workload, self.subject.roles
        driving = sum(role.threads for role in roles if role.drives)
        place = 0
        for role in roles:
            for index in range(role.threads):
                quota, interval_s, offset_s = None, 0.0, 0.0
                if role.drives:
                    if work.ops is not None:
                        quota = work.ops // driving + (place < work.ops % driving)
                    if work.rate is not None:
                        interval_s = driving * role.step / work.rate
                        offset_s = interval_s * place / driving
                    place += 1
                yield Worker(
                    role,
                    index,
                    gate=self._gate,
                    quota=quota,
                    interval_s=interval_s,
                    offset_s=offset_s,
                    fail=work.fail,
                    seed=work.seed,
                    trace=self._trace,
                )

    def _run_body(self, worker: Worker) -> None:
        try:
            worker.role.body(worker)
        except self.subject.endings:
            if not self._is_ending:
                raise  # nobody has told it to end

    def _around(self) -> AbstractContextManager[object]:
        return self.at_work(self._by_name.get(_sync.current_thread().name))

    def _at_end_of(self, worker: Worker) -> None:
        worker.ended = time.perf_counter()
        self._monitor.count(operations=worker.operations, errors=worker.failed)
        if not worker.role.drives:
            return
        with self._mutex:
            self._driving -= 1
            last = not self._driving
        if last:
            self._is_ending = True
            self.subject.finish()

    def _start(self) -> None:
        try:
            self.subject.start(self)
        except (RuntimeError, MemoryError) as error:
            if isinstance(error, RuntimeError) and "start new thread" not in str(error):
                raise
            raise UsageError(f"this machine can't start {len(self.workers):,} threads; ask for fewer") from error

    def _open(self) -> None:
        self._opened = time.perf_counter()
        if self.workload.duration_s is not None:
            for worker in self.workers:
                if worker.role.drives:
                    worker.deadline = self._opened + self.workload.duration_s
        self._gate.set()

    def _watch_over(self) -> None:
        """Wait for the end, and look at the depth now and then."""
        duration_s = self.workload.duration_s
        deadline = float("inf") if duration_s is None else (self._opened or 0.0) + duration_s
        while not self._group.wait(max(0.0, min(self.depths.period_s, deadline - time.perf_counter()))):
            self._look_at_depth()
            if time.perf_counter() >= deadline:
                self._group.stop()
                if not self._group.wait(_GRACE_S):
                    self.abandoned = tuple(worker.name for worker in self.workers if worker.ended is None)
                return

    def _look_at_depth(self) -> None:
        depth = self.subject.depth()
        if depth is not None:
            self.depths.add(depth)
            if self._trace is not None:
                self._trace.count("depth", {"items": depth})

    @contextlib.contextmanager
    def _abandoning(self) -> Iterator[None]:
        """End all threads when the block fails or is interrupted; keep what they raised."""
        try:
            yield
        except BaseExceptionGroup as group:  # the threads'
            self.failures = tuple(group.exceptions)
        except BaseException:
            self._group.stop()
            self._gate.set()
            try:
                self._group.wait(_GRACE_S)
            except BaseExceptionGroup as group:
                self.failures = tuple(group.exceptions)
            self.abandoned = tuple(worker.name for worker in self.workers if worker.ended is None)
            raise

    def _stop(self) -> None:
        self.cut_short = self._is_ending = True
        for worker in self.workers:
            worker.stop()
        self.subject.stop()

    def _close(self) -> None:
        now = time.perf_counter()
        opened, duration_s = self._opened or now, self.workload.duration_s
        ends = [now if worker.ended is None else worker.ended for worker in self.workers]
        last = max([opened, *ends])
        # What comes after the time is up is not measured any more, only waited for.
        self._closed = last if duration_s is None else min(last, opened + duration_s)
