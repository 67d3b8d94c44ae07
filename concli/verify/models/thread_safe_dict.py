"""What a thread-safe dict is: a dict, each method of which is one step."""

from collections.abc import Callable, Iterator
from typing import Any

from concli.patterns.thread_safe_dict import ThreadSafeDict
from concli.verify.history import Call, Raised
from concli.verify.scenario import Operation, Spec

__all__ = ["THREAD_SAFE_DICT", "ThreadSafeDictModel"]

_Items = tuple[tuple[str, int], ...]
_KEYS = ("a", "b", "c")


def _add(one: int, other: int) -> int:
    if one + other > 2 * _TOO_MUCH:
        raise OverflowError
    return one + other


_TOO_MUCH = 6  # twice that can't be merged


def _move(items: Any, old: str, new: str) -> int:
    """Move a value to another key, and count the items: some steps under one lock."""
    with items.write():
        items[new] = items.pop(old)
        return len(items)


def _look_twice(items: Any) -> tuple[tuple[Any, ...], bool]:
    """Look again and again: under a lock for reading nothing changes."""
    with items.read():
        before = tuple(items.items())
        return before, before == tuple((key, items[key]) for key in items)


_ACTIONS: dict[str, Callable[..., Any]] = {
    "put": lambda items, key, value: items.__setitem__(key, value),
    "take": lambda items, key: items.__delitem__(key),
    "at": lambda items, key: items[key],
    "has": lambda items, key: key in items,
    "size": len,
    "all": lambda items: tuple(items.items()),
    "keys": tuple,
    "count": lambda items, key: items.compute(key, lambda value: value + 1, 0),
    "merge": lambda items, key, value: items.update_with({key: value, "d": _TOO_MUCH}, _add),
    "renew": lambda items, value: items.update({"b": value}, a=value),
    "move": _move,
    "look_twice": _look_twice,
}


class _Plain(dict[str, int]):
    """A dict with what ours has besides, for one thread."""

    def compute(self, key: str, function: Callable[[int], int], default: int) -> int:
        value = self[key] = function(self.get(key, default))
        return value

    def update_with(self, more: dict[str, int], merge: Callable[[int, int], int]) -> None:
        self.update({key: merge(self[key], value) if key in self else value for key, value in more.items()})

    def write(self) -> "_Plain":
        return self

    read = write

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        pass


class ThreadSafeDictModel:
    """Whatever a plain dict does with the same calls; states are its items in their order."""

    initial: _Items = ()

    def __init__(self) -> None:
        self._known: dict[tuple[_Items, str, str], tuple[Any, _Items]] = {}

    def apply(self, state: _Items, call: Call) -> Iterator[tuple[Any, _Items]]:
        """Yield what the call returns, and what is then inside."""
        key = (state, call.name, repr(call.args))
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._do(state, call)
        yield known

    def _do(self, state: _Items, call: Call) -> tuple[Any, _Items]:
        items = _Plain(state)
        try:
            action = _ACTIONS.get(call.name)
            result = getattr(items, call.name)(*call.args) if action is None else action(items, *call.args)
        except (KeyError, OverflowError) as error:
            return Raised(type(error).__name__), tuple(items.items())
        return result, tuple(items.items())


def _is_unlocked(items: ThreadSafeDict[str, int]) -> bool:
    assert items.statistics()[:4] == (0, False, 0, 0), items.statistics()  # noqa: S101 - that is what it is for
    return dict(items) == items.copy() and len(items) == len(list(items))


def _with_key(name: str, weight: int = 1) -> Operation:
    return Operation(name, lambda random, _serial: (random.choice(_KEYS),), weight)


def _with_item(name: str, weight: int = 1) -> Operation:
    return Operation(name, lambda random, _serial: (random.choice(_KEYS), random.randint(1, _TOO_MUCH)), weight)


THREAD_SAFE_DICT = Spec(
    "ThreadSafeDict",
    lambda prefer: ThreadSafeDict(prefer=prefer),
    lambda **_: ThreadSafeDictModel(),
    operations=[
        *(_with_item(name) for name in ("put", "setdefault")),
        *(_with_item(name) for name in ("get", "pop")),
        *(_with_key(name) for name in ("take", "at", "has", "get", "pop")),
        _with_key("count", 3),
        *(Operation(name) for name in ("size", "all", "keys", "popitem", "clear", "look_twice")),
        _with_item("merge", 2),
        Operation("renew", lambda _random, serial: (serial,)),
        Operation("move", lambda random, _serial: tuple(random.sample(_KEYS, 2)), 2),
    ],
    configs=[{"prefer": "writer"}, {"prefer": "fair"}],
    actions=_ACTIONS,
    raises=(KeyError, OverflowError),
    invariant=_is_unlocked,
    watched=(ThreadSafeDict,),
    granularity="line",
    interrupts=1,
)
