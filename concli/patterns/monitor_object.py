"""Monitor object: a class whose public methods run one at a time.

Choose it for shared state with rules between its fields, where the whole object is the right grain for a lock. When
most calls only read, use ``RWLock``; to hand items over, ``BoundedBuffer``; to count only, ``ShardedCounter``.

After Hoare, "Monitors: an operating system structuring concept" (1974), with the signalling of Lampson and Redell's
Mesa (a woken thread checks again), and "Monitor Object" in *Pattern-Oriented Software Architecture 2*.

Who waits for whom::

    every caller --> the caller inside          wait_until --> a caller that changes the state

Classic mistake: to wait in an inner monitor, which leaves that one but not the outer. Wait in the outer::

    thread A                              thread B
    outer.take(): inner.get() waits
                                          outer.give() waits for A, for ever

>>> class Account(MonitorObject):
...     _balance = 0
...     def deposit(self, amount: int) -> None:
...         self._balance += amount
...     def withdraw(self, amount: int, timeout: float | None = None) -> bool:
...         is_there = self.wait_until(lambda: self._balance >= amount, timeout)
...         self._balance -= amount if is_there else 0
...         return is_there
>>> account = Account()
>>> account.deposit(5)
>>> account.withdraw(3), account.withdraw(3, timeout=0)
(True, False)
"""

import functools
import inspect
from collections.abc import Callable
from contextlib import nullcontext
from types import FunctionType
from typing import Any, NamedTuple, Self, TypeVar

from concli.patterns import _sync
from concli.patterns._waiters import Waiters

F = TypeVar("F", bound=Callable[..., Any])

__all__ = ["Counter", "MonitorCondition", "MonitorObject", "MonitorStatistics"]

# Special methods that make, find or unmake the object, or its attributes: not for the monitor.
_UNGUARDED = {"__init__", "__post_init__", "__del__", "__getattribute__", "__getattr__", "__setattr__", "__delattr__"}
_GUARDS_ITSELF: set[object] = set()
_RUNS_LATER = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


class MonitorStatistics(NamedTuple):
    """A frozen snapshot: the threads waiting now, the waits so far, and the seconds waited by all together."""

    waiting: int
    waits: int
    wait_s: float


class _Monitor:
    """The lock of one monitor object, and who waits for what."""

    __slots__ = ("changed", "conditions", "mutex", "owner", "watchers")

    def __init__(self) -> None:
        self.mutex = _sync.Lock()  # held while a public method runs; guards `changed`, `watchers` and all conditions
        self.owner: int | None = None  # the thread in the monitor; only that thread ever finds its own id here
        self.changed = Waiters()  # those in `wait_until`
        self.watchers = 0  # how many those are: cheaper to ask for than the length of the line
        self.conditions: dict[str, MonitorCondition] = {}  # entries are added, atomically, and never taken out

    def check(self) -> None:
        if self.owner != _sync.get_ident():
            raise RuntimeError("only a public method of a monitor object can wait and notify")

    def wait(self, line: Waiters, deadline: float | None, again: bool) -> bool:
        """Leave the monitor, wait to be woken, and come back in, however the wait ends."""
        me, self.owner = self.owner, None
        try:
            return line.wait(self.mutex, deadline, again=again)
        finally:
            self.owner = me

    def wait_for(self, line: Waiters, predicate: Callable[[], object], timeout: float | None) -> bool:
        deadline = _sync.deadline_after(timeout)
        self.check()
        again = False
        while not predicate():
            if not again:  # or two that wait would wake each other for ever
                self.changed.wake_all()  # what this method has changed so far is to be seen while it waits
            if not self.wait(line, deadline, again):
                return bool(predicate())
            again = True
        return True


class MonitorCondition:
    """A named condition of a monitor object; outside of its public methods all of this raises ``RuntimeError``."""

    __slots__ = ("_monitor", "line")

    def __init__(self, monitor: _Monitor) -> None:
        self._monitor = monitor
        self.line = Waiters()  # guarded by the monitor's mutex

    def wait(self, timeout: float | None = None) -> bool:
        """Leave the monitor until notified, in a ``while``; False if ``timeout`` seconds passed first."""
        deadline = _sync.deadline_after(timeout)
        self._monitor.check()
        self._monitor.changed.wake_all()
        return self._monitor.wait(self.line, deadline, again=False)

    def wait_for(self, predicate: Callable[[], object], timeout: float | None = None) -> bool:
        """Leave the monitor until notified with ``predicate()`` true; False if ``timeout`` seconds passed first."""
        return self._monitor.wait_for(self.line, predicate, timeout)

    def notify(self, count: int = 1) -> None:
        """Wake ``count`` threads that wait for this condition; they go on when this one leaves the monitor."""
        self._monitor.check()
        self.line.wake(count)

    def notify_all(self) -> None:
        """Wake every thread that waits for this condition."""
        self.notify(len(self.line))


