"""Threads that are released together, and timed from then on."""

import queue
import threading
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any, NamedTuple

from tests.bench.pattern_rows.row import Took

__all__ = ["Ended", "check", "time_alone", "time_together", "together"]

_STUCK_S = 60


class Ended(NamedTuple):
    """What a thread's work returned, and how many seconds after the opening of the gate."""

    result: Any
    after_s: float


def together(works: Sequence[Callable[[], Any]]) -> list[Ended]:
    """Do each work in a thread of its own; all of them start when the last one is ready."""
    ready = threading.Semaphore(0)
    gate = threading.Event()
    outcomes: queue.SimpleQueue[tuple[int, Any, float, BaseException | None]] = queue.SimpleQueue()

    def run(number: int, work: Callable[[], Any]) -> None:
        ready.release()
        gate.wait()
        try:
            result = work()
            end = perf_counter()
        except BaseException as error:  # noqa: BLE001 - the thread that measures raises it
            outcomes.put((number, None, perf_counter(), error))
        else:
            outcomes.put((number, result, end, None))

    threads = [threading.Thread(target=run, args=pair, daemon=True) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for _ in threads:
        ready.acquire()
    began = perf_counter()
    gate.set()
    ended = _collect(outcomes, began, len(threads))
    for thread in threads:
        thread.join()
    return ended


def _collect(outcomes: Any, began: float, count: int) -> list[Ended]:
    """Return all outcomes in order; raise the first error, for the other threads may wait for ever then."""
    ended: dict[int, Ended] = {}
    while len(ended) < count:
        try:
            number, result, end, error = outcomes.get(timeout=_STUCK_S)
        except queue.Empty:
            raise RuntimeError(f"{count - len(ended)} threads not done after {_STUCK_S} s") from None
        if error is not None:
            raise error
        ended[number] = Ended(result, end - began)
    return [ended[number] for number in range(count)]


def time_together(works: Sequence[Callable[[], int]], operations: int, expected: int) -> Took:
    """Time ``works`` up to the last end. What they return must add up to ``expected``."""
    ended = together(works)
    check(sum(one.result for one in ended), expected)
    return Took(max(one.after_s for one in ended), operations)


def time_alone(work: Callable[[], int], operations: int, expected: int) -> Took:
    """Time one thread's work, which must return ``expected``."""
    return time_together([work], operations, expected)


def check(found: object, expected: object) -> None:
    """Raise unless the work has been done."""
    if found != expected:
        raise RuntimeError(f"it did not do its work: {found} instead of {expected}")
