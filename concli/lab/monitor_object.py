"""The lab of the monitor object: threads that take from an account, give back to it, and count.

A worker's operation is one withdrawal, one deposit of the same and one call of a counter. A withdrawal
waits until there is enough. The account has two fields that must make up the same sum whenever a call
begins: a withdrawal changes one, does its work and changes the other.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from concli.lab.experiment import Contender, Experiment, Subject
from concli.lab.load import Load
from concli.lab.work import NO_WORK, Work
from concli.lab.worker import InjectedError, Role, Worker
from concli.metrics import Check
from concli.patterns import Counter, MonitorObject, ShardedCounter, _sync

__all__ = ["AccountSubject", "MonitorSubject", "Shape", "monitor_object"]

_FULL = 0.85  # of the time the monitor is held
_MUCH = 0.25  # of the time somebody waits

_Work = Callable[[], None] | None


class Shape(NamedTuple):
    """How many threads; what is in the account, 0 for enough for all; the counter; what is done inside and outside."""

    workers: int = 4
    balance: int = 0
    counter: str = "exact"
    work: Work = NO_WORK
    outside_work: Work = NO_WORK

    @property
    def total(self) -> int:
        """What is in the account to begin with."""
        return self.balance or self.workers


def monitor_object(shape: Shape) -> Experiment:
    """Return the experiment: a ``MonitorObject`` beside plain objects with a lock.

    A plain lock can't be waited at until there is enough, so it stands there only if there always is.
    """
    peers = [Contender("threading.Condition", lambda: AccountSubject(shape, _Conditioned(shape.total), _Locked()))]
    if shape.total >= shape.workers:
        remark = "can't wait until there is enough"
        peers += [Contender(f"threading.{name}", _with_lock(shape, name), remark) for name in ("Lock", "RLock")]
    return Experiment(Contender("MonitorObject", lambda: MonitorSubject(shape), f"counter: {shape.counter}"), peers)


def _with_lock(shape: Shape, name: str) -> Callable[[], Subject]:
    return lambda: AccountSubject(shape, _Guarded(shape.total, name), _Locked())


class _Account:
    """What is there and what is out; private methods, to be called by one thread at a time."""

    def __init__(self, total: int) -> None:
        self._total = self._there = total
        self._out = 0
        self._wrong = 0  # calls that began when the two did not make up the total

    def _take(self, work: _Work) -> None:
        self._wrong += self._there + self._out != self._total
        self._there -= 1
        try:
            if work is not None:
                work()
        finally:  # one that fails in its work leaves the account right too
            self._out += 1

    def _give(self) -> None:
        self._wrong += self._there + self._out != self._total
        self._out -= 1
        self._there += 1

    def _found(self) -> tuple[int, int, int]:
        return self._there, self._out, self._wrong


class _Monitored(_Account, MonitorObject):
    def withdraw(self, work: _Work) -> None:
        self.wait_until(lambda: self._there > 0)
        self._take(work)

    def deposit(self) -> None:
        self._give()


class _Conditioned(_Account):
    def __init__(self, total: int) -> None:
        super().__init__(total)
        self._enough = _sync.Condition()

    def withdraw(self, work: _Work) -> None:
        with self._enough:
            while not self._there > 0:
                self._enough.wait()
            self._take(work)

    def deposit(self) -> None:
        with self._enough:
            self._give()
            self._enough.notify()


class _Guarded(_Account):
    def __init__(self, total: int, lock: str) -> None:
        super().__init__(total)
        self._lock = _sync.Lock() if lock == "Lock" else _sync.RLock()

    def withdraw(self, work: _Work) -> None:
        with self._lock:
            self._take(work)

    def deposit(self) -> None:
        with self._lock:
            self._give()


class _Locked:
    """A counter as one writes it by hand."""

    def __init__(self) -> None:
        self._lock = _sync.Lock()
        self._value = 0

    @property
    def value(self) -> int:
        with self._lock:
            return self._value

    def increment(self) -> int:
        with self._lock:
            self._value += 1
            return self._value


class _Tally:
    """What one thread has counted. That thread alone writes to it."""

    __slots__ = ("calls", "numbers")

    def __init__(self) -> None:
        self.calls = 0
        self.numbers = 0  # the sum of what the counter has answered


class AccountSubject(Subject):
    """Any account and any counter under load."""

    def __init__(
        self,
        shape: Shape,
        account: _Monitored | _Conditioned | _Guarded,
        counter: Counter | ShardedCounter | _Locked,
    ) -> None:
        self.shape = shape
        self.account = account
        self.counter = counter
        self.tallies = [_Tally() for _ in range(shape.workers)]
        self.roles: Sequence[Role] = (
            Role("worker", shape.workers, self.body, work=shape.work, fails=True, option="--workers"),
        )

    def body(self, worker: Worker) -> None:
        """Take one, give it back and count."""
        withdraw, deposit, increment = self.account.withdraw, self.account.deposit, self.counter.increment
        work, tally, outside = worker.work, self.tallies[worker.index], self.shape.outside_work
        does = None if outside.is_none else outside.bind(worker.random)
        for _ in worker.laps():
            try:
                withdraw(work)
            except InjectedError:
                worker.failed += 1
            if does is not None:
                does()
            deposit()
            tally.numbers += increment() or 0
            tally.calls += 1

    def totals(self, load: Load) -> Mapping[str, int]:
        """Return how many operations there were, and how many the counter has."""
        return {"operations": load.items("worker"), "counted": self.counter.value}

    def checks(self, load: Load) -> Iterable[Check]:
        """Check the account's fields and the counter."""
        total, stuck = self.shape.total, len(load.abandoned)  # each may be in the midst of a call
        there, out, wrong = self.account._found()  # noqa: SLF001 - unguarded: a call may be stuck inside
        holds = not wrong and (stuck > 0 or (there == total and out == 0))
        detail = f"{wrong:,} calls found it broken; {there:,} of {total:,} there and {out:,} out at the end"
        yield Check("the invariant between the fields holds", holds, detail)
        calls, counted = sum(tally.calls for tally in self.tallies), self.counter.value
        yield Check("the counter is exact", 0 <= counted - calls <= stuck, f"{counted:,} counted of {calls:,} calls")
        if not isinstance(self.counter, ShardedCounter) and not stuck:
            numbers, due = sum(tally.numbers for tally in self.tallies), calls * (calls + 1) // 2
            yield Check("every call gets its own number", numbers == due, f"they sum up to {numbers:,} of {due:,}")


