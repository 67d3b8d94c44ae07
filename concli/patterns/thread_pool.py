"""Thread pool: a few threads that do many short pieces of work, one after the other.

Choose it for many independent calls, most of all where they wait for something (files, the network)
or release the GIL; on a free-threaded build also for computing. For a fixed set of long-lived roles
use a thread group, for a chain of steps a task pipeline, for a stream with two ends producer-consumer.

The interface is that of ``concurrent.futures.Executor`` (PEP 3148), the structure that of the
"thread pool" of Schmidt, Stal, Rohnert and Buschmann, *Pattern-Oriented Software Architecture 2*:
an idle worker is handed its task directly, the one that has been idle for the shortest time first.

Who waits for whom::

    submit, while the queue is full --> a worker          result --> the worker that has the task

Classic mistake: a task that waits for a task of its own pool; in the end all workers do, and nobody is
left to work. Chain them with ``Future.then``, or give the inner ones a pool of their own::

    worker 1                      worker 2
    A: submit(C).result()
                                  B: submit(D).result()
    waits for C in the queue      waits for D in the queue

>>> with ThreadPool(2) as pool:
...     power = pool.submit(pow, 2, 8)
...     print(list(pool.map(abs, [-1, -2, -3])), power.result())
[1, 2, 3] 256
"""

import concurrent.futures
import itertools
import os
import weakref
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures._base import CANCELLED
from concurrent.futures.thread import BrokenThreadPool
from contextvars import copy_context
from typing import Any, NamedTuple, ParamSpec, TypeVar

from concli.patterns import _sync
from concli.patterns._crew import Crew, PoolShutDown
from concli.patterns._derived import surely
from concli.patterns._map import Calls, results
from concli.patterns._worker import Task
from concli.patterns.future import Future

P = ParamSpec("P")
T = TypeVar("T")

__all__ = ["BrokenThreadPool", "PoolStatistics", "ThreadPool"]

_numbers = itertools.count()


class PoolStatistics(NamedTuple):
    """A frozen snapshot of a pool; all but the last are counts.

    submitted = queued + running + completed + failed + cancelled. ``cancelled`` are the tasks that were
    taken out without having been run. ``peak`` is the longest that the queue has been. ``submit_waits``
    and ``submit_wait_s`` (seconds over all threads) tell of submits that had to wait for room.
    """

    max_workers: int
    threads: int
    idle: int
    submitted: int
    queued: int
    running: int
    completed: int
    failed: int
    cancelled: int
    peak: int
    submit_waits: int
    submit_wait_s: float


