"""A dask cluster: workers on other machines, or a local cluster that behaves like one.

Choose it for work that one machine can't do in time, whose units name data that all workers see (ranges of files) and
whose results are small or can go through a folder that they see too (see ``_parts``): otherwise units and results pass
through the scheduler. On one machine ``processes`` costs less.

With a scheduler's address it uses that cluster, with TLS as dask's own configuration says. Without, it starts a local
one that listens on the loopback address only, without a dashboard, and ends it afterwards. Dask begins a unit again
when its worker is lost; so a unit must not spoil what it was given. ``buffer`` gives plain memory, and what comes back
is a copy.

Who waits for whom::

    call --> scheduler --> a worker that is free --> scheduler --> call
"""

import contextlib
import itertools
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Generic, TypeVar

from concli.engines._connection import Connection, connected, line_of
from concli.engines._setup import Setup, packed, setup_for
from concli.engines._task import Parcel, WhoDid, run
from concli.engines.engine import EngineLost, EngineStatistics, Place, Settings, WorkerLost, WorkerUsage, memory_each
from concli.errors import UsageError
from concli.patterns import ShutDown, _sync

__all__ = ["Dask"]

U = TypeVar("U")
R = TypeVar("R")


class Dask:
    """Units are done by a cluster: the one at ``settings.scheduler``, or a local one of ``workers`` processes.

    ``settings.memory`` bounds each worker of a local cluster.
    """

    name = "dask"
    call_s = 0.01

    def __init__(self, workers: int, settings: Settings = Settings()) -> None:  # noqa: B008 - it is frozen
        if find_spec("distributed") is None:
            raise UsageError("--engine dask: it needs distributed; pip install 'concli[dask]'")
        if settings.scheduler and settings.memory:
            raise UsageError("the memory of a cluster's workers is for the cluster to say; leave it out")
        if settings.scratch and not settings.scheduler:
            raise UsageError("--scratch: it is for a cluster at --scheduler; one on this machine has its own")
        self.workers = workers
        self.callers = 2 * workers  # it takes a while until a worker that has done a unit has the next
        # Of a cluster's workers it is not known.
        memory = None if settings.scheduler else settings.memory or memory_each(workers)
        self._settings = settings._replace(memory=memory)

    @contextlib.contextmanager
    def open(self, make: Callable[..., Callable[[U], R]], /, *args: Any) -> Iterator[Place[U, R]]:
        """Return a place on the cluster. Raises ``UsageError`` if ``make`` or its arguments can't be sent.

        Raises ``EngineLost`` if the cluster can't be used, and says why.
        """
        import_module("distributed")  # it adds to the configuration, which is set back to what it was below
        dask: Any = import_module("dask")
        setup = setup_for(make, args)
        with contextlib.ExitStack() as stack:
            # A unit has its data with it, and that is meant; what dask warns of is that in a graph.
            stack.enter_context(dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 TB"}))
            connection = connected(stack, self.workers, self._settings)
            place = _Cluster[U, R](connection, setup, self._settings.memory)
            try:
                yield place
            finally:
                place.cancel()


class _Cluster(Generic[U, R]):
    def __init__(self, connection: Connection, setup: Setup, memory: int | None) -> None:
        self._client, self._where, self._folder = connection
        self._killed_worker: type[Exception] = import_module("distributed").KilledWorker
        self._setup = tuple(setup)
        self._memory = memory
        self._key = f"concli-{os.urandom(8).hex()}"
        self._numbers = itertools.count(1)
        # The mutex guards every field below.
        self._mutex = _sync.Lock()
        self._is_over = False
        self._is_lost = False
        self._futures: set[Any] = set()
        self._workers: dict[tuple[str, int], WorkerUsage] = {}
        self._cpu_before_s: dict[tuple[str, int], float] = {}
        self._retries = 0
        self._lost: list[str] = []
        self._sent = self._received = self._part_bytes = 0
        self._overhead_s = 0.0
        self._client.subscribe_topic("all", self._heard)

    def __call__(self, unit: U, /) -> R:
        began = time.perf_counter()
        parcel = Parcel.of(packed(unit, refers=True), self._folder)
        try:
            done, who = self._done(parcel)
        finally:
            parcel.discard()
        is_good, result, trace, busy_s, cpu_s = done.open()
        done.discard()
        with self._mutex:
            self._sent += parcel.nbytes
            self._received += done.nbytes
            self._part_bytes += parcel.part_bytes + done.part_bytes
            self._overhead_s += time.perf_counter() - began - busy_s
            worker = self._count(who, busy_s, cpu_s)
        if is_good:
            value: R = result
            return value
        result.add_note(f"In {worker.name}, process {who.pid} on {who.host}:\n{trace}")
        try:
            raise result
        finally:
            del result  # its traceback holds this frame

    def buffer(self, nbytes: int) -> memoryview:
        """Return plain memory."""
        return memoryview(bytearray(nbytes))

    def cancel(self) -> None:
        """Cancel what is under way; whoever waits for it raises ``ShutDown``."""
        with self._mutex:
            self._is_over = True
            futures, self._futures = self._futures, set()
        if futures and not self._is_lost:
            self._client.cancel(list(futures), force=True)

    def statistics(self) -> EngineStatistics:
        """Return a frozen snapshot."""
        with self._mutex:
            return EngineStatistics(
                engine="dask",
                workers=tuple(self._workers.values()),
                units=sum(worker.units for worker in self._workers.values()),
                retries=self._retries,
                lost=tuple(self._lost),
                bytes_sent=self._sent,
                bytes_received=self._received,
                part_bytes=self._part_bytes,
                overhead_s=self._overhead_s,
                memory_limit=self._memory,
            )

    def _done(self, parcel: Parcel) -> tuple[Parcel, WhoDid]:
        """Have the cluster do a unit; return the answer, and who gave it."""
        key = f"{self._key}-{next(self._numbers)}"
        with self._mutex:
            self._say_if_over()
            future = self._client.submit(
                run, self._key, self._setup, self._folder, parcel, key=key, pure=False, retries=2
            )
            self._futures.add(future)
        try:
            answer: tuple[Parcel, WhoDid] = future.result()
        except self._killed_worker as error:
            raise WorkerLost(f"{self._where}: {line_of(error)}") from error
        except (CancelledError, OSError) as error:
            with self._mutex:
                self._is_lost = not self._is_over
                self._say_if_over(error)
            raise
        finally:
            with self._mutex:
                self._futures.discard(future)
        return answer

    def _say_if_over(self, cause: BaseException | None = None) -> None:
        if self._is_over:
            raise ShutDown from cause
        if self._is_lost:
            raise EngineLost(f"{self._where}: the scheduler is gone; start it and run again") from cause

    def _heard(self, event: tuple[float, Any]) -> None:
        """Take note of what the scheduler tells."""
        _, what = event
        if not isinstance(what, dict) or what.get("action") != "remove-worker" or what.get("expected"):
            return
        began_again = sum(str(key).startswith(self._key) for key in what.get("processing-tasks", ()))
        with self._mutex:
            if not self._is_over:
                self._lost.append(f"worker {what.get('worker')}, lost by the scheduler")
                self._retries += began_again

    def _count(self, who: WhoDid, busy_s: float, cpu_s: float) -> WorkerUsage:
        key = (who.host, who.pid)
        before = self._cpu_before_s.setdefault(key, cpu_s - busy_s)  # it may have worked for others
        was = self._workers.get(key) or WorkerUsage(f"worker-{len(self._workers) + 1}", *key, 0, 0.0, 0.0, None)
        now = was._replace(
            units=was.units + 1,
            busy_s=was.busy_s + busy_s,
            cpu_s=max(0.0, cpu_s - before),
            peak_rss_bytes=who.peak_rss_bytes,
        )
        self._workers[key] = now
        return now
