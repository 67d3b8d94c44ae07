"""A small specification, of the bounded buffer and of the broken ones, for the tests of the checker itself."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from concli.patterns.bounded_buffer import BoundedBuffer, Empty, Full, ShutDown
from concli.verify import Call, Operation, Raised, Spec

Outcomes = Iterator[tuple[Any, "QueueState"]]


class QueueState(NamedTuple):
    items: tuple[Any, ...] = ()
    is_shutdown: bool = False


class QueueModel:
    initial = QueueState()

    def __init__(self, maxsize: int = 0) -> None:
        self._maxsize = maxsize

    def apply(self, state: QueueState, call: Call) -> Outcomes:
        outcomes: Outcomes = getattr(self, call.name)(state, *call.args)
        return outcomes

    def put(self, state: QueueState, item: Any, block: bool = True, timeout: float | None = None) -> Outcomes:
        if state.is_shutdown:
            yield Raised("ShutDown"), state
        elif not 0 < self._maxsize <= len(state.items):
            yield None, state._replace(items=(*state.items, item))
        elif not block or timeout is not None:
            yield Raised("Full"), state

    def get(self, state: QueueState, block: bool = True, timeout: float | None = None) -> Outcomes:
        if state.items:
            yield state.items[0], state._replace(items=state.items[1:])
        elif state.is_shutdown:
            yield Raised("ShutDown"), state
        elif not block or timeout is not None:
            yield Raised("Empty"), state

    def shutdown(self, state: QueueState) -> Outcomes:
        yield None, state._replace(is_shutdown=True)

    def drain(self, state: QueueState) -> Outcomes:
        yield list(state.items), QueueState((), True)


BUFFER = Spec(
    "Buffer",
    BoundedBuffer,
    QueueModel,
    operations=[
        Operation("put", lambda _random, serial: (serial,), 4),
        Operation("put", lambda _random, serial: (serial, True, 1.0), 1),
        Operation("put", lambda _random, serial: (serial, False), 1),
        Operation("get", weight=4),
        Operation("get", lambda _random, _serial: (True, 1.0), 1),
        Operation("get", lambda _random, _serial: (False,), 1),
        Operation("shutdown"),
    ],
    configs=[{"maxsize": 1}, {"maxsize": 2}, {"maxsize": 0}],
    raises=(Empty, Full, ShutDown),
    invariant=lambda buffer: buffer.statistics().depth == buffer.qsize(),
    finish=BoundedBuffer.shutdown,
    watched=(BoundedBuffer,),
)
