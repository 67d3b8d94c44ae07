"""Calls under way through an executor, of one submitter, and how long each took by the clock of who submitted it."""

import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from functools import partial

from concli.lab._account import Account
from concli.lab.worker import InjectedError, Worker
from concli.metrics.histogram import Histogram
from concli.metrics.recorder import Shard
from concli.patterns import _sync

__all__ = ["Flight", "Latencies"]


class Flight:
    """The calls of one submitter, the oldest first. Its thread alone adds and takes; any may stop it."""

    def __init__(self, submit: Callable[[int], Future[int]], account: Account) -> None:
        self._submit = submit
        self._account = account
        self._mutex = _sync.Lock()
        self._calls: deque[tuple[int, Future[int]]] = deque()  # changed, and copied by others, with the mutex held
        #: Set before the calls are looked at; who adds to them looks at it after.
        self.is_stopped = False

    def __len__(self) -> int:
        return len(self._calls)

    def add(self, item: int) -> Future[int]:
        """Submit one more."""
        future = self._submit(item)
        with self._mutex:  # to copy a deque is not atomic without the GIL
            self._calls.append((item, future))
        if self.is_stopped:
            self.stop()
        return future

    def take(self, worker: Worker) -> bool:
        """Wait for the oldest, take its result and see whether it is its own; False if it was cancelled."""
        item, future = self._calls[0]
        account = self._account
        try:
            result = future.result()
            if result != item:
                account.wrong = account.wrong or f"call {item} got the result of {result}"
        except InjectedError:
            worker.failed += 1
        except CancelledError:
            account.cancelled += 1
            return False
        finally:
            with self._mutex:
                self._calls.popleft()
        account.add(item)
        return True

    def take_all(self, worker: Worker) -> int:
        """Take all; return how many were not cancelled."""
        return sum(self.take(worker) for _ in range(len(self._calls)))

    def stop(self) -> None:
        """Cancel what has not begun. Any thread may call it."""
        self.is_stopped = True
        with self._mutex:
            calls = list(self._calls)
        for _, future in calls:
            future.cancel()


class _Seconds(Shard):
    """Latencies that one thread has seen the end of."""

    __slots__ = ("longest_s",)

    def __init__(self) -> None:
        super().__init__()
        self.longest_s = 0.0


class Latencies:
    """The seconds from when each call began to when it was done. Every thread that ends some has its own."""

    def __init__(self) -> None:
        self._own = _sync.local()
        self._all: list[_Seconds] = []  # only ever appended to

    def watch(self, future: Future[int], began: float) -> None:
        """Note when ``future`` is done, unless it is cancelled; ``began`` is by ``time.perf_counter``."""
        future.add_done_callback(partial(self._note, began))

    def summed(self) -> tuple[Histogram, float]:
        """Return all of them, and the longest in seconds."""
        durations, all_of_them = Histogram(), self._all.copy()
        for one in all_of_them:
            durations.merge(one.totals().durations)
        return durations, max((one.longest_s for one in all_of_them), default=0.0)

    def _note(self, began: float, future: Future[int]) -> None:
        seconds = time.perf_counter() - began
        if future.cancelled():
            return
        try:
            own = self._own.seconds
        except AttributeError:
            own = self._own.seconds = _Seconds()
            self._all.append(own)
        own.add(seconds)
        own.longest_s = max(own.longest_s, seconds)