class MonitorObject:
    """Base of classes whose public methods run one at a time, each object by itself.

    Guarded are functions and properties without a leading underscore, and special methods but those
    that create objects or get at attributes; those of plain mixins (an abstract collection, say) too.
    They may call each other, by ``super()`` as well. Not guarded are private, static and class methods,
    those of built-in types and bare attributes.

    A class with a public generator or coroutine raises ``TypeError``: that would run after the monitor was left.
    """

    _its_monitor: _Monitor

    def __new__(cls, *_args: object, **_options: object) -> Self:
        """Make the object with its monitor, whether or not ``__init__`` is passed on to this class."""
        self = super().__new__(cls)
        self._its_monitor = _Monitor()
        return self

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        seen: set[str] = set()
        for base in cls.__mro__[:-1]:
            # The class's own methods, and what a plain mixin brings that no class before it defines.
            if base is cls or not issubclass(base, MonitorObject):
                for name in [name for name in vars(base) if _is_public(name) and name not in seen]:
                    member = vars(base)[name]
                    if base is cls and _runs_later(member):
                        raise TypeError(f"{cls.__name__}.{name} would run after the monitor was left: return a list")
                    if isinstance(member, FunctionType | property) and not _runs_later(member):
                        setattr(cls, name, _guarded(member))
            seen.update(vars(base))

    def condition(self, name: str) -> MonitorCondition:
        """Return the condition called ``name``, the same at every call."""
        conditions = self._its_monitor.conditions
        return conditions.get(name) or conditions.setdefault(name, MonitorCondition(self._its_monitor))

    def wait_until(self, predicate: Callable[[], object], timeout: float | None = None) -> bool:
        """Leave the monitor until ``predicate()`` is true; False if ``timeout`` seconds passed first.

        It is called again, in this thread with the monitor held, whenever another public method has
        ended or has begun to wait. With many threads waiting for different things named conditions
        wake only those concerned. Raises ``RuntimeError`` outside of a public method.
        """
        monitor = self._its_monitor
        monitor.check()
        try:
            monitor.watchers += 1
            return monitor.wait_for(monitor.changed, predicate, timeout)
        finally:
            monitor.watchers -= 1

    def statistics(self) -> MonitorStatistics:
        """Return a frozen snapshot of the waits at this object."""
        monitor = self._its_monitor
        with nullcontext() if monitor.owner == _sync.get_ident() else monitor.mutex:
            lines = [monitor.changed, *(condition.line for condition in list(monitor.conditions.values()))]
            return MonitorStatistics(
                waiting=sum(map(len, lines)),
                waits=sum(line.waits for line in lines),
                wait_s=sum(line.waited_s() for line in lines),
            )


def _is_public(name: str) -> bool:
    return (not name.startswith("_") or (name.startswith("__") and name.endswith("__"))) and name not in _UNGUARDED


def _runs_later(member: Any) -> bool:
    return isinstance(member, FunctionType) and bool(member.__code__.co_flags & _RUNS_LATER)


def _guards_itself(function: F) -> F:
    """Mark a method that enters the monitor by its own means, because speed is what it is for."""
    _GUARDS_ITSELF.add(function)
    return function


def _guarded(member: Any) -> Any:
    """Return a function or property that runs in the monitor; anything else as it is."""
    if isinstance(member, property):
        return property(_guarded(member.fget), _guarded(member.fset), _guarded(member.fdel), member.__doc__)
    if not isinstance(member, FunctionType) or member in _GUARDS_ITSELF:
        return member

    @functools.wraps(member)
    def guarded(self: MonitorObject, /, *args: Any, **options: Any) -> Any:
        monitor = self._its_monitor
        me = _sync.get_ident()
        if monitor.owner == me:  # a call among methods
            return member(self, *args, **options)
        with monitor.mutex:
            try:
                monitor.owner = me
                return member(self, *args, **options)
            finally:
                monitor.owner = None
                if monitor.watchers:
                    monitor.changed.wake_all()

    return guarded


class Counter(MonitorObject):
    """A counter whose every increment is exact and learns the total.

    >>> counter = Counter()
    >>> counter.increment(), counter.increment(2), counter.value
    (1, 3, 3)
    """

    def __init__(self, value: int = 0) -> None:
        self._value = value

    @_guards_itself
    def increment(self, amount: int = 1) -> int:
        """Add ``amount``, which may be negative, and return the sum."""
        # What the monitor does around every method, without the second call.
        monitor = self._its_monitor
        if monitor.owner == _sync.get_ident():
            self._value += amount
            return self._value
        with monitor.mutex:
            self._value = value = self._value + amount
            if monitor.watchers:
                monitor.changed.wake_all()
        return value

    @property
    def value(self) -> int:
        """The value; other threads may have changed it since."""
        return self._value

    def wait_at_least(self, value: int, timeout: float | None = None) -> bool:
        """Wait until the counter has reached ``value``; False if ``timeout`` seconds passed first."""
        return self.wait_until(lambda: self._value >= value, timeout)
