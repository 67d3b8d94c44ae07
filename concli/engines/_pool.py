"""A pool of worker processes: who has which, who died, and what all have used."""

import contextlib
import os
import reprlib
import signal
import time
from typing import Generic, TypeVar

from concli.engines._child import Child
from concli.engines._message import Gone, Message
from concli.engines._regions import Regions, memory_file
from concli.engines._setup import Setup, packed
from concli.engines._worker import Answer
from concli.engines.engine import EngineLost, EngineStatistics, WorkerLost, WorkerUsage
from concli.patterns import BoundedBuffer, ShutDown, _sync

__all__ = ["Pool"]

U = TypeVar("U")
R = TypeVar("R")

_ATTEMPTS = 3
_PATIENCE_S = 1.0  # for workers without work to end by themselves


class _Seat:
    """Room for a worker, and the sums of those that have had it. Who has the seat may speak with its worker."""

    def __init__(self, number: int) -> None:
        self.name = f"worker-{number}"
        self.child: Child | None = None
        self.is_taken = False
        self.pid = 0
        self.units = 0
        self.busy_s = 0.0
        self.cpu_before_s = self.cpu_s = 0.0  # of those before, and of the one that is there
        self.peak_rss_bytes: int | None = None

    def usage(self, host: str) -> WorkerUsage:
        if self.child is not None:
            self.peak_rss_bytes = max(self.peak_rss_bytes or 0, self.child.peak_rss_bytes() or 0) or None
        cpu_s = self.cpu_before_s + self.cpu_s
        return WorkerUsage(self.name, host, self.pid, self.units, self.busy_s, cpu_s, self.peak_rss_bytes)


class Pool(Generic[U, R]):
    """A place in up to ``workers`` processes, each started when it is first needed."""

    def __init__(self, workers: int, setup: Setup, memory: int) -> None:
        self._setup = setup
        self._memory = memory
        self._regions = Regions(memory_file())
        self._seats = [_Seat(number) for number in range(1, workers + 1)]
        self._free = BoundedBuffer[_Seat]()
        self._free.put_many(self._seats)
        # The mutex guards the fields below and those of the seats. Processes are started under it: none begins after
        # the end.
        self._mutex = _sync.Lock()
        self._is_over = False
        self._retries = 0
        self._lost: list[str] = []
        self._sent = self._received = 0
        self._overhead_s = 0.0

    def __call__(self, unit: U, /) -> R:
        began = time.perf_counter()
        message = packed(unit, self._regions)
        ready = time.perf_counter()
        seat = self._free.get()
        waited_s = time.perf_counter() - ready
        try:
            is_good, result, trace, busy_s, cpu_s = self._ask(seat, message, unit)
            where = f"{seat.name}, process {seat.pid}"
            with self._mutex:
                seat.units += 1
                seat.busy_s += busy_s
                seat.cpu_s = cpu_s
                self._overhead_s += time.perf_counter() - began - waited_s - busy_s
        finally:
            self._leave(seat)
        if is_good:
            done: R = result
            return done
        result.add_note(f"In {where}:\n{trace}")
        try:
            raise result
        finally:
            del result  # its traceback holds this frame

    def buffer(self, nbytes: int) -> memoryview:
        """Return zeroed memory that all workers share."""
        return self._regions.allocate(nbytes)

    def cancel(self) -> None:
        """Kill the workers; whoever waits for one raises ``ShutDown``."""
        for child in self._end():
            child.kill()

    def close(self) -> None:
        """End the workers: those without work by themselves, the others at once."""
        self._end()
        with self._mutex:
            idle = [seat.child for seat in self._seats if seat.child and not seat.is_taken]
            busy = [seat.child for seat in self._seats if seat.child and seat.is_taken]
            self._regions.close()
        for child in busy:
            child.kill()  # the thread that waits for its answer does the rest
        for child in idle:
            child.dismiss()
        deadline = _sync.deadline_after(_PATIENCE_S)
        for child in idle:
            child.reap(_sync.remaining(deadline))

    def statistics(self) -> EngineStatistics:
        """Return a frozen snapshot."""
        with self._mutex:
            return EngineStatistics(
                engine="processes",
                workers=self._usages(),
                units=sum(seat.units for seat in self._seats),
                retries=self._retries,
                lost=tuple(self._lost),
                bytes_sent=self._sent,
                bytes_received=self._received,
                overhead_s=self._overhead_s,
                memory_limit=self._memory,
            )

    def _end(self) -> list[Child]:
        """Let nothing begin any more, and return the workers there are."""
        with self._mutex:
            self._is_over = True
            self._usages()  # while there is somebody to ask
            children = [seat.child for seat in self._seats if seat.child]
        self._free.shutdown(immediate=True)
        return children

    def _usages(self) -> tuple[WorkerUsage, ...]:
        host = os.uname().nodename
        return tuple(seat.usage(host) for seat in self._seats if seat.pid)

    # What follows is called by whoever has the seat.

    def _ask(self, seat: _Seat, message: Message, unit: U) -> Answer:
        """Have a unit done, by another worker if one dies."""
        deaths: list[str] = []
        while len(deaths) < _ATTEMPTS:
            child = self._seated(seat, again=bool(deaths))
            try:
                answer: Answer
                answer, size = child.ask(message)
            except Gone:
                deaths.append(self._bury(seat, child, is_lost=True))
                continue
            except BaseException:
                self._bury(seat, child)  # in the middle of a conversation, which nobody could go on with
                raise
            with self._mutex:
                self._sent += message.nbytes
                self._received += size
            return answer
        raise WorkerLost(
            f"{len(deaths)} workers have died of a unit, {reprlib.repr(unit)}: {'; '.join(deaths)}. If there was no "
            "memory left, use fewer workers or smaller units"
        )

    def _seated(self, seat: _Seat, *, again: bool) -> Child:
        """Return the seat's worker; if there is none, start one."""
        with self._mutex:
            if self._is_over:
                raise ShutDown
            if seat.child is None:
                try:
                    seat.child = Child(self._setup, self._regions, self._memory)
                except OSError as error:
                    raise EngineLost(f"a worker process can't be started: {error}; use fewer") from error
                seat.pid = seat.child.pid
            seat.is_taken = True
            self._retries += again
            return seat.child

    def _bury(self, seat: _Seat, child: Child, *, is_lost: bool = False) -> str:
        code = child.reap()
        name = f"{seat.name}, process {child.pid}, {_how(code)}"
        with self._mutex:
            seat.child = None
            seat.cpu_before_s, seat.cpu_s = seat.cpu_before_s + seat.cpu_s, 0.0
            if is_lost and not self._is_over:
                self._lost.append(name)
        return name

    def _leave(self, seat: _Seat) -> None:
        with self._mutex:
            seat.is_taken = False
            left, seat.child = (seat.child, None) if self._is_over else (None, seat.child)
        if left is not None:
            left.reap()
        with contextlib.suppress(ShutDown):
            self._free.put(seat)


def _how(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
