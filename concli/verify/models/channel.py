"""What a channel is: mailboxes by name, and requests each of which gets the answer to its own question.

A message takes effect when it is sent; an end, of the channel or of one mailbox, first becomes known and then is
there. ``serve`` takes a message and, in a second step, answers it.
"""

from collections.abc import Iterator
from random import Random
from typing import Any, NamedTuple

from concli.patterns.bounded_buffer import Empty, Full, ShutDown
from concli.patterns.channel import Channel, UndeliveredError
from concli.verify.history import INTERRUPTED, NEVER, Call, Raised
from concli.verify.models._channel_calls import ACTIONS, accounts_for_all, make_channel
from concli.verify.scenario import Operation, Spec

__all__ = ["CHANNEL", "ChannelModel", "ChannelState"]

_FULL, _EMPTY, _ENDED = Raised("Full"), Raised("Empty"), Raised("ShutDown")
_UNKNOWN, _LATE, _UNDELIVERED = Raised("LookupError"), Raised("TimeoutError"), Raised("UndeliveredError")

_NAMES = ("a", "b")
_Letter = tuple[Any, int | None]  # the payload and, of a request, when it was made
_Box = tuple[tuple[_Letter, ...], tuple[_Letter, ...]]  # CONTROL, and the rest
_Outcomes = Iterator[tuple[Any, "ChannelState"]]


class ChannelState(NamedTuple):
    """The mailboxes ``a`` and ``b``, how far they have ended, and what has become of the requests."""

    boxes: tuple[_Box, _Box] = (((), ()), ((), ()))
    is_shutdown: bool = False
    is_ended: bool = False
    unregistered: int = 0  # of `b`: 1 when it has ended, 2 when nobody knows it any more
    sent: frozenset[int] = frozenset()
    answered: frozenset[int] = frozenset()
    late: frozenset[int] = frozenset()
    dead: frozenset[int] = frozenset()
    in_hand: tuple[tuple[int, int, bool, _Letter], ...] = ()  # when the call began, the mailbox, CONTROL?, what


class ChannelModel:
    """``send``, ``publish``, ``receive``, ``serve``, ``request``, ``unregister`` and ``shutdown``: see ``CHANNEL``."""

    initial = ChannelState()

    def __init__(self, maxsize: int = 0, full: str = "block") -> None:
        self._maxsize = maxsize
        self._full = full

    def arrive(self, state: ChannelState, call: Call) -> ChannelState | None:
        """Send a request, take a message that will be answered or put back, begin an end."""
        match call.name, call.args:
            case "request", (name, payload, *_) if call.result != _ENDED:  # else it was not sent
                outcome = self._deliver(state, _NAMES.index(name), (payload, call.called), False)
                return outcome and outcome._replace(sent=outcome.sent | {call.called})
            case ("serve" | "receive") as what, (name, *_) if what == "serve" or call.result is INTERRUPTED:
                taken = _take(state, _NAMES.index(name))
                return taken and taken[1]._replace(in_hand=(*state.in_hand, (call.called, *taken[0])))
            case "shutdown", _:
                return state._replace(is_shutdown=True)
            case "unregister", _ if state.unregistered < 2:
                ids = {request for line in state.boxes[1] for _, request in line if request is not None}
                return state._replace(unregistered=1, boxes=(state.boxes[0], ((), ())), dead=state.dead | ids)
        return None

    def apply(self, state: ChannelState, call: Call) -> _Outcomes:
        """Yield what the call may return, and what is then inside."""
        if call.name == "request":
            return self._request(state, call)
        if call.name in {"serve", "receive"}:
            return self._receive(state, call)
        if call.result is INTERRUPTED:
            return iter(())
        return getattr(self, f"_{call.name}")(state, call, *call.args)  # type: ignore[no-any-return]

    def _deliver(self, state: ChannelState, where: int, letter: _Letter, is_control: bool) -> ChannelState | None:
        """Return the state with a letter in, None if it doesn't go in."""
        control, ordinary = state.boxes[where]
        line = control if is_control else ordinary
        if state.is_ended or (where and state.unregistered) or 0 < self._maxsize <= len(line):
            return None
        return _with(
            state, where, (*control, letter) if is_control else control, ordinary if is_control else (*ordinary, letter)
        )

    def _send(
        self, state: ChannelState, call: Call, name: str, payload: Any, is_control: bool, timeout: float | None = None
    ) -> _Outcomes:
        # With the end under way a mailbox may be reached by it, or not yet.
        is_ending = state.is_shutdown and call.returned != NEVER
        where = _NAMES.index(name)
        after = self._deliver(state, where, (payload, None), is_control)
        if is_ending or state.is_ended:
            yield _ENDED, state
        if after is not None:
            yield True, after
        elif state.is_ended or (where and state.unregistered) or self._full == "drop-newest":
            yield False, state
        elif timeout is not None:
            yield _FULL, state
        if is_ending:
            yield False, state

    def _publish(self, state: ChannelState, call: Call, payload: Any, timeout: float | None = None) -> _Outcomes:
        for result, after in self._send(state, call, "a", payload, False, timeout):
            yield result if result is _ENDED else int(result is True), after

    def _request(self, state: ChannelState, call: Call) -> _Outcomes:
        name, payload, *timeout = call.args
        mine = call.called
        if call.result is INTERRUPTED:
            yield INTERRUPTED, state._replace(late=state.late | {mine})
        elif mine not in state.sent:
            for result, after in self._send(state, call, name, payload, False, *timeout):
                if result is not True:
                    yield _UNDELIVERED if result is False else result, after
        elif mine in state.answered:
            yield ("re", payload), state
        elif mine in state.dead:
            yield _UNDELIVERED, state
        elif timeout:
            yield _LATE, state._replace(late=state.late | {mine})

    def _receive(self, state: ChannelState, call: Call) -> _Outcomes:
        name, *timeout = call.args
        where = _NAMES.index(name)
        for held in state.in_hand:
            if held[0] == call.called:
                after = state._replace(in_hand=tuple(other for other in state.in_hand if other is not held))
                yield from _put_back(after, held) if call.result is INTERRUPTED else _answer(after, held)
                return
        taken = _take(state, where)
        if call.result is INTERRUPTED:
            return
        if taken is not None:
            if call.name == "receive":
                yield taken[0][2][0], taken[1]
            return
        if where and state.unregistered == 2:
            yield _UNKNOWN, state
        if state.is_ended or (where and state.unregistered) or (state.is_shutdown and call.returned != NEVER):
            yield _ENDED, state
        if timeout and not state.is_ended:
            yield _EMPTY, state

    def _shutdown(self, state: ChannelState, _call: Call) -> _Outcomes:
        yield None, state._replace(is_ended=True)

    def _unregister(self, state: ChannelState, _call: Call, _name: str) -> _Outcomes:
        if state.unregistered == 2:
            yield _UNKNOWN, state
        yield None, state._replace(unregistered=2)


