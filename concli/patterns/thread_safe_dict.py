"""Thread-safe dict: a mapping behind a read-write lock, with compound operations in one step.

Choose it where a step is more than a single look or store (look up, then decide, then store), where a
walk over the whole must not see half a change, or where a key's hash and equality are Python code. A
single ``d[key]`` or ``d[key] = value`` of a plain dict is atomic already, with and without the GIL.
Where every thread has keys of its own, use ``ThreadLocal`` and merge in the end.

Follows ``collections.abc.MutableMapping`` and, for ``compute``, Java's ``ConcurrentHashMap``.

Who waits for whom::

    whoever reads --> a writer          whoever writes --> everybody inside

Classic mistake: to look first and store then, in two steps. Use ``compute`` or ``setdefault``::

    thread A                       thread B
    "x" in cache is False
                                   "x" in cache is False
    cache["x"] = 1
                                   cache["x"] = 2: A's is lost

Classic mistake: a function for ``compute`` that waits for a thread which needs the dict::

    thread A                       thread B
    compute("x", function)
                                   cache["y"]: waits for A's step
    in there: waits for B          for ever

>>> stock = ThreadSafeDict({"apples": 3})
>>> stock.compute("apples", lambda count: count - 1)
2
>>> stock.update_with({"apples": 5, "pears": 1}, lambda old, new: old + new)
>>> stock
ThreadSafeDict({'apples': 7, 'pears': 1})
>>> for fruit in stock:
...     del stock[fruit]
>>> len(stock)
0
"""

from collections.abc import Callable, ItemsView, Iterable, Iterator, KeysView, Mapping, MutableMapping, ValuesView
from contextlib import AbstractContextManager
from typing import Any, Literal, TypeVar, overload

from concli.patterns.rwlock import RWLock, RWLockStatistics

K = TypeVar("K")
V = TypeVar("V")
D = TypeVar("D")

__all__ = ["ThreadSafeDict"]

_MISSING: Any = object()


class ThreadSafeDict(MutableMapping[K, V]):
    """A mapping for any number of threads; each method is one step, and keeps insertion order.

    Iteration, ``keys``, ``values`` and ``items`` work on a copy, a shallow one, taken when they are
    called: other threads, and the loop itself, may change the dict meanwhile. ``prefer`` is that of
    ``RWLock``. Functions given to ``compute`` and ``update_with`` run with the lock held, so they
    should be short; they may use the dict, but must not wait for a thread that does.
    """

    def __init__(
        self, items: Mapping[K, V] | Iterable[tuple[K, V]] = (), *, prefer: Literal["writer", "fair"] = "writer"
    ) -> None:
        self._lock = RWLock(prefer)
        self._items: dict[K, V] = dict(items)  # guarded by the lock

    def __getitem__(self, key: K) -> V:
        with self._lock.read():
            return self._items[key]

    def __contains__(self, key: object) -> bool:
        with self._lock.read():
            return key in self._items

    def __len__(self) -> int:
        with self._lock.read():
            return len(self._items)

    def __setitem__(self, key: K, value: V) -> None:
        with self._lock.write():
            self._items[key] = value

    def __delitem__(self, key: K) -> None:
        with self._lock.write():
            del self._items[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self.copy())

    def __reversed__(self) -> Iterator[K]:
        return reversed(self.copy())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.copy()!r})"

    def copy(self) -> dict[K, V]:
        """Return a plain dict with what is inside now."""
        with self._lock.read():
            return self._items.copy()

    def keys(self) -> KeysView[K]:
        """Return the keys as they are now."""
        return self.copy().keys()

    def values(self) -> ValuesView[V]:
        """Return the values as they are now."""
        return self.copy().values()

    def items(self) -> ItemsView[K, V]:
        """Return the items as they are now."""
        return self.copy().items()

    @overload
    def get(self, key: K, /) -> V | None: ...
    @overload
    def get(self, key: K, /, default: V | D) -> V | D: ...
    def get(self, key: K, /, default: Any = None) -> Any:
        """Return the value of ``key``, or ``default``."""
        with self._lock.read():
            return self._items.get(key, default)

    @overload
    def pop(self, key: K, /) -> V: ...
    @overload
    def pop(self, key: K, /, default: V | D) -> V | D: ...
    def pop(self, key: K, /, default: Any = _MISSING) -> Any:
        """Remove ``key`` and return its value, or ``default``; a ``KeyError`` if there is neither."""
        with self._lock.write():
            return self._items.pop(key) if default is _MISSING else self._items.pop(key, default)

    def popitem(self) -> tuple[K, V]:
        """Remove and return the item that was added last; a ``KeyError`` if there is none."""
        with self._lock.write():
            return self._items.popitem()

    def clear(self) -> None:
        """Remove everything."""
        with self._lock.write():
            self._items.clear()

    def setdefault(self, key: K, default: Any = None, /) -> Any:
        """Return the value of ``key``, which becomes ``default`` if it had none."""
        with self._lock.write():
            return self._items.setdefault(key, default)

    def update(self, other: Any = (), /, **more: Any) -> None:
        """Take over all items of ``other`` in one step."""
        new = dict(other, **more)  # it may be slow, or use this dict
        with self._lock.write():
            self._items.update(new)

    def compute(self, key: K, function: Callable[[Any], V], default: Any = None) -> V:
        """Store and return ``function(value)``, with ``default`` for the value if there is none.

        What ``function`` raises is raised here, and nothing has changed.
        """
        with self._lock.write():
            value = self._items[key] = function(self._items.get(key, default))
            return value

    def update_with(self, other: Mapping[K, V] | Iterable[tuple[K, V]], merge: Callable[[V, V], V]) -> None:
        """Take over all items of ``other`` in one step, ``merge(old, new)`` where a key has a value already.

        What ``merge`` raises is raised here, and nothing has changed.
        """
        new = dict(other)
        with self._lock.write():
            items = self._items
            items.update({key: merge(items[key], value) if key in items else value for key, value in new.items()})

    def read(self) -> AbstractContextManager[None]:
        """Return a context in which nobody changes the dict."""
        return self._lock.read()

    def write(self) -> AbstractContextManager[None]:
        """Return a context in which no other thread uses the dict: what is done in it is one step."""
        return self._lock.write()

    def statistics(self) -> RWLockStatistics:
        """Return a frozen snapshot of the lock's statistics."""
        return self._lock.statistics()
