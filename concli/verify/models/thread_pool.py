"""What a thread pool is: every task that it takes is run once, or cancelled, and after a shutdown it takes none."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures.thread import BrokenThreadPool
from contextlib import suppress
from queue import Full
from typing import Any, NamedTuple

from concli.patterns import _at_exit, _sync, _worker
from concli.patterns._crew import PoolShutDown
from concli.patterns._worker import Worker
from concli.patterns.future import CancelledError, Future
from concli.patterns.thread_pool import ThreadPool
from concli.verify.history import Call, Raised
from concli.verify.models._futures import QUIET, OddError
from concli.verify.scenario import Operation, Spec

__all__ = ["THREAD_POOL", "Pool", "PoolState", "ThreadPoolModel"]

_REFUSED, _FULL, _BROKEN = Raised("PoolShutDown"), Raised("Full"), Raised("BrokenThreadPool")
_CANCELLED, _LATE = Raised("CancelledError"), Raised("TimeoutError")


class Pool:
    """A pool, and the books on what was given to it."""

    def __init__(self, make: Callable[..., ThreadPool] = ThreadPool, *, does_fail: bool = False, **config: Any) -> None:
        initializer = _fail if does_fail else None
        self.pool = make(thread_name_prefix="pool", initializer=initializer, **config)
        self.runs: list[int] = []  # the tasks, as they begin
        self.futures: dict[int, Future[int]] = {}
        self.givers: dict[int, int] = {}  # which thread gave a task
        self._cancelling = 0  # threads on their way to cancel what is queued

    def submit(self, number: int) -> None:
        """Give a task, one that fails if its number can be divided by 4."""
        self._submit(self._work, number)

    def nest(self, number: int) -> None:
        """Give a task that gives another."""
        self._submit(self._give_another, number)

    def call(self, number: int) -> int:
        """Give a task and wait for its result."""
        self._submit(self._work, number)
        return self.futures[number].result()

    def withdraw(self, number: int) -> None:
        """Give a task and try to cancel it."""
        self._submit(self._work, number)
        self.futures[number].cancel()

    def map(self, number: int) -> list[int]:
        """Map over two items, one ahead."""
        return list(self.pool.map(self._work, [number, number + 1000], buffersize=1))

    def shutdown(self, wait: bool = True, cancel: bool = False, timeout: float | None = None) -> None:
        """End the pool; who waits for that must find it ended."""
        self._cancelling += cancel
        self.pool.shutdown(wait, cancel_futures=cancel, timeout=timeout)
        self._cancelling -= cancel
        if wait:
            assert self.pool.statistics().threads == 0, "a thread is left"  # noqa: S101 - that is what it is for
            if not self._cancelling:
                left = [number for number, future in self.futures.items() if not future.done()]
                assert not left, f"{left} are not done"  # noqa: S101 - as above

    def statistics(self) -> None:
        """Look at the figures in the midst of it."""
        figures = self.pool.statistics()
        assert 0 <= figures.idle <= figures.threads <= figures.max_workers, figures  # noqa: S101 - as above
        assert min(figures) >= 0, figures  # noqa: S101 - as above

    def check(self) -> None:
        """Raise if, everything standing still, something is not as it should be."""
        counts = Counter(self.runs)
        assert max(counts.values(), default=1) == 1, f"run twice: {counts}"  # noqa: S101 - as above
        for number, future in self.futures.items():
            assert future.done(), f"{number} is neither done nor cancelled"  # noqa: S101 - as above
            was_run = not future.cancelled() and not isinstance(future.exception(), BrokenThreadPool)
            assert was_run == counts[number], f"{number} was run {counts[number]} times"  # noqa: S101 - as above
        figures, crew = self.pool.statistics(), self.pool._crew  # noqa: SLF001 - it is what this is about
        assert figures.queued == figures.running == 0, figures  # noqa: S101 - as above
        assert figures.completed + figures.failed >= len(self.runs), figures  # noqa: S101 - as above
        assert figures.threads == (0 if crew.refusal else figures.idle), figures  # noqa: S101 - as above
        assert not crew.submitters, "somebody waits for room"  # noqa: S101 - as above
        assert bool(_at_exit._enlisted) == bool(figures.threads), "the interpreter's end"  # noqa: S101, SLF001 - as above
        if figures.max_workers == 1:
            for giver in set(self.givers.values()):
                own = [number for number in self.runs if self.givers.get(number) == giver]
                assert own == sorted(own), f"in the order {own}"  # noqa: S101 - as above

    def end(self) -> None:
        """End the threads."""
        self.pool.shutdown()

    def _submit(self, work: Callable[[int], int], number: int) -> None:
        self.givers[number] = _sync.get_ident()
        self.futures[number] = self.pool.submit(work, number)

    def _work(self, number: int) -> int:
        self.runs.append(number)
        _sync.checkpoint()
        if number % 4 == 0:
            raise OddError(number)
        return number

    def _give_another(self, number: int) -> int:
        with suppress(PoolShutDown):  # it has ended meanwhile
            self.futures[number + 1000] = self.pool.submit(self._work, number + 1000)
        return self._work(number)


class PoolState(NamedTuple):
    """Whether it has ended, and cancels; the threads that have given a task and wait for its result."""

    has_ended: bool = False
    does_cancel: bool = False
    waiting: frozenset[int] = frozenset()


class ThreadPoolModel:
    """Which calls are refused, and what those that wait for a result may get. The books are kept by ``Pool``."""

    initial = PoolState()

    def __init__(self, *, does_fail: bool = False, submit_timeout: float | None = None, **_config: Any) -> None:
        self._does_fail = does_fail
        self._has_timeout = submit_timeout is not None

    def arrive(self, state: PoolState, call: Call) -> PoolState | None:
        """Return what the submit of a ``call`` leads to, which waits for the result afterwards."""
        if call.name not in {"call", "map"} or state.has_ended:
            return None
        return state._replace(waiting=state.waiting | {call.thread})

    def apply(self, state: PoolState, call: Call) -> Iterator[tuple[Any, PoolState]]:
        """Yield what the call may return."""
        if call.name == "shutdown":
            _, does_cancel, timeout = (*call.args, None, None, None)[:3]
            after = state._replace(has_ended=True, does_cancel=state.does_cancel or bool(does_cancel))
            yield None, after
            if timeout is not None:
                yield _LATE, after
        elif call.name == "statistics":
            yield None, state
        else:
            yield from self._apply_submit(state, call)

    def _apply_submit(self, state: PoolState, call: Call) -> Iterator[tuple[Any, PoolState]]:
        number = call.args[0]
        after = state._replace(waiting=state.waiting - {call.thread})
        if call.thread not in state.waiting:
            yield (_REFUSED if state.has_ended else None), state
        elif number % 4 == 0:
            yield Raised(OddError.__name__), after
        else:
            yield (number if call.name == "call" else [number, number + 1000]), after
        if call.name == "map" and state.has_ended:
            yield _REFUSED, after
        if self._does_fail:
            yield _BROKEN, after
        if self._has_timeout:
            yield _FULL, after
        if state.does_cancel and call.name in {"call", "map"}:
            yield _CANCELLED, after


def _fail() -> None:
    raise OddError


def _number(_random: object, serial: int) -> tuple[Any, ...]:
    return (serial,)


THREAD_POOL = Spec(
    "ThreadPool",
    Pool,
    ThreadPoolModel,
    operations=[
        Operation("submit", _number, 6),
        Operation("call", _number, 6),
        Operation("nest", _number, 1),
        Operation("withdraw", _number, 2),
        Operation("map", _number, 1),
        Operation("statistics", weight=1),
        Operation("shutdown", weight=1),
        Operation("shutdown", lambda random, _serial: (random.random() < 0.5, True), 1),
        Operation("shutdown", lambda _random, _serial: (True, False, 1.0), 1),
    ],
    configs=[
        {"max_workers": 1},
        {"max_workers": 2},
        {"max_workers": 1, "max_queue": 1},
        {"max_workers": 2, "max_queue": 1, "submit_timeout": 1.0},
        {"max_workers": 2, "does_fail": True},
    ],
    raises=(PoolShutDown, BrokenThreadPool, Full, CancelledError, OddError, TimeoutError),
    invariant=Pool.check,
    finish=Pool.end,
    # Where the queue is looked at and emptied without the lock.
    watched=(Worker._work, Worker._rest),  # noqa: SLF001 - it is what this is about
    granularity="line",
    interrupts=1,
    fresh=((_at_exit, "_enlisted", set), *QUIET, (_worker, "LOGGER", QUIET[0][2])),
)
