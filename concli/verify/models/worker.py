"""What a worker is: an actor that owns a total, to which each message adds, whoever sent it and in whatever thread.

A message takes effect when it is sent, since the worker handles them in that order. Those that are inside when
all ends at once have no effect, but then nobody is told the total any more.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from concli.patterns import _sync
from concli.patterns.bounded_buffer import Full, ShutDown
from concli.patterns.channel import Channel, UndeliveredError
from concli.patterns.mailbox import Message
from concli.patterns.worker import Worker
from concli.verify.history import Call, Raised
from concli.verify.scenario import Operation, Spec

__all__ = ["WORKER", "WorkerModel", "WorkerState", "employ"]

_UNDELIVERED, _LATE, _FULL = Raised("UndeliveredError"), Raised("TimeoutError"), Raised("Full")


class WorkerState(NamedTuple):
    """The total, and whether the worker has ended."""

    total: int = 0
    is_ended: bool = False


class WorkerModel:
    """``add(number)`` asks for the total after it, ``tell(number)`` doesn't, ``fail()`` has the handler raise."""

    initial = WorkerState()

    def apply(self, state: WorkerState, call: Call) -> Iterator[tuple[Any, WorkerState]]:
        """Yield what the call may return, and what the total then is."""
        match call.name, call.args:
            case "add", (number, *timeout):
                if state.is_ended:
                    yield _UNDELIVERED, state
                else:
                    after = state._replace(total=state.total + number)
                    yield after.total, after
                    if timeout:
                        yield _LATE, after
                        yield _FULL, state  # it depends on the worker's thread whether there is room
            case "fail", _:
                yield (_UNDELIVERED if state.is_ended else Raised("ArithmeticError")), state
            case "tell", (number,):
                if state.is_ended:
                    yield False, state
                else:
                    yield True, state._replace(total=state.total + number)
            case "shutdown", _:
                yield True, state._replace(is_ended=True)


class _Actor:
    """What the handler keeps, and the figures that must add up."""

    def __init__(self) -> None:
        self.total = self.handled = self.accepted = 0
        self.is_sure = True  # that all that was accepted must be handled

    def handle(self, message: Message) -> int:
        self.handled += 1
        if message.payload is None:
            raise ArithmeticError
        total = self.total
        _sync.checkpoint()  # there is nobody else who could come between
        self.total = total + message.payload
        return self.total


def employ(maxsize: int = 0, *, kind: type[Worker] = Worker) -> Worker:
    """Return a worker that has begun."""
    channel, actor = Channel(), _Actor()
    worker = kind(channel, "worker", actor.handle, maxsize=maxsize)
    vars(worker).update(channel=channel, actor=actor)
    worker.start()
    return worker


def _ask(worker: Worker, payload: int | None, *timeout: float) -> Any:
    actor: _Actor = vars(worker)["actor"]
    try:
        answer = vars(worker)["channel"].request("worker", payload, *timeout)
    except (ArithmeticError, TimeoutError):
        actor.accepted += 1
        raise
    except (Full, UndeliveredError):
        raise
    except BaseException:
        actor.is_sure = False
        raise
    actor.accepted += 1
    return answer.payload


def _tell(worker: Worker, number: int) -> bool:
    is_in: bool = vars(worker)["channel"].send("worker", number)
    vars(worker)["actor"].accepted += is_in
    return is_in


def _shutdown(worker: Worker, immediate: bool = False) -> bool:
    if immediate:
        vars(worker)["actor"].is_sure = False
    return worker.shutdown(immediate)


def _figures_add_up(worker: Worker) -> None:
    # ruff: noqa: S101 - what an invariant is made of
    channel: Channel = vars(worker)["channel"]
    statistics = worker.statistics()
    actor: _Actor = vars(worker)["actor"]
    assert statistics.handled == actor.handled, statistics
    assert actor.handled == actor.accepted or not actor.is_sure, (actor.handled, actor.accepted)
    assert statistics.handled == statistics.mailbox.gets, statistics
    assert statistics.mailbox.depth == 0, "a message inside, and the worker does nothing"
    assert channel.statistics().pending == 0, "a request that nobody will answer"


WORKER = Spec(
    "Worker",
    employ,
    lambda **_config: WorkerModel(),
    operations=[
        Operation("add", lambda _random, serial: (serial,), 5),
        Operation("add", lambda _random, serial: (serial, 1.0), 2),
        Operation("tell", lambda _random, serial: (serial,), 3),
        Operation("fail", weight=2),
        Operation("shutdown"),
        Operation("shutdown", lambda _random, _serial: (True,)),
    ],
    configs=[{}, {"maxsize": 1}],
    actions={
        "add": _ask,
        "tell": _tell,
        "fail": lambda worker: _ask(worker, None),
        "shutdown": _shutdown,
    },
    raises=(ArithmeticError, Full, ShutDown, TimeoutError, UndeliveredError),
    invariant=_figures_add_up,
    finish=Worker.shutdown,
    watched=(Worker,),
    interrupts=1,
)
