"""What a bounded buffer is: a queue that refuses when it is full, when it is empty and when it has ended.

Nothing that is interrupted has taken effect, but for the part of a ``put_many`` that went in before.
"""

from collections.abc import Callable, Iterator
from random import Random
from typing import Any, NamedTuple

from concli.patterns._waiters import Waiters
from concli.patterns.bounded_buffer import BoundedBuffer, Empty, Full, ShutDown
from concli.verify.history import INTERRUPTED, NEVER, Call, Raised
from concli.verify.scenario import Operation, Spec

__all__ = ["BOUNDED_BUFFER", "SIZED_BUFFER", "BoundedBufferModel", "BufferState", "make_sized"]

_FULL, _EMPTY, _ENDED = Raised("Full"), Raised("Empty"), Raised("ShutDown")

_Outcomes = Iterator[tuple[Any, "BufferState"]]


class BufferState(NamedTuple):
    """The items inside, oldest first, whether the buffer has ended, and what else there is to know."""

    items: tuple[Any, ...] = ()
    is_shutdown: bool = False
    unfinished: int = 0
    resized: int | None = None  # the capacity since it was changed
    halves: tuple[tuple[int, int], ...] = ()  # calls of `put_many` that wait: when they began, and what is in
    line: tuple[int, ...] = ()  # the sizes of the items that wait for ever, with a sizer


class BoundedBufferModel:
    """The calls of ``BoundedBuffer``, with its arguments; ``put_many(timeout, *items)`` and ``resize(maxsize)``.

    What waits with a large item holds up what stands behind it in the line, and who stands there is up to chance:
    so with a ``sizer`` a put may wait for ever if there is one among those that wait that does not fit.
    """

    initial = BufferState()

    def __init__(self, maxsize: int = 0, *, sizer: Callable[[Any], int] | None = None) -> None:
        self._maxsize = maxsize
        self._sizer = sizer

    def apply(self, state: BufferState, call: Call) -> _Outcomes:
        """Yield what the call may return, and what is then inside."""
        if call.result is INTERRUPTED:
            return iter(())
        return getattr(self, f"_{call.name}")(state, call, *call.args)  # type: ignore[no-any-return]

    def arrive(self, state: BufferState, call: Call) -> BufferState | None:
        """Put in the part of a ``put_many`` for which there is room, and into the line who waits for ever."""
        if call.name not in {"put", "put_many"} or state.is_shutdown:
            return None
        items = call.args[:1] if call.name == "put" else call.args[1:]
        count = self._fitting(state, items)
        waits = call.returned == NEVER and self._sizer is not None
        if not waits and not 0 < count < len(items):
            return None
        if 0 < count < len(items):
            state = self._add(state, items[:count])._replace(halves=(*state.halves, (call.called, count)))
        return state._replace(line=(*state.line, self._size(items[-1]))) if waits else state

    def _put(
        self, state: BufferState, call: Call, item: Any, block: bool = True, timeout: float | None = None
    ) -> _Outcomes:
        if state.is_shutdown:
            yield _ENDED, state
        elif self._fitting(state, (item,)):
            if call.returned != NEVER or self._all_fit(state):
                yield None, self._add(state, (item,))
        elif not block or timeout is not None:
            yield _FULL, state

    def _put_many(self, state: BufferState, call: Call, timeout: float | None, *items: Any) -> _Outcomes:
        done = dict(state.halves).get(call.called, 0)
        state = state._replace(halves=tuple(half for half in state.halves if half[0] != call.called))
        if state.is_shutdown:
            yield _ENDED, state
        elif self._fitting(state, items[done:]) == len(items) - done:
            if call.returned != NEVER or self._all_fit(state):
                yield len(items), self._add(state, items[done:])
        elif timeout is not None:
            yield done, state

    def _get(
        self, state: BufferState, call: Call, block: bool = True, timeout: float | None = None, limit: int | None = None
    ) -> _Outcomes:
        del call
        if state.items:
            taken = state.items[0] if limit is None else state.items[:limit]
            yield taken, state._replace(items=state.items[limit or 1 :])
        elif state.is_shutdown:
            yield _ENDED, state
        elif not block or timeout is not None:
            yield _EMPTY, state

    def _get_many(
        self, state: BufferState, call: Call, limit: int, block: bool = True, timeout: float | None = None
    ) -> _Outcomes:
        return self._get(state, call, block, timeout, limit)

    def _qsize(self, state: BufferState, call: Call) -> _Outcomes:
        del call
        yield len(state.items), state

    def _shutdown(self, state: BufferState, call: Call, immediate: bool = False) -> _Outcomes:
        del call
        yield None, self._cleared(state) if immediate else state._replace(is_shutdown=True)

    def _drain(self, state: BufferState, call: Call) -> _Outcomes:
        del call
        yield state.items, self._cleared(state)

    def _resize(self, state: BufferState, call: Call, maxsize: int) -> _Outcomes:
        del call
        yield None, state._replace(resized=maxsize)

    def _task_done(self, state: BufferState, call: Call) -> _Outcomes:
        del call
        if state.unfinished:
            yield None, state._replace(unfinished=state.unfinished - 1)
        else:
            yield Raised("ValueError"), state

    def _join(self, state: BufferState, call: Call) -> _Outcomes:
        del call
        if not state.unfinished:
            yield None, state

    def _size(self, item: Any) -> int:
        return 1 if self._sizer is None else self._sizer(item)

    def _room(self, state: BufferState) -> int:
        maxsize = self._maxsize if state.resized is None else state.resized
        return maxsize - sum(map(self._size, state.items)) if maxsize > 0 else 1 << 30

    def _fitting(self, state: BufferState, items: tuple[Any, ...]) -> int:
        """Return how many of the items can go in now."""
        room, is_empty = self._room(state), not state.items
        for count, item in enumerate(items):
            room -= self._size(item)
            if room < 0 and not (is_empty and not count):
                return count
        return len(items)

    def _all_fit(self, state: BufferState) -> bool:
        room = self._room(state)
        return not state.items or all(size <= room for size in state.line)

    def _add(self, state: BufferState, items: tuple[Any, ...]) -> BufferState:
        return state._replace(items=state.items + items, unfinished=state.unfinished + len(items))

    def _cleared(self, state: BufferState) -> BufferState:
        return state._replace(items=(), is_shutdown=True, unfinished=max(0, state.unfinished - len(state.items)))


