"""Channel and Worker beside pykka."""

import threading
from collections.abc import Callable
from typing import Any

from concli.patterns import Channel, Message, Worker
from tests.bench.pattern_rows.aims import at_least
from tests.bench.pattern_rows.gate import check, time_alone
from tests.bench.pattern_rows.ping_pong import ping_pong
from tests.bench.pattern_rows.row import Contender, Row, Run, Took, peer, shown

__all__ = ["rows"]


def rows() -> list[Row]:
    """Return the rows."""
    return [
        _told("mailbox of 1000, the default", 1000),
        _told("mailbox without a bound, as the peer's", 0),
        Row(
            "Channel",
            "request",
            "one request after the other to one worker, which answers with what it got",
            "request",
            [
                Contender("concli Channel.request", _request),
                peer("pykka", "ActorRef.ask", _ask),
                shown("two locks, there and back", ping_pong),
            ],
            [at_least(2)],
            start=300,
        ),
    ]


def _told(name: str, maxsize: int) -> Row:
    return Row(
        "Channel",
        f"send to receipt, {name}",
        "small ints to one worker, until it has handled the last",
        "message",
        [Contender("concli Channel.send", _send(maxsize)), peer("pykka", "ActorRef.tell", _tell)],
        [at_least(3)],
        start=2000,
    )


class _Tally:
    """Adds up what a worker gets, and knows when that was the last."""

    def __init__(self, count: int) -> None:
        self.left = count
        self.total = 0
        self.is_done = threading.Event()

    def add(self, number: int) -> int:
        self.total += number
        self.left -= 1
        if not self.left:
            self.is_done.set()
        return number


def _send(maxsize: int) -> Run:
    def run(operations: int) -> Took:
        channel, tally = Channel(), _Tally(operations)
        send = channel.send

        def handle(message: Message) -> None:
            tally.add(message.payload)

        with Worker(channel, "worker", handle, maxsize=maxsize):
            return _time_told(lambda number: send("worker", number), tally, operations)

    return run


def _tell(pykka: Any) -> Run:
    def run(operations: int) -> Took:
        tally = _Tally(operations)

        def on_receive(_: object, number: int) -> None:
            tally.add(number)

        actor = _start(pykka, on_receive)
        try:
            return _time_told(actor.tell, tally, operations)
        finally:
            actor.stop()

    return run


def _time_told(tell: Callable[[int], object], tally: _Tally, operations: int) -> Took:
    def work() -> int:
        for number in range(operations):
            tell(number)
        tally.is_done.wait()
        return tally.total

    return time_alone(work, operations, sum(range(operations)))


def _request(operations: int) -> Took:
    channel, tally = Channel(), _Tally(operations)
    request = channel.request

    def work() -> int:
        total = 0
        for number in range(operations):
            total += request("worker", number).payload
        return total

    with Worker(channel, "worker", lambda message: tally.add(message.payload)):
        return _time_asked(work, tally, operations)


def _ask(pykka: Any) -> Run:
    def run(operations: int) -> Took:
        tally = _Tally(operations)
        actor = _start(pykka, lambda _, number: tally.add(number))
        ask = actor.ask

        def work() -> int:
            total = 0
            for number in range(operations):
                total += ask(number)
            return total

        try:
            return _time_asked(work, tally, operations)
        finally:
            actor.stop()

    return run


def _time_asked(work: Callable[[], int], tally: _Tally, operations: int) -> Took:
    took = time_alone(work, operations, sum(range(operations)))
    check(tally.total, sum(range(operations)))
    return took


def _start(pykka: Any, on_receive: Callable[[Any, int], object]) -> Any:
    """Start an actor that does ``on_receive``."""
    actor: Any = type("Actor", (pykka.ThreadingActor,), {"on_receive": on_receive})
    return actor.start()
