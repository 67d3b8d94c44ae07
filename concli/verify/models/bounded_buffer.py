"""What a bounded buffer is: a queue that refuses when it is full, when it is empty and when it has ended."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from concli.patterns.bounded_buffer import BoundedBuffer, Empty, Full, ShutDown
from concli.verify.history import Call, Raised
from concli.verify.scenario import Operation, Spec

__all__ = ["BOUNDED_BUFFER", "BoundedBufferModel", "BufferState"]

_FULL, _EMPTY, _ENDED = Raised("Full"), Raised("Empty"), Raised("ShutDown")


class BufferState(NamedTuple):
    """The items inside, oldest first, and whether the buffer has ended."""

    items: tuple[Any, ...] = ()
    is_shutdown: bool = False


class BoundedBufferModel:
    """The calls ``put``, ``get``, ``qsize``, ``shutdown`` and ``drain``, with the arguments of ``BoundedBuffer``."""

    initial = BufferState()

    def __init__(self, maxsize: int = 0) -> None:
        self._maxsize = maxsize

    def apply(self, state: BufferState, call: Call) -> Iterator[tuple[Any, BufferState]]:
        """Yield what the call may return, and what is then inside."""
        return getattr(self, f"_{call.name}")(state, *call.args)  # type: ignore[no-any-return]

    def _put(
        self, state: BufferState, item: Any, block: bool = True, timeout: float | None = None
    ) -> Iterator[tuple[Any, BufferState]]:
        if state.is_shutdown:
            yield _ENDED, state
        elif not 0 < self._maxsize <= len(state.items):
            yield None, state._replace(items=(*state.items, item))
        elif not block or timeout is not None:
            yield _FULL, state

    def _get(
        self, state: BufferState, block: bool = True, timeout: float | None = None
    ) -> Iterator[tuple[Any, BufferState]]:
        if state.items:
            yield state.items[0], state._replace(items=state.items[1:])
        elif state.is_shutdown:
            yield _ENDED, state
        elif not block or timeout is not None:
            yield _EMPTY, state

    def _qsize(self, state: BufferState) -> Iterator[tuple[Any, BufferState]]:
        yield len(state.items), state

    def _shutdown(self, state: BufferState, immediate: bool = False) -> Iterator[tuple[Any, BufferState]]:
        yield None, BufferState(() if immediate else state.items, True)

    def _drain(self, state: BufferState) -> Iterator[tuple[Any, BufferState]]:
        yield list(state.items), BufferState((), True)


def _agrees_with_its_statistics(buffer: BoundedBuffer[Any]) -> None:
    statistics = buffer.statistics()
    assert statistics.depth == statistics.size == buffer.qsize(), statistics  # noqa: S101 - that is what it is for
    assert not 0 < statistics.capacity < statistics.peak, statistics  # noqa: S101 - that is what it is for


BOUNDED_BUFFER = Spec(
    "BoundedBuffer",
    BoundedBuffer,
    BoundedBufferModel,
    operations=[
        Operation("put", lambda _random, serial: (serial,), 4),
        Operation("put", lambda _random, serial: (serial, True, 1.0), 1),
        Operation("put", lambda _random, serial: (serial, False), 1),
        Operation("get", weight=4),
        Operation("get", lambda _random, _serial: (True, 1.0), 1),
        Operation("get", lambda _random, _serial: (False,), 1),
        Operation("qsize"),
        Operation("shutdown"),
    ],
    configs=[{"maxsize": 1}, {"maxsize": 2}, {"maxsize": 0}],
    raises=(Empty, Full, ShutDown),
    invariant=_agrees_with_its_statistics,
    finish=BoundedBuffer.shutdown,
    watched=(BoundedBuffer,),
)
