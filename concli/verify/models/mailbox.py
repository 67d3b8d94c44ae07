"""What a mailbox is: two lines, the one for CONTROL served first, and a policy for when one is full.

Besides, no message is lost or doubled: what was put is got, or inside, or a dead letter, once.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from concli.patterns.bounded_buffer import Empty, Full, ShutDown
from concli.patterns.mailbox import Mailbox, Message, MessageType
from concli.verify.history import INTERRUPTED, Call, Raised
from concli.verify.scenario import Operation, Spec

__all__ = ["MAILBOX", "MailboxModel", "MailboxState", "inside"]

_FULL, _EMPTY, _ENDED = Raised("Full"), Raised("Empty"), Raised("ShutDown")

_Line = tuple[Any, ...]


class MailboxState(NamedTuple):
    """The payloads inside, oldest first, whether the mailbox has ended, and what calls that fail have in hand."""

    control: _Line = ()
    ordinary: _Line = ()
    is_shutdown: bool = False
    is_cleared: bool = False
    in_hand: tuple[tuple[int, bool, Any], ...] = ()  # when the call began, whether it is CONTROL, the payload
    behind: int = 0  # of the ordinary, those that came while there was CONTROL
    looking: frozenset[int] = frozenset()  # gets that began when there was none, by when


class MailboxModel:
    """``put(payload, is_control, timeout)``, ``get(block, timeout)`` of the payload, and ``shutdown(immediate)``.

    CONTROL that comes while a get is under way may be passed over by that, in favour of what was there before.
    A put that is interrupted hasn't taken effect. A get that is interrupted may have had a message, which
    meanwhile others did not find; then it put that back to the front.
    """

    initial = MailboxState()

    def __init__(self, maxsize: int = 1000, full: str = "block") -> None:
        self._maxsize = maxsize
        self._full = full

    def apply(self, state: MailboxState, call: Call) -> Iterator[tuple[Any, MailboxState]]:
        """Yield what the call may return, and what is then inside."""
        if call.result is INTERRUPTED:
            return self._put_back(state, call)
        return getattr(self, f"_{call.name}")(state, call, *call.args)  # type: ignore[no-any-return]

    def arrive(self, state: MailboxState, call: Call) -> MailboxState | None:
        """Let a get look for CONTROL, and one that will be interrupted take a message."""
        if call.name != "get":
            return None
        if call.result is not INTERRUPTED:
            return None if state.control else state._replace(looking=state.looking | {call.called})
        if not state.control and not state.ordinary:
            return None
        _, after = next(self._get(state, call))
        held = call.called, bool(state.control), (*state.control, *state.ordinary)[0]
        return after._replace(in_hand=(*after.in_hand, held))

    def _put_back(self, state: MailboxState, call: Call) -> Iterator[tuple[Any, MailboxState]]:
        for held in state.in_hand:
            began, is_control, payload = held
            if began == call.called:
                after = state._replace(in_hand=tuple(other for other in state.in_hand if other != held))
                if state.is_cleared:
                    yield INTERRUPTED, after  # it is with the dead letters
                elif is_control:
                    behind = after.behind if after.control else 0
                    yield INTERRUPTED, after._replace(control=(payload, *after.control), behind=behind)
                else:
                    yield INTERRUPTED, after._replace(ordinary=(payload, *after.ordinary))

    def _put(
        self, state: MailboxState, call: Call, payload: Any, is_control: bool, timeout: float | None = None
    ) -> Iterator[tuple[Any, MailboxState]]:
        del call
        line = state.control if is_control else state.ordinary
        if state.is_shutdown:
            yield _ENDED, state
            return
        if 0 < self._maxsize <= len(line):
            if self._full == "raise" or (self._full == "block" and timeout is not None):
                yield _FULL, state
            if self._full == "drop-newest":
                yield False, state
            if self._full != "drop-oldest":
                return
            line = line[1:]
        line = (*line, payload)
        if is_control:
            yield True, state._replace(control=line)
        else:
            behind = min(state.behind + 1, len(line)) if state.control else 0
            yield True, state._replace(ordinary=line, behind=behind)

    def _get(
        self, state: MailboxState, call: Call, block: bool = True, timeout: float | None = None
    ) -> Iterator[tuple[Any, MailboxState]]:
        had_looked = call.called in state.looking
        state = state._replace(looking=state.looking - {call.called})
        control, ordinary, behind = state.control, state.ordinary, state.behind
        if control:
            yield control[0], state._replace(control=control[1:], behind=behind if control[1:] else 0)
        if len(ordinary) > behind if control and had_looked else ordinary and not control:
            yield ordinary[0], state._replace(ordinary=ordinary[1:])
        elif not control and state.is_shutdown:
            yield _ENDED, state
        elif not control and (not block or timeout is not None):
            yield _EMPTY, state

    def _shutdown(self, state: MailboxState, call: Call, immediate: bool = False) -> Iterator[tuple[Any, MailboxState]]:
        del call
        state = state._replace(is_shutdown=True)
        yield None, state._replace(control=(), ordinary=(), behind=0, is_cleared=True) if immediate else state


def _audit(mailbox: Mailbox) -> Counter[Any]:
    """Return how often each payload should be inside or among the dead letters."""
    audit: Counter[Any] = vars(mailbox).setdefault("audit", Counter())
    return audit


def _put(mailbox: Mailbox, payload: Any, is_control: bool, timeout: float | None = None) -> bool:
    is_in = mailbox.put(Message(MessageType.CONTROL if is_control else MessageType.DATA, payload), timeout)
    _audit(mailbox)[payload] += 1
    return is_in


def _get(mailbox: Mailbox, *args: Any) -> Any:
    payload = mailbox.get(*args).payload
    _audit(mailbox)[payload] -= 1
    return payload


def inside(*mailboxes: Mailbox) -> list[Any]:
    """Return the payloads of all messages inside."""
    # ruff: noqa: SLF001 - to see what is inside without taking it out
    lines = [line for mailbox in mailboxes for line in (mailbox._control, mailbox._ordinary, mailbox._behind)]
    return [message.payload for line in lines for message in line]


def _accounts_for_all(mailbox: Mailbox) -> None:
    # ruff: noqa: S101 - what an invariant is made of
    statistics = mailbox.statistics()
    is_here = Counter(inside(mailbox))
    is_here.update(letter.message.payload for letter in mailbox.dead_letters)
    should = Counter({payload: count for payload, count in _audit(mailbox).items() if count})
    assert is_here == should, (is_here, should)
    assert statistics.depth == len(mailbox) == len(inside(mailbox)), statistics
    assert not mailbox._getters or not len(mailbox), "somebody waits for a message, and there is one"
    putters = mailbox._putters or mailbox._control_putters
    assert not (mailbox.is_shutdown and (mailbox._getters or putters)), "somebody waits although all has ended"


MAILBOX = Spec(
    "Mailbox",
    Mailbox,
    MailboxModel,
    operations=[
        Operation("put", lambda _random, serial: (serial, False), 6),
        Operation("put", lambda _random, serial: (serial, True), 3),
        Operation("put", lambda random, serial: (serial, random.random() < 0.3, 1.0), 2),
        Operation("get", weight=7),
        Operation("get", lambda _random, _serial: (True, 1.0), 2),
        Operation("get", lambda _random, _serial: (False,), 2),
        Operation("shutdown"),
        Operation("shutdown", lambda _random, _serial: (True,)),
    ],
    configs=[
        {"maxsize": 1},
        {"maxsize": 1},
        {"maxsize": 2},
        {"maxsize": 0},
        {"maxsize": 1, "full": "drop-oldest"},
        {"maxsize": 2, "full": "drop-oldest"},
        {"maxsize": 1, "full": "drop-newest"},
        {"maxsize": 2, "full": "raise"},
    ],
    actions={"put": _put, "get": _get},
    raises=(Empty, Full, ShutDown),
    invariant=_accounts_for_all,
    finish=Mailbox.shutdown,
    watched=(Mailbox.get, Mailbox.shutdown, Mailbox._make_room, Mailbox._take_all),
    granularity="line",
    interrupts=1,
)
