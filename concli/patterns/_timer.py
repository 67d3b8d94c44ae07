"""Calls that are made later: one thread for all of them, and none when there is nothing to wait for."""

import heapq
import itertools
import os
from collections.abc import Callable
from concurrent.futures._base import LOGGER

from concli.patterns import _sync
from concli.patterns._waiters import Waiters

__all__ = ["Alarm", "Timer", "call_later"]


class Alarm:
    """A call that is going to be made, unless it is cancelled before."""

    __slots__ = ("_timer", "callback", "deadline", "number")

    def __init__(self, timer: "Timer", deadline: float, callback: Callable[[], object]) -> None:
        self._timer = timer
        self.callback: Callable[[], object] | None = callback  # guarded by the timer's mutex
        self.deadline = deadline
        self.number = next(_numbers)

    def __lt__(self, other: "Alarm") -> bool:
        return (self.deadline, self.number) < (other.deadline, other.number)

    def cancel(self) -> None:
        """Don't make the call, if it hasn't begun."""
        self._timer.cancel(self)


class Timer:
    """A thread that makes calls when their time has come, and ends when none are left."""

    def __init__(self) -> None:
        # The mutex guards every field; the thread waits in the line for the first deadline.
        self._mutex = _sync.Lock()
        self._line = Waiters()
        self._heap: list[Alarm] = []
        self._live = 0  # alarms in the heap that have not been cancelled
        self._is_running = False

    def call_later(self, seconds: float, callback: Callable[[], object]) -> Alarm:
        """Have ``callback()`` called in ``seconds`` by the timer's thread. ``ValueError`` if negative."""
        alarm = Alarm(self, _sync.deadline_after(seconds) or 0.0, callback)
        with self._mutex:
            heapq.heappush(self._heap, alarm)
            self._live += 1
            self._line.wake()
            must_start = not self._is_running
            self._is_running = True
        if must_start:
            try:
                # A daemon: a timeout is no reason to keep an interpreter from ending.
                _sync.Thread(target=self._run, name="concli-timer", daemon=True).start()
            except Exception:
                with self._mutex:
                    self._is_running = False
                self.cancel(alarm)
                raise
        return alarm

    def cancel(self, alarm: Alarm) -> None:
        """Take an alarm out. The heap is swept when half of it is dead, so that this costs little."""
        with self._mutex:
            if alarm.callback is None:
                return
            alarm.callback = None
            self._live -= 1
            if self._live * 2 < len(self._heap):
                self._heap = [alarm for alarm in self._heap if alarm.callback is not None]
                heapq.heapify(self._heap)
            if not self._live:
                self._line.wake()

    def _run(self) -> None:
        while (callback := self._next()) is not None:
            try:
                callback()
            except BaseException:  # noqa: BLE001 - the other calls are still owed
                LOGGER.exception("exception in a call made by the timer")
            del callback  # or what it holds would live until the next

    def _next(self) -> Callable[[], object] | None:
        """Wait for the next call that is due; None, and the thread is over, if there are no more."""
        with self._mutex:
            while self._live:
                first = self._heap[0]
                if first.callback is not None and _sync.monotonic() < first.deadline:
                    self._line.wait(self._mutex, first.deadline)
                    continue
                heapq.heappop(self._heap)
                if first.callback is not None:
                    callback, first.callback = first.callback, None
                    self._live -= 1
                    return callback
            self._is_running = False
            return None


_numbers = itertools.count()
_timer = Timer()


def call_later(seconds: float, callback: Callable[[], object]) -> Alarm:
    """Have ``callback()`` called in ``seconds`` by the one timer of this process."""
    return _timer.call_later(seconds, callback)


def _forget_after_fork() -> None:
    global _timer  # noqa: PLW0603 - the parent's thread isn't in the child, and its lock may be held for ever
    _timer = Timer()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_after_fork)