class ThreadPool(concurrent.futures.Executor):
    """Up to ``max_workers`` threads, started one by one as there is work and none of them is idle.

    ``max_workers`` is by default that of ``ThreadPoolExecutor``. ``max_queue`` is how many tasks may wait
    for a worker, 0 for any number: when the queue is full ``submit`` waits for room, for ever or for
    ``submit_timeout`` seconds, after which it raises ``queue.Full``. A task that submits to its own
    pool never waits, since it might wait for itself.

    ``initializer(*initargs)`` is called in each new thread; if it raises, the pool is broken, and what
    was submitted and is submitted raises ``BrokenThreadPool``. Each task runs in a copy of the context
    (``contextvars``) of whoever submitted it, and so doesn't see variables that the initializer set.

    A pool that is dropped, or alive when the interpreter ends, does what it was given to do first.
    """

    def __init__(
        self,
        max_workers: int | None = None,
        thread_name_prefix: str = "",
        initializer: Callable[..., object] | None = None,
        initargs: tuple[object, ...] = (),
        *,
        max_queue: int = 0,
        submit_timeout: float | None = None,
    ) -> None:
        if max_workers is None:
            max_workers = min(32, (_cpu_count() or 1) + 4)
        if max_workers <= 0:
            raise ValueError("max_workers must be greater than 0")
        if max_queue < 0:
            raise ValueError("max_queue must not be negative")
        if initializer is not None and not callable(initializer):
            raise TypeError("initializer must be a callable")
        name = thread_name_prefix or f"{type(self).__name__}-{next(_numbers)}"
        self._crew = Crew(max_workers, max_queue, submit_timeout, name, initializer, initargs)
        weakref.finalize(self, self._crew.abandon).atexit = False

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Have ``fn(*args, **kwargs)`` called by a worker and return the future of what comes of it.

        Raises ``queue.Full`` (see ``submit_timeout``), ``BrokenThreadPool``, and after ``shutdown`` a
        ``ShutDown`` that is a ``RuntimeError`` too. If no thread at all can be started, it raises what
        the system said.
        """
        future: Future[T] = Future()  # not Future[T](): that takes thrice as long
        self._crew.submit((future, copy_context(), fn, args, kwargs))
        return future

    def map(
        self,
        fn: Callable[..., T],
        *iterables: Iterable[Any],
        timeout: float | None = None,
        chunksize: int = 1,  # noqa: ARG002 - of the protocol; it means nothing to threads
        buffersize: int | None = None,
    ) -> Iterator[T]:
        """Return an iterator over ``fn(*items)`` for the items of ``iterables`` together, in order.

        Work begins at once but is never more than ``buffersize`` calls (default: 4 a worker) ahead of
        what has been taken from the iterator, so that the iterables may be endless. An exception in a
        call, or in an iterable, is raised in its place; then, and when the iterator is closed, calls
        that have not begun are cancelled. Raises ``TimeoutError`` when a result isn't there ``timeout``
        seconds after the call of ``map``.
        """
        window = 4 * self._max_workers if buffersize is None else buffersize
        if window < 1:
            raise ValueError("buffersize must be at least 1")
        deadline = None if timeout is None else _sync.monotonic() + timeout
        calls = Calls(self, fn, zip(*iterables, strict=False), window)
        calls.refill()
        return results(calls, deadline)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False, timeout: float | None = None) -> None:
        """Take no more work; do, or with ``cancel_futures`` cancel, what has not begun; end the threads.

        With ``wait`` this returns when all threads have ended (but for the calling one, if it is the
        pool's own). Raises ``TimeoutError`` if they haven't in ``timeout`` seconds; they go on, and it
        can be called again.
        """
        self._crew.end(_shut_down)
        if cancel_futures:
            surely(_cancel, self._crew.clear())
        if wait and not self._crew.wait_until_gone(timeout):
            raise TimeoutError("the pool's threads are still at work")

    def statistics(self) -> PoolStatistics:
        """Return a frozen snapshot."""
        crew = self._crew
        with crew.mutex:
            # In this order: a task that goes on meanwhile is taken for one that runs and never lost.
            completed = crew.completed + sum(worker.completed for worker in crew.workers)
            failed = crew.failed + sum(worker.failed for worker in crew.workers)
            cancelled = crew.cancelled + sum(worker.cancelled for worker in crew.workers)
            queued = len(crew.queue)
            return PoolStatistics(
                max_workers=crew.max_workers,
                threads=len(crew.workers),
                idle=len(crew.idle),
                submitted=crew.submitted,
                queued=queued,
                running=crew.submitted - queued - completed - failed - cancelled,
                completed=completed,
                failed=failed,
                cancelled=cancelled,
                peak=crew.peak,
                submit_waits=crew.submitters.waits,
                submit_wait_s=crew.submitters.waited_s(),
            )

    # Under these names tools and tests look at the standard library's pool.

    @property
    def _max_workers(self) -> int:
        return self._crew.max_workers

    @property
    def _threads(self) -> set[_sync.Thread]:
        with self._crew.mutex:
            return {worker.thread for worker in self._crew.workers}

    @property
    def _broken(self) -> bool:
        return self._crew.is_broken


def _cancel(tasks: list[Task]) -> None:
    """Cancel tasks that nobody else has; if interrupted it can be called again and goes on."""
    while tasks:
        future = tasks[-1][0]
        future.cancel()
        if future._state == CANCELLED:  # noqa: SLF001 - and not notified; nothing else tells
            future.set_running_or_notify_cancel()
        tasks.pop()


def _shut_down() -> PoolShutDown:
    return PoolShutDown("cannot schedule new futures after shutdown")


def _cpu_count() -> int | None:
    """Return how many CPUs this process may use; the interpreter tells from 3.13 on."""
    count: Callable[[], int | None] | None = getattr(os, "process_cpu_count", None)
    if count is not None:
        return count()
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
