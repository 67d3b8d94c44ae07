"""Promises under load: waiters make promises and wait for what becomes of them, resolvers keep them."""

import concurrent.futures
import queue
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import CancelledError, InvalidStateError
from functools import partial
from typing import Any, NamedTuple

from concli.lab._account import Account, summed
from concli.lab.experiment import Subject
from concli.lab.load import Load
from concli.lab.work import NO_WORK, Work
from concli.lab.worker import InjectedError, Role, Worker
from concli.metrics import Check
from concli.patterns import Future, ShutDown, _sync, gather, race

__all__ = ["FuturesShape", "FuturesSubject"]

Value = concurrent.futures.Future[int]


class FuturesShape(NamedTuple):
    """How many threads resolve and wait, the steps after each promise, and how many are waited for together."""

    resolvers: int = 1
    waiters: int = 1
    chain: int = 1
    gather: int = 1
    race: int = 1
    work: Work = NO_WORK

    @property
    def width(self) -> int:
        """The promises of one operation."""
        return max(self.gather, self.race)


class FuturesSubject(Subject):
    """Promises go to the resolvers through a ``queue.SimpleQueue``, in all contenders alike.

    Each step of a chain adds one to the value, so that a step that is lost or made twice shows.
    """

    endings = (ShutDown, CancelledError)

    def __init__(self, shape: FuturesShape) -> None:
        self.shape = shape
        self.made = [Account() for _ in range(shape.waiters)]
        self.resolved = [Account() for _ in range(shape.resolvers)]
        self._called: list[Account] = []  # one for each thread that has called callbacks; only ever appended to
        self._own = _sync.local()
        self._flights: list[Sequence[Value]] = [()] * shape.waiters  # each its waiter's
        self._is_stopped = False  # set before the flights are looked at; who changes them looks at it after
        self._left = 0  # promises that no resolver has taken
        self._line: queue.SimpleQueue[tuple[Value, int] | None] = queue.SimpleQueue()
        self.roles = (
            Role("waiter", shape.waiters, self._wait, waits_for="for a value", operation="wait", option="--waiters"),
            Role(
                "resolver",
                shape.resolvers,
                self._resolve,
                drives=False,
                counts=False,
                operation="resolve",
                work=shape.work,
                fails=True,
                waits_for="for promises",
                waits="starved",
                option="--resolvers",
            ),
        )

    def make(self) -> Value:
        """Return a future that nobody has resolved."""
        return Future()

    def chain(self, future: Value) -> Value:
        """Return what is at the end of the chain of a future."""
        end: Any = future
        for _ in range(self.shape.chain):
            end = end.then(_one_more)
        return end  # type: ignore[no-any-return]  # `then` gives futures

    def combine(self, ends: Sequence[Value]) -> Callable[[], Sequence[int]]:
        """Return what waits for all of them, or for the first, and gives the values."""
        if self.shape.race > 1:
            winner = race(*ends)
            return lambda: [winner.result()]
        return gather(*ends).result

    def finish(self) -> None:
        """Let the resolvers work off what is there, and end."""
        for _ in range(self.shape.resolvers):
            self._line.put(None)

    def stop(self) -> None:
        """Cancel what nobody has resolved: whoever waits for it is told."""
        self._is_stopped = True
        for flight in self._flights:
            for future in flight:
                future.cancel()
        self.finish()

    def depth(self) -> int:
        """Return the number of promises that no resolver has taken."""
        return self._line.qsize()

    def totals(self, load: Load) -> Mapping[str, int]:
        """Return how many promises were made, resolved and cancelled at the end."""
        del load
        made, resolved = summed(self.made).count, summed(self.resolved).count
        return {"promised": made, "resolved": resolved, "unresolved": made - resolved}

    def checks(self, load: Load) -> Iterable[Check]:
        """Check that each promise is kept once, each waiter gets its own and each callback is called once."""
        made, resolved, called = summed(self.made), summed(self.resolved), summed(self._called)
        detail = made.wrong or f"{load.items('waiter'):,} values"
        yield Check("every waiter gets its own value", not made.wrong, detail)
        self._left += sum(promised is not None for promised in iter(partial(_taken, self._line), _NOTHING))
        dropped = resolved.cancelled + self._left
        if load.cut_short or load.abandoned:
            # What was dropped had been cancelled. Who was left behind may have a promise in hand.
            once = 0 <= made.count - resolved.count - dropped <= len(load.abandoned)
        else:
            once = (made.count, made.total) == (resolved.count, resolved.total) and not dropped
        detail = f"{made.count:,} promised, {resolved.count:,} resolved, {dropped:,} cancelled"
        if made.count == resolved.count and made.total != resolved.total:
            detail += "; some twice and others not at all"
        yield Check("every future resolves once", once and not resolved.wrong, resolved.wrong or detail)
        stuck = self.shape.width * len(load.abandoned)
        all_called = made.count - stuck <= called.count <= made.count and (stuck > 0 or called.total == made.total)
        yield Check("every callback is called once", all_called, f"{called.count:,} of {made.count:,}")

    def _wait(self, worker: Worker) -> None:
        width, waiters, account, put = self.shape.width, self.shape.waiters, self.made[worker.index], self._line.put
        racing, steps, call = self.shape.race > 1, self.shape.chain, self._call
        for number in worker.laps():
            first = (worker.index + number * waiters) * width
            items = range(first, first + width)
            promises = [self.make() for _ in items]
            self._flights[worker.index] = promises
            ends = []
            for item, promise in zip(items, promises, strict=True):
                account.add(item)
                promise.add_done_callback(partial(call, item))
                ends.append(self.chain(promise))
            wait = self.combine(ends) if width > 1 else None
            for item, promise in zip(items, promises, strict=True):
                put((promise, item))
            if self._is_stopped:
                for promise in promises:
                    promise.cancel()
            try:
                values = [ends[0].result()] if wait is None else list(wait())
            except InjectedError:
                worker.failed += 1
                continue
            except BaseExceptionGroup as group:
                cancelled, failures = group.split(CancelledError)
                worker.failed += len(failures.exceptions) if failures else 0
                if cancelled:
                    raise CancelledError from None
                continue
            wanted = [item + steps for item in items]
            if values[0] not in wanted if racing else values != wanted:
                account.wrong = account.wrong or f"promises {first} to {items[-1]} came to {values}, not {wanted}"

    def _resolve(self, worker: Worker) -> None:
        get, work, account = self._line.get, worker.work, self.resolved[worker.index]
        for _ in worker.laps():
            while True:  # past the promises that nobody waits for any more
                promised = get()
                if promised is None:
                    raise ShutDown
                promise, item = promised
                if not promise.cancelled():
                    break
                account.cancelled += 1
            try:
                if work:
                    try:
                        work()
                    except InjectedError as error:
                        promise.set_exception(error)
                        account.add(item)
                        continue
                promise.set_result(item)
                account.add(item)
            except InvalidStateError:
                if self._is_stopped and promise.cancelled():
                    account.cancelled += 1
                else:
                    account.wrong = account.wrong or f"promise {item} had been resolved before"

    def _call(self, item: int, _future: Value) -> None:
        """Note that a callback was called, in the account of the calling thread."""
        try:
            account = self._own.account
        except AttributeError:
            account = self._own.account = Account()
            self._called.append(account)
        account.add(item)


_NOTHING = object()


def _taken(line: "queue.SimpleQueue[Any]") -> object:
    try:
        return line.get_nowait()
    except queue.Empty:
        return _NOTHING


def _one_more(value: int) -> int:
    return value + 1