def _resize(buffer: BoundedBuffer[Any], maxsize: int) -> None:
    vars(buffer).setdefault("capacities", {buffer.maxsize}).add(maxsize)
    buffer.maxsize = maxsize


def _agrees_with_its_statistics(buffer: BoundedBuffer[Any]) -> None:
    statistics = buffer.statistics()
    held = buffer._held  # noqa: SLF001 - what it is for
    capacities = vars(buffer).get("capacities", {buffer.maxsize})
    lines: tuple[Waiters, ...] = (buffer._getters, buffer._putters, buffer._joiners)  # noqa: SLF001 - as above
    # ruff: noqa: S101 - what an invariant is made of
    assert statistics.depth == buffer.qsize(), statistics
    assert statistics.size == held, statistics
    assert statistics.puts >= statistics.gets + statistics.depth, statistics
    if 0 not in capacities:
        assert statistics.peak <= max(*capacities, 0 if buffer._sizer is None else 3), statistics  # noqa: SLF001
    assert all(set(line._began) == set(line) for line in lines), "a wait is timed that has ended"  # noqa: SLF001
    assert not (statistics.depth and lines[0]), "somebody waits for an item, and there is one"
    assert not (buffer.is_shutdown and (lines[0] or lines[1])), "somebody waits although all has ended"


def _put_many(buffer: BoundedBuffer[Any], timeout: float | None, *items: Any) -> int:
    return buffer.put_many(items, timeout)


def _both(_random: Random, serial: int, *timeout: float) -> tuple[Any, ...]:
    return (timeout[0] if timeout else None, serial, -serial)


BOUNDED_BUFFER = Spec(
    "BoundedBuffer",
    BoundedBuffer,
    BoundedBufferModel,
    operations=[
        Operation("put", lambda _random, serial: (serial,), 8),
        Operation("put", lambda _random, serial: (serial, True, 1.0), 2),
        Operation("put", lambda _random, serial: (serial, False), 2),
        Operation("put_many", _both, 3),
        Operation("put_many", lambda random, serial: _both(random, serial, 1.0), 1),
        Operation("get", weight=8),
        Operation("get", lambda _random, _serial: (True, 1.0), 2),
        Operation("get", lambda _random, _serial: (False,), 2),
        Operation("get_many", lambda random, _serial: (random.randint(1, 3),), 2),
        Operation("get_many", lambda _random, _serial: (2, True, 1.0)),
        Operation("qsize"),
        Operation("task_done", weight=2),
        Operation("join"),
        Operation("resize", lambda random, _serial: (random.randint(0, 3),)),
        Operation("shutdown"),
        Operation("shutdown", lambda _random, _serial: (True,)),
        Operation("drain"),
    ],
    configs=[{"maxsize": 1}, {"maxsize": 2}, {"maxsize": 0}],
    actions={
        "put_many": _put_many,
        "get_many": lambda buffer, *args: tuple(buffer.get_many(*args)),
        "drain": lambda buffer: tuple(buffer.drain()),
        "resize": _resize,
    },
    raises=(Empty, Full, ShutDown, ValueError),
    invariant=_agrees_with_its_statistics,
    finish=BoundedBuffer.shutdown,
    watched=(BoundedBuffer,),
    interrupts=1,
)


def _size(item: int) -> int:
    return 1 if item % 3 else 3


def make_sized(maxsize: int, *, kind: type[BoundedBuffer[int]] = BoundedBuffer) -> BoundedBuffer[int]:
    """Return a buffer in which every third number is three times as large as the others."""
    return kind(maxsize, sizer=_size)


SIZED_BUFFER = BOUNDED_BUFFER._replace(
    name="BoundedBuffer with a sizer",
    make=make_sized,
    model=lambda maxsize: BoundedBufferModel(maxsize, sizer=_size),
    operations=[
        Operation("put", lambda _random, serial: (serial,), 8),
        Operation("put", lambda _random, serial: (serial, True, 1.0), 1),
        Operation("put_many", _both, 1),
        Operation("get", weight=7),
        Operation("get", lambda _random, _serial: (True, 1.0), 1),
        Operation("get_many", lambda _random, _serial: (2,), 1),
        Operation("shutdown"),
    ],
    configs=[{"maxsize": 3}, {"maxsize": 4}],
)
