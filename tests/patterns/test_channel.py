import gc
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest

from concli.patterns import Empty, Full, ShutDown
from concli.patterns._dead_letters import Message, MessageType
from concli.patterns.channel import Channel, UndeliveredError

Spawn = Callable[..., Future[Any]]
ThrowInto = Callable[[Future[Any], type[BaseException]], None]
Until = Callable[[Callable[[], object]], None]


class Interrupt(BaseException):
    """What a signal or another thread throws in."""


@pytest.fixture
def channel() -> Channel:
    return Channel()


def dead_in(channel: Channel) -> list[tuple[object, str]]:
    return [(letter.message.payload, letter.reason) for letter in channel.dead_letters]


# Sending.


@pytest.mark.parametrize("kind", MessageType)
def test_a_message_arrives_as_it_was_sent(channel: Channel, kind: MessageType) -> None:
    channel.register("a")
    assert channel.send("a", [1], kind, sender="b", correlation_id="x")
    assert channel.receive("a") == Message(kind, [1], "a", "b", "x", None, None)


def test_what_is_sent_to_nobody_is_a_dead_letter(channel: Channel) -> None:
    assert not channel.send("nobody", 1)
    assert dead_in(channel) == [(1, "unknown")]


def test_what_is_sent_to_one_that_has_ended_is_a_dead_letter(channel: Channel) -> None:
    channel.register("a").shutdown()
    assert not channel.send("a", 1)
    assert dead_in(channel) == [(1, "stopped")]


def test_a_full_mailbox_does_as_it_was_registered_to(channel: Channel) -> None:
    for name, full in (("o", "drop-oldest"), ("n", "drop-newest"), ("r", "raise"), ("b", "block")):
        channel.register(name, 1, full)  # type: ignore[arg-type]
        assert channel.send(name, name)
    assert channel.send("o", "new")
    assert not channel.send("n", "newest")
    with pytest.raises(Full):
        channel.send("r")
    with pytest.raises(Full):
        channel.send("b", timeout=0.01)
    assert dead_in(channel) == [("o", "dropped"), ("newest", "dropped")]


def test_receiving_waits_for_its_timeout_and_knows_the_names(channel: Channel) -> None:
    channel.register("a")
    with pytest.raises(Empty):
        channel.receive("a", timeout=0.01)
    with pytest.raises(LookupError):
        channel.receive("b")


def test_what_is_published_reaches_each_subscriber_once(channel: Channel) -> None:
    for name in ("a", "b", "c"):
        channel.register(name)
    channel.subscribe("a", "x", "y")
    channel.subscribe("b", "x")
    channel.subscribe("b", "x")
    assert channel.publish("x", 1, sender="s") == 2
    assert channel.receive("a") == Message(MessageType.DATA, 1, "a", "s", None, None, "x")
    assert channel.receive("b").recipient == "b"
    channel.unsubscribe("a", "y")
    assert channel.publish("y", 2) == 0
    assert dead_in(channel) == [(2, "unknown")]


def test_a_subscriber_that_has_no_room_or_has_ended_keeps_nothing_from_the_others(channel: Channel) -> None:
    for name in ("full", "blocked", "ended", "ready"):
        channel.register(name, 1, "raise" if name == "full" else "block")
        channel.subscribe(name, "x")
    channel.send("full", 0)
    channel.send("blocked", 0)
    channel.mailbox("ended").shutdown()
    assert channel.publish("x", 1, timeout=0.01) == 1
    assert channel.receive("ready").payload == 1
    assert dead_in(channel) == [(1, "dropped"), (1, "dropped"), (1, "stopped")]


# Asking.


def test_a_request_returns_the_response_with_its_correlation_id(channel: Channel, spawn: Spawn) -> None:
    channel.register("a")
    asking = spawn(channel.request, "a", 1, sender="me")
    request = channel.receive("a")
    assert (request.kind, request.payload, request.sender) == (MessageType.COMMAND, 1, "me")
    assert channel.respond(request, 2)
    answer = asking.result()
    assert (answer.kind, answer.payload, answer.sender) == (MessageType.RESPONSE, 2, "a")
    assert answer.correlation_id == request.correlation_id is not None
    assert channel.statistics()[1:3] == (1, 0)


def test_a_response_that_is_sent_by_hand_finds_its_way_too(channel: Channel, spawn: Spawn) -> None:
    channel.register("a")
    asking = spawn(channel.request, "a")
    request = channel.receive("a")
    assert channel.send("whoever", 2, MessageType.RESPONSE, correlation_id=request.correlation_id)
    assert asking.result().payload == 2


def test_requests_of_many_threads_are_not_mixed_up(channel: Channel, spawn: Spawn, until: Until) -> None:
    mailbox = channel.register("a")
    asking = [spawn(channel.request, "a", number) for number in range(5)]
    until(lambda: len(mailbox) == 5)
    for request in reversed([mailbox.get() for _ in range(5)]):
        channel.respond(request, request.payload * 10)
    assert [one.result().payload for one in asking] == [0, 10, 20, 30, 40]


def test_an_error_is_raised_where_it_was_asked_for_and_leaves_no_cycle(channel: Channel, spawn: Spawn) -> None:
    class OddError(Exception):
        pass

    error = OddError("odd")
    gone = weakref.ref(error)
    channel.register("a")

    def ask() -> bool:
        try:
            channel.request("a")
        except OddError as caught:
            return caught is gone()
        return False

    gc.collect()
    gc.disable()
    try:
        asking = spawn(ask)
        channel.respond(channel.receive("a"), error=error)
        del error
        assert asking.result()
        assert gone() is None
    finally:
        gc.enable()


