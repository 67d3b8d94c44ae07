"""``Executor.map`` with a window: never more calls under way than somebody will soon take the results of."""

import concurrent.futures
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from concli.patterns import _sync

T = TypeVar("T")

__all__ = ["Calls", "results"]


class Calls:
    """The calls of one ``map`` that are under way, in order."""

    def __init__(
        self, pool: concurrent.futures.Executor, fn: Callable[..., Any], source: Iterator[tuple[Any, ...]], window: int
    ) -> None:
        self.pending: deque[concurrent.futures.Future[Any]] = deque()
        self.failure: BaseException | None = None  # of the source, or of a submit: due after what is pending
        # Kept while there is something left to submit, and no longer.
        self._pool: concurrent.futures.Executor | None = pool
        self._fn = fn
        self._source = source
        self._window = window

    def refill(self) -> None:
        """Submit calls until as many are under way as may be."""
        while self._pool is not None and len(self.pending) < self._window:
            try:
                self.pending.append(self._pool.submit(self._fn, *next(self._source)))
            except StopIteration:
                self._pool = None
            except Exception as failure:  # noqa: BLE001 - raised by `results` in its place
                self._pool = None
                self.failure = failure


def results(calls: Calls, deadline: float | None) -> Iterator[Any]:
    """Yield the results in order; at the end, or when it is closed, cancel what has not begun."""
    pending = calls.pending
    try:
        while True:
            calls.refill()
            if not pending:
                break
            yield _result_or_cancel(pending.popleft(), deadline)
        if calls.failure is not None:
            try:
                raise calls.failure
            finally:
                del calls
    finally:
        for future in pending:
            future.cancel()


def _result_or_cancel(future: concurrent.futures.Future[T], deadline: float | None) -> T:
    try:
        return future.result(None if deadline is None else deadline - _sync.monotonic())
    finally:
        future.cancel()
        del future
