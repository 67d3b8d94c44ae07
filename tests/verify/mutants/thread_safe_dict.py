"""Dicts with one mistake each."""

from collections.abc import Callable
from typing import Any

from concli.patterns import ThreadSafeDict


class ChecksThenSets(ThreadSafeDict[Any, Any]):
    """Looks under one lock and sets under the next."""

    def setdefault(self, key: Any, default: Any = None, /) -> Any:
        if key not in self:
            self[key] = default
        return self[key]


class ComputesOutside(ThreadSafeDict[Any, Any]):
    """Computes without the lock, so that the value may be old."""

    def compute(self, key: Any, function: Callable[[Any], Any], default: Any = None) -> Any:
        value = function(self.get(key, default))
        self[key] = value
        return value


class MergesPiecewise(ThreadSafeDict[Any, Any]):
    """Takes over one item after the other: all can see it half done, and it stays so after a failure."""

    def update_with(self, other: Any, merge: Callable[[Any, Any], Any]) -> None:
        for key, value in dict(other).items():
            with self.write():
                self._items[key] = merge(self._items[key], value) if key in self._items else value


class WritesAsReader(ThreadSafeDict[Any, Any]):
    """Takes the wrong side of the lock."""

    def compute(self, key: Any, function: Callable[[Any], Any], default: Any = None) -> Any:
        with self.read():
            value = function(self._items.get(key, default))
            self._items[key] = value
            return value