def _with(state: ChannelState, where: int, control: tuple[_Letter, ...], ordinary: tuple[_Letter, ...]) -> ChannelState:
    box = control, ordinary
    return state._replace(boxes=(state.boxes[0], box) if where else (box, state.boxes[1]))


def _take(state: ChannelState, where: int) -> tuple[tuple[int, bool, _Letter], ChannelState] | None:
    control, ordinary = state.boxes[where]
    if control:
        return (where, True, control[0]), _with(state, where, control[1:], ordinary)
    if ordinary:
        return (where, False, ordinary[0]), _with(state, where, control, ordinary[1:])
    return None


def _put_back(state: ChannelState, held: tuple[int, int, bool, _Letter]) -> _Outcomes:
    _, where, is_control, letter = held
    control, ordinary = state.boxes[where]
    if where and state.unregistered:
        yield INTERRUPTED, state if letter[1] is None else state._replace(dead=state.dead | {letter[1]})
    elif is_control:
        yield INTERRUPTED, _with(state, where, (letter, *control), ordinary)
    else:
        yield INTERRUPTED, _with(state, where, control, (letter, *ordinary))


def _answer(state: ChannelState, held: tuple[int, int, bool, _Letter]) -> _Outcomes:
    payload, request = held[3]
    if request is None:
        yield (payload, None), state
    elif request in state.late:
        yield (payload, False), state
    else:
        yield (payload, True), state._replace(answered=state.answered | {request})


def _to(random: Random) -> str:
    return "a" if random.random() < 0.7 else "b"


CHANNEL = Spec(
    "Channel",
    make_channel,
    ChannelModel,
    operations=[
        Operation("send", lambda random, serial: (_to(random), serial, False), 4),
        Operation("send", lambda random, serial: (_to(random), serial, True), 2),
        Operation("send", lambda random, serial: (_to(random), serial, False, 1.0), 1),
        Operation("publish", lambda _random, serial: (serial, 1.0), 2),
        Operation("receive", lambda random, _serial: (_to(random),), 3),
        Operation("receive", lambda random, _serial: (_to(random), 1.0), 2),
        Operation("request", lambda random, serial: (_to(random), serial), 4),
        Operation("request", lambda random, serial: (_to(random), serial, 1.0), 2),
        Operation("serve", lambda random, _serial: (_to(random),), 5),
        Operation("serve", lambda random, _serial: (_to(random), 1.0), 3),
        Operation("unregister", lambda _random, _serial: ("b",)),
        Operation("shutdown"),
    ],
    configs=[{}, {"maxsize": 1}, {"maxsize": 1, "full": "drop-newest"}],
    actions=ACTIONS,
    raises=(Empty, Full, ShutDown, LookupError, TimeoutError, UndeliveredError),
    invariant=accounts_for_all,
    finish=Channel.shutdown,
    watched=(Channel,),
    interrupts=1,
)