def test_a_request_that_times_out_is_forgotten_and_its_answer_is_late(channel: Channel) -> None:
    channel.register("a")
    with pytest.raises(TimeoutError, match="'a'"):
        channel.request("a", 1, timeout=0.01)
    assert channel.statistics().pending == 0
    assert not channel.respond(channel.receive("a"), 2)
    assert dead_in(channel) == [(2, "late")]
    with pytest.raises(ValueError):
        channel.request("a", 1, timeout=-1)


def test_an_answer_that_comes_at_the_moment_of_the_timeout_counts(
    channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel.register("a")
    begun: list[tuple[Any, Message]] = []

    def too_late(_: float | None) -> float:
        request = channel.receive("a")
        begun.append((channel._pending.pop(request.correlation_id), request))  # as `_answer` begins
        return 0

    class Lock:
        def acquire(self, *timeout: object) -> bool:
            for pending, request in begun if not timeout else ():
                pending.answer = request  # as it ends
            return not timeout

        def release(self) -> None:
            pass

    monkeypatch.setattr("concli.patterns._sync.Lock", Lock)
    monkeypatch.setattr("concli.patterns._sync.remaining", too_late)
    assert channel.request("a", 1, timeout=5).payload == 1


@pytest.mark.parametrize("why", ["unknown", "stopped", "dropped", "left", "forgotten"])
def test_a_request_that_reaches_nobody_says_so_at_once(channel: Channel, why: str, spawn: Spawn, until: Until) -> None:
    if why != "unknown":
        mailbox = channel.register("a", 1, "drop-oldest" if why == "forgotten" else "drop-newest")
        if why == "stopped":
            mailbox.shutdown()
        if why == "dropped":
            channel.send("a")
    asking = spawn(channel.request, "a", 1)
    if why == "left":
        until(lambda: len(mailbox) == 1)
        channel.unregister("a")
    if why == "forgotten":
        until(lambda: len(mailbox) == 1)
        channel.send("a", 2)
    with pytest.raises(UndeliveredError, match="'a'") as caught:
        asking.result()
    assert caught.value.letter.reason == {"left": "stopped", "forgotten": "dropped"}.get(why, why)
    assert dead_in(channel) == [(1, caught.value.letter.reason)]
    assert channel.statistics().pending == 0


def test_a_request_to_one_that_has_no_room_raises_what_sending_raises(channel: Channel) -> None:
    channel.register("a", 1, "raise")
    channel.send("a")
    with pytest.raises(Full):
        channel.request("a")
    assert channel.statistics().pending == 0


def test_a_request_that_is_interrupted_is_forgotten(channel: Channel, spawn: Spawn, throw_into: ThrowInto) -> None:
    channel.register("a")
    asking = spawn(channel.request, "a", 1)
    request = channel.receive("a")
    pending = channel._pending[request.correlation_id]
    throw_into(asking, Interrupt)
    pending.answered.release()
    with pytest.raises(Interrupt):
        asking.result()
    assert channel.statistics().pending == 0
    assert not channel.respond(request, 2)


def test_a_message_with_a_correlation_id_is_answered_to_the_mailbox_of_its_sender(channel: Channel) -> None:
    channel.register("a")
    channel.register("me")
    channel.send("a", 1, sender="me", correlation_id="mine")
    assert channel.respond(channel.receive("a"), 2)
    assert channel.receive("me") == Message(MessageType.RESPONSE, 2, "me", "a", "mine", None, None)


@pytest.mark.parametrize(("sender", "reason"), [(None, "unknown"), ("full", "dropped"), ("ended", "stopped")])
def test_an_answer_that_nobody_can_take_is_a_dead_letter(channel: Channel, sender: str | None, reason: str) -> None:
    channel.register("full", 1, "raise")
    channel.send("full")
    channel.register("ended").shutdown()
    request = Message(MessageType.COMMAND, 1, "a", sender, "mine")
    assert not channel.respond(request, 2)
    assert dead_in(channel) == [(2, reason)]


# The end.


def test_after_shutdown_nothing_can_be_sent_and_what_is_inside_is_received_and_answered(
    channel: Channel, spawn: Spawn, until: Until
) -> None:
    mailbox = channel.register("a")
    asking = spawn(channel.request, "a", 1)
    until(lambda: len(mailbox) == 1)
    channel.shutdown()
    for call in (
        lambda: channel.send("a"),
        lambda: channel.publish("x"),
        lambda: channel.request("a"),
        lambda: channel.register("b"),
    ):
        with pytest.raises(ShutDown):
            call()
    channel.respond(channel.receive("a"), 2)
    assert asking.result().payload == 2
    with pytest.raises(ShutDown):
        channel.receive("a")


def test_an_immediate_shutdown_lets_no_request_wait(channel: Channel, spawn: Spawn, until: Until) -> None:
    mailbox = channel.register("a")
    asking = spawn(channel.request, "a", 1)
    until(lambda: len(mailbox) == 1)
    channel.shutdown(immediate=True)
    with pytest.raises(UndeliveredError):
        asking.result()


def test_the_dead_letters_are_bounded_and_counted() -> None:
    channel = Channel(dead_letters=2)
    for number in range(5):
        channel.send("nobody", number)
    assert dead_in(channel) == [(3, "unknown"), (4, "unknown")]
    assert channel.statistics().dead == {"unknown": 5}
    assert channel.statistics().mailboxes == {}


def test_statistics_have_every_mailbox(channel: Channel) -> None:
    channel.register("a")
    channel.register("b")
    channel.send("b")
    assert {name: one.puts for name, one in channel.statistics().mailboxes.items()} == {"a": 0, "b": 1}
