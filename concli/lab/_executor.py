"""Calls through any executor: submitters hand it calls and take the results, its workers do the work.

The threads of a pool are its own. So that each is watched for its whole life, the lab gives every worker a
first task, before the start, and a last one, after all calls; each waits until all workers have got theirs.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import CancelledError, Executor, Future
from contextlib import ExitStack
from functools import partial
from typing import Any, NamedTuple

from concli.lab._account import Account, summed
from concli.lab._flight import Flight, Latencies
from concli.lab.experiment import Subject
from concli.lab.load import Load
from concli.lab.work import NO_WORK, Work
from concli.lab.worker import Role, Worker
from concli.metrics import Check
from concli.metrics.histogram import Histogram
from concli.patterns import _sync

__all__ = ["ExecutorSubject", "PoolShape"]


class PoolShape(NamedTuple):
    """How many threads work and submit, how many calls a submitter has under way, and how many may wait.

    Those of a ``batch`` are submitted, then waited for, all of them. Of a ``window`` the oldest is waited for when
    there are so many, and then one more submitted; who has a window has no batches.
    """

    workers: int = 4
    submitters: int = 1
    batch: int = 1
    queue: int = 0
    work: Work = NO_WORK
    window: int = 1


class ExecutorSubject(Subject):
    """Any executor. A submitter's operation is a batch of calls, from the first submit to the last result.

    With a window it is one submit, with the wait for its turn; the latency is that of the call, to when it is done.
    """

    endings = (CancelledError,)

    def __init__(self, shape: PoolShape, pool: Executor) -> None:
        self.shape = shape
        self.submitted = [Account() for _ in range(shape.submitters)]
        self.run = [Account() for _ in range(shape.workers)]
        self._pool: Any = pool
        submit: Callable[..., Future[int]] = pool.submit
        self._flights = [Flight(partial(submit, self._task), account) for account in self.submitted]
        self._latencies = Latencies()
        self._own = _sync.local()  # in a thread of the pool: its task, and what ends its watch
        self._hired = _sync.Event()
        self._retired = _sync.Event()
        self._mutex = _sync.Lock()
        self._staying = shape.workers  # guarded by the mutex
        self._load: Load | None = None
        self.roles = (
            Role(
                "submitter",
                shape.submitters,
                self._submit if shape.window == 1 else self._submit_ahead,
                operation="call",
                step=shape.batch,
                waits_for="for results",
                option="--submitters",
            ),
            Role(
                "worker",
                shape.workers,
                self._perform,
                drives=False,
                counts=False,
                operation="task",
                work=shape.work,
                fails=True,
                waits_for="for tasks",
                waits="starved",
                option="--workers",
            ),
        )

    def start(self, load: Load) -> None:
        """Have the pool start all its threads, then start the submitters."""
        self._load = load
        try:
            for number, worker in enumerate(load.of("worker"), 1):
                has_come = _sync.Event()
                self._pool.submit(self._hire, load, worker, has_come)
                if len(self._pool._threads) < number:  # noqa: SLF001 - all executors of threads have it
                    raise RuntimeError("can't start new thread")
                has_come.wait()
            for worker in load.of("submitter"):
                load.spawn(worker)
        except BaseException:
            self._hired.set()
            self._pool.shutdown(wait=False, cancel_futures=True)
            raise
        self._hired.set()

    def finish(self) -> None:
        """Let every worker go, and the pool end."""
        for _ in range(self.shape.workers):
            self._pool.submit(self._retire)
        self._pool.shutdown()

    def stop(self) -> None:
        """Cancel what has not begun: whoever waits for it is told, and what runs ends by itself."""
        for flight in self._flights:
            flight.stop()

    def latencies(self, role: str) -> tuple[Histogram, float] | None:
        """Return those of the calls where operations overlap."""
        return self._latencies.summed() if role == "submitter" and self.shape.window > 1 else None

    def totals(self, load: Load) -> Mapping[str, int]:
        """Return what was called, what came back and what was cancelled at the end."""
        del load
        whole = summed(self.submitted)
        returned, cancelled = whole.count, whole.cancelled
        return {"called": returned + cancelled, "returned": returned, "cancelled": cancelled}

    def checks(self, load: Load) -> Iterable[Check]:
        """Check that every call ran once, and that each caller got the result of its own."""
        submitted, run = summed(self.submitted), summed(self.run)
        detail = submitted.wrong or f"{submitted.count:,} results"
        yield Check("every call gets its own result", not submitted.wrong, detail)
        detail = f"{submitted.count:,} came back, {run.count:,} ran"
        if load.abandoned:
            yield Check("every task runs once", run.count <= submitted.count + self.uncertain(load), detail)
            return
        if submitted.count == run.count and submitted.total != run.total:
            detail += "; some ran twice and others not at all"
        runs_once = (submitted.count, submitted.total) == (run.count, run.total)
        yield Check("every task runs once", runs_once, detail)

    def uncertain(self, load: Load) -> int:
        """Return how many calls may be in the hands of threads that were left behind."""
        return self.shape.submitters * max(self.shape.batch, self.shape.window) if load.abandoned else 0

    def _submit(self, worker: Worker) -> None:
        flight, submitters, batch = self._flights[worker.index], self.shape.submitters, self.shape.batch
        for first in worker.laps():
            count = batch if worker.quota is None else min(batch, worker.quota - first)
            begin = worker.index + first * submitters
            for item in range(begin, begin + count * submitters, submitters):
                if flight.is_stopped:
                    break
                flight.add(item)
            if flight.take_all(worker) < count:
                raise CancelledError
            worker.extra_items += count - 1

    def _submit_ahead(self, worker: Worker) -> None:
        flight, watch, window, submitters = (
            self._flights[worker.index],
            self._latencies.watch,
            self.shape.window,
            self.shape.submitters,
        )
        rate = self._load.workload.rate if self._load else None
        interval_s = submitters / rate if rate else 0.0
        for number in worker.laps():
            worker.extra_items = -len(flight)  # what has not come back is not done
            if len(flight) == window:
                flight.take(worker)
            if flight.is_stopped:
                break
            # At a rate it begins when it should have, and has been waiting since then.
            due = worker.began + interval_s * (number + worker.index / submitters) if rate else time.perf_counter()
            watch(flight.add(worker.index + number * submitters), due)
        flight.take_all(worker)
        worker.extra_items = -self.submitted[worker.index].cancelled

    def _task(self, item: int) -> int:
        """Run one call, in a thread of the pool."""
        self._own.perform(item)
        return item

    def _perform(self, worker: Worker) -> None:
        """Make the calling thread of the pool that worker: its operations end where the next begins."""
        account, work = self.run[worker.index], worker.work
        lap = partial(next, worker.laps(), None)  # after a stop there are no more
        has_begun = False

        def perform(item: int) -> None:
            nonlocal has_begun
            if not has_begun:
                has_begun = True
                lap()
            account.add(item)
            try:
                if work:
                    work()
            finally:
                lap()

        self._own.perform = perform

    def _hire(self, load: Load, worker: Worker, has_come: _sync.Event) -> None:
        _sync.current_thread().name = worker.name
        self._own.watch = ExitStack()
        self._own.watch.enter_context(load.at_work(worker))
        worker.role.body(worker)
        has_come.set()
        self._hired.wait()

    def _retire(self) -> None:
        self._own.watch.close()
        with self._mutex:
            self._staying -= 1
            if not self._staying:
                self._retired.set()
        self._retired.wait()
