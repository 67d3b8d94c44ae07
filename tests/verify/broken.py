"""Classes with mistakes of the textbook kind, for the checker to find."""

from collections.abc import Iterator
from typing import Any

from concli.patterns import BoundedBuffer, sync
from concli.patterns._waiters import Waiters
from concli.verify import Call


class CounterModel:
    initial = 0

    def apply(self, state: int, call: Call) -> Iterator[tuple[Any, int]]:
        if call.name == "add":
            yield None, state + 1
        else:
            yield state, state


class CheckThenAct:
    """Gives the lock up between the look and the change."""

    def __init__(self) -> None:
        self.count = 0
        self._lock = sync.Lock()

    def add(self) -> None:
        with self._lock:
            count = self.count
        with self._lock:
            self.count = count + 1

    def get(self) -> int:
        with self._lock:
            return self.count


class Unlocked:
    """Has no lock at all: only lines or opcodes as switch points show it."""

    def __init__(self) -> None:
        self.count = 0

    def add(self) -> None:
        count = self.count
        self.count = count + 1

    def get(self) -> int:
        return self.count


class Announced(Unlocked):
    """Says where somebody may come between."""

    def add(self) -> None:
        count = self.count
        sync.checkpoint()
        self.count = count + 1


class OneCondition:
    """A buffer with one condition for both sides, and `notify()`: it may wake one of the same side."""

    def __init__(self, maxsize: int = 1) -> None:
        self._changed = sync.Condition()
        self._items: list[Any] = []
        self._maxsize = maxsize

    def put(self, item: Any) -> None:
        with self._changed:
            while len(self._items) >= self._maxsize:
                self._changed.wait()
            self._items.append(item)
            self._changed.notify()

    def get(self) -> Any:
        with self._changed:
            while not self._items:
                self._changed.wait()
            self._changed.notify()
            return self._items.pop(0)


class TwoConditions(OneCondition):
    """As it should be."""

    def __init__(self, maxsize: int = 1) -> None:
        super().__init__(maxsize)
        lock = sync.Lock()
        self._not_full, self._not_empty = sync.Condition(lock), sync.Condition(lock)

    def put(self, item: Any) -> None:
        with self._not_full:
            while len(self._items) >= self._maxsize:
                self._not_full.wait()
            self._items.append(item)
            self._not_empty.notify()

    def get(self) -> Any:
        with self._not_empty:
            while not self._items:
                self._not_empty.wait()
            self._not_full.notify()
            return self._items.pop(0)


class IfForWhile(TwoConditions):
    def get(self) -> Any:
        with self._not_empty:
            if not self._items:
                self._not_empty.wait()
            self._not_full.notify()
            return self._items.pop(0)


class TwoLocks:
    """Takes its locks in one order here and in the other there."""

    def __init__(self) -> None:
        self._a, self._b = sync.Lock(), sync.Lock()

    def forth(self) -> None:
        with self._a, self._b:
            pass

    def back(self) -> None:
        with self._b, self._a:
            pass


class Spinning:
    """Asks again and again: a schedule in which nobody answers has no end."""

    def __init__(self) -> None:
        self._is_set = False

    def set(self) -> None:
        self._is_set = True

    def wait(self) -> None:
        while not self._is_set:
            sync.sleep(1)


class Deaf(Waiters):
    def wake(self, count: int = 1) -> None:
        """The dropped notify."""


def buffer_with_a_dropped_notify(maxsize: int = 0) -> BoundedBuffer[Any]:
    buffer = BoundedBuffer[Any](maxsize)
    buffer._putters = Deaf()
    return buffer
