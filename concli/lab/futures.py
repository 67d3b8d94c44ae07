"""The lab of futures: waiters make promises and wait for what becomes of them, resolvers keep them."""

import concurrent.futures
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError
from functools import partial

from concli.lab._promises import FuturesShape, FuturesSubject
from concli.lab.experiment import Contender, Experiment

__all__ = ["FuturesShape", "FuturesSubject", "StandardFuturesSubject", "futures"]

Value = concurrent.futures.Future[int]


def futures(shape: FuturesShape) -> Experiment:
    """Return the experiment: ``Future`` beside the standard library's, put together by hand."""
    remark = "chained with callbacks of one's own" if shape.chain else ""
    peer = Contender("concurrent.futures.Future", lambda: StandardFuturesSubject(shape), remark)
    return Experiment(Contender("Future", lambda: FuturesSubject(shape)), [peer])


class StandardFuturesSubject(FuturesSubject):
    """The futures of ``concurrent.futures``, which have callbacks and ``wait`` to put them together with."""

    def make(self) -> Value:
        """Return a future that nobody has resolved."""
        return concurrent.futures.Future()

    def chain(self, future: Value) -> Value:
        """Return what is at the end of the chain of a future."""
        end = future
        for _ in range(self.shape.chain):
            source, end = end, concurrent.futures.Future()
            source.add_done_callback(partial(_pass_on, end))
        return end

    def combine(self, ends: Sequence[Value]) -> Callable[[], Sequence[int]]:
        """Return what waits for all of them, or for the first, and gives the values."""
        return self._first(ends) if self.shape.race > 1 else self._all(ends)

    @staticmethod
    def _first(ends: Sequence[Value]) -> Callable[[], Sequence[int]]:
        return lambda: [concurrent.futures.wait(ends, return_when=FIRST_COMPLETED).done.pop().result()]

    @staticmethod
    def _all(ends: Sequence[Value]) -> Callable[[], Sequence[int]]:
        def values() -> Sequence[int]:
            concurrent.futures.wait(ends)
            if any(end.cancelled() for end in ends):
                raise CancelledError
            failures = [failure for end in ends if (failure := end.exception()) is not None]
            if failures:
                raise BaseExceptionGroup("futures failed", failures)
            return [end.result() for end in ends]

        return values


def _pass_on(target: Value, source: Value) -> None:
    if source.cancelled():
        target.cancel()
        target.set_running_or_notify_cancel()  # or who waits for several would not be told
        return
    failure = source.exception()
    if failure is not None:
        target.set_exception(failure)
    else:
        target.set_result(source.result() + 1)