class MonitorSubject(AccountSubject):
    """A ``MonitorObject`` and one of the counters that come with it."""

    def __init__(self, shape: Shape) -> None:
        self._monitored = _Monitored(shape.total)
        super().__init__(shape, self._monitored, Counter() if shape.counter == "exact" else ShardedCounter())
        self._load: Load | None = None

    def start(self, load: Load) -> None:
        """Start the threads."""
        self._load = load
        super().start(load)

    def figures(self) -> Mapping[str, object]:
        """Return the monitor's statistics, at the end: to ask for them is to wait for the call inside."""
        is_over = self._load is not None and self._load.has_ended and not self._load.abandoned
        return self._monitored.statistics()._asdict() if is_over else {}

    def checks(self, load: Load) -> Iterable[Check]:
        """Check the account and the counter, and that nobody still waits."""
        yield from super().checks(load)
        if not load.abandoned:
            now = self._monitored.statistics()
            yield Check("nobody is left waiting", not now.waiting, f"{now.waits:,} waits, {now.waiting:,} left")

    def advice(self, load: Load) -> str | None:
        """Say whether the monitor is the limit."""
        if not (load.elapsed_s and load.operations("worker")):
            return None
        held = sum(worker.worked_s for worker in load.workers) / load.elapsed_s
        waits = self.figures().get("wait_s", 0.0)
        share = waits / (load.elapsed_s * self.shape.workers) if isinstance(waits, float) else 0.0
        told = f"the monitor is held for {held:.0%} of the time, workers wait for enough {share:.0%} of theirs"
        if held >= _FULL:
            return f"{told}; the work inside is the limit: move some of it outside, more workers would not help"
        if share >= _MUCH:
            return f"{told}; what is in the account is the limit (--balance), more workers would only wait longer"
        if self.shape.work.is_none:
            return f"{told}; nothing is done inside but the calls themselves, which take the time"
        return f"{told}; there is room for more workers (--workers)"
