"""Calls through any executor: submitters hand it calls and take the results, its workers do the work.

The threads of a pool are its own. So that each is watched for its whole life, the lab gives every worker a
first task, before the start, and a last one, after all calls; each waits until all workers have got theirs.
"""

from collections.abc import Iterable, Mapping
from concurrent.futures import CancelledError, Executor, Future
from contextlib import ExitStack
from functools import partial
from typing import Any, NamedTuple

from concli.lab.experiment import Subject
from concli.lab.load import Load
from concli.lab.work import NO_WORK, Work
from concli.lab.worker import InjectedError, Role, Worker
from concli.metrics import Check
from concli.patterns import _sync

__all__ = ["ExecutorSubject", "PoolShape"]


class PoolShape(NamedTuple):
    """How many threads work and submit, how many calls a submitter has under way, and how many may wait."""

    workers: int = 4
    submitters: int = 1
    batch: int = 1
    queue: int = 0
    work: Work = NO_WORK


class _Account:
    """What one submitter has got back, or one worker has run. Its thread alone writes to it."""

    __slots__ = ("cancelled", "count", "total", "wrong")

    def __init__(self) -> None:
        self.count = self.total = self.cancelled = 0
        self.wrong = ""


class ExecutorSubject(Subject):
    """Any executor. A submitter's operation is a batch of calls, from the first submit to the last result."""

    endings = (CancelledError,)

    def __init__(self, shape: PoolShape, pool: Executor) -> None:
        self.shape = shape
        self.submitted = [_Account() for _ in range(shape.submitters)]
        self.run = [_Account() for _ in range(shape.workers)]
        self._pool: Any = pool
        self._own = _sync.local()  # in a thread of the pool: its task, and what ends its watch
        self._flights: list[list[Future[int]]] = [[] for _ in range(shape.submitters)]  # each its submitter's
        self._is_stopped = False  # set before the flights are looked at; who adds to them looks at it after
        self._hired = _sync.Event()
        self._retired = _sync.Event()
        self._mutex = _sync.Lock()
        self._staying = shape.workers  # guarded by the mutex
        self._load: Load | None = None
        self.roles = (
            Role(
                "submitter",
                shape.submitters,
                self._submit,
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
        self._is_stopped = True
        for flight in self._flights:
            for future in flight.copy():
                future.cancel()

    def totals(self, load: Load) -> Mapping[str, int]:
        """Return what was called, what came back and what was cancelled at the end."""
        del load
        returned = sum(account.count for account in self.submitted)
        cancelled = sum(account.cancelled for account in self.submitted)
        return {"called": returned + cancelled, "returned": returned, "cancelled": cancelled}

    def checks(self, load: Load) -> Iterable[Check]:
        """Check that every call ran once, and that each caller got the result of its own."""
        wrong = next((account.wrong for account in self.submitted if account.wrong), "")
        returned, ran = (sum(account.count for account in side) for side in (self.submitted, self.run))
        yield Check("every call gets its own result", not wrong, wrong or f"{returned:,} results")
        detail = f"{returned:,} came back, {ran:,} ran"
        if load.abandoned:
            yield Check("every task runs once", ran <= returned + self.uncertain(load), detail)
            return
        same = sum(account.total for account in self.submitted) == sum(account.total for account in self.run)
        if returned == ran and not same:
            detail += "; some ran twice and others not at all"
        yield Check("every task runs once", returned == ran and same, detail)

    def uncertain(self, load: Load) -> int:
        """Return how many calls may be in the hands of threads that were left behind."""
        return self.shape.submitters * self.shape.batch if load.abandoned else 0

    def _submit(self, worker: Worker) -> None:
        submit, own, account, flight = (
            self._pool.submit,
            self._task,
            self.submitted[worker.index],
            self._flights[worker.index],
        )
        submitters, batch = self.shape.submitters, self.shape.batch
        for first in worker.laps():
            count = batch if worker.quota is None else min(batch, worker.quota - first)
            items = range(worker.index + first * submitters, worker.index + (first + count) * submitters, submitters)
            for item in items:
                if self._is_stopped:
                    break
                flight.append(submit(own, item))
            if self._is_stopped:
                for future in flight:
                    future.cancel()
            if self._collect(worker, account, flight, items) < count:
                raise CancelledError
            worker.extra_items += count - 1

    def _collect(self, worker: Worker, account: _Account, flight: list[Future[int]], items: range) -> int:
        """Take the results of a batch; return how many there were."""
        count = 0
        for item, future in zip(items, flight, strict=False):  # a batch that was stopped is shorter
            try:
                result = future.result()
                if result != item:
                    account.wrong = account.wrong or f"call {item} got the result of {result}"
            except InjectedError:
                worker.failed += 1
            except CancelledError:
                account.cancelled += 1
                continue
            count += 1
            account.total += item
        account.count += count
        flight.clear()
        return count

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
            account.count += 1
            account.total += item
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
