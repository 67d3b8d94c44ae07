import contextvars
import ctypes
import random
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest

from concli.patterns import Full
from concli.patterns._dead_letters import Message, MessageType
from concli.patterns.channel import Channel, UndeliveredError
from concli.patterns.worker import Worker

Spawn = Callable[..., Future[Any]]
Until = Callable[[Callable[[], object]], None]


class Interrupt(BaseException):
    """What a signal or another thread throws in."""


@pytest.fixture
def channel() -> Channel:
    return Channel()


class Slow:
    """A handler that is held up until it is told to go on, and notes what it was given."""

    def __init__(self) -> None:
        self.began = threading.Event()
        self.go_on = threading.Event()
        self.seen: list[object] = []

    def __call__(self, message: Message) -> object:
        self.began.set()
        assert self.go_on.wait(10)
        self.seen.append(message.payload)
        return message.payload


def odd(message: Message) -> object:
    if message.payload % 2:
        raise KeyError(message.payload)
    return message.payload


def test_it_handles_messages_in_a_thread_of_its_own_in_the_order_in_which_they_came(channel: Channel) -> None:
    seen: list[tuple[object, str]] = []
    worker = Worker(channel, "w", lambda message: seen.append((message.payload, threading.current_thread().name)))
    channel.send("w", 0)
    with worker:
        for number in range(1, 5):
            channel.send("w", number)
    assert seen == [(number, "w") for number in range(5)]
    assert worker.statistics()[:2] == (5, 0)


def test_it_answers_requests_with_what_the_handler_returns(channel: Channel) -> None:
    with Worker(channel, "w", lambda message: message.payload * 2):
        assert [channel.request("w", number).payload for number in range(3)] == [0, 2, 4]


def test_a_handler_that_raises_answers_with_the_very_error_and_lives_on(channel: Channel) -> None:
    errors = [KeyError("a"), SystemExit(3), Interrupt()]

    def fail(message: Message) -> object:
        if message.payload is not None:
            raise errors[message.payload]
        return "alive"

    with Worker(channel, "w", fail) as worker:
        for number, error in enumerate(errors):
            with pytest.raises(type(error)) as caught:
                channel.request("w", number)
            assert caught.value is error
        assert channel.request("w").payload == "alive"
    assert worker.statistics()[:2] == (4, 3)


def test_an_error_is_told_to_a_sender_that_did_not_ask(channel: Channel) -> None:
    channel.register("me")
    with Worker(channel, "w", odd):
        channel.send("w", 1, sender="me")
        told = channel.receive("me", timeout=10)
    assert (told.kind, told.sender, type(told.error)) == (MessageType.RESPONSE, "w", KeyError)


def test_an_answer_goes_to_the_mailbox_of_a_sender_that_asked_without_waiting(channel: Channel) -> None:
    channel.register("me")
    with Worker(channel, "w", odd):
        channel.send("w", 2, MessageType.COMMAND, sender="me", correlation_id="mine")
        answer = channel.receive("me", timeout=10)
    assert (answer.payload, answer.correlation_id) == (2, "mine")


def test_an_error_that_nobody_can_be_told_of_is_with_the_dead_letters(channel: Channel) -> None:
    with Worker(channel, "w", odd):
        channel.send("w", 1)
        channel.send("w", 2)
    (letter,) = channel.dead_letters
    assert (letter.message.payload, letter.reason, type(letter.error)) == (1, "failed", KeyError)


def test_workers_whose_handlers_fail_at_each_others_errors_do_not_go_on_for_ever(channel: Channel) -> None:
    def fail(message: Message) -> object:
        raise KeyError(message.kind)

    with Worker(channel, "a", fail) as a:
        with Worker(channel, "b", fail):
            channel.send("b", sender="a", correlation_id="x")
        assert channel.dead_letters.counts() == {} or a.statistics().handled == 1
    assert channel.dead_letters.counts() == {"failed": 1}


def test_control_goes_first(channel: Channel) -> None:
    slow = Slow()
    with Worker(channel, "w", slow):
        channel.send("w", 1)
        assert slow.began.wait(10)
        channel.send("w", 2)
        channel.send("w", "now", MessageType.CONTROL)
        slow.go_on.set()
    assert slow.seen == [1, "now", 2]


def test_shutdown_drains_and_what_is_sent_meanwhile_is_a_dead_letter(channel: Channel) -> None:
    slow = Slow()
    worker = Worker(channel, "w", slow)
    worker.start()
    channel.send("w", 1)
    channel.send("w", 2)
    assert slow.began.wait(10)
    assert not worker.shutdown(wait=False)
    assert not worker.shutdown(timeout=0.01)
    assert not channel.send("w", 3)
    slow.go_on.set()
    assert worker.shutdown()
    assert worker.shutdown()
    assert slow.seen == [1, 2]
    assert not channel.send("w", 4)
    assert channel.dead_letters.counts() == {"stopped": 1, "unknown": 1}


def test_an_immediate_shutdown_leaves_the_rest_to_the_dead_letters_and_lets_no_request_wait(
    channel: Channel, spawn: Spawn, until: Until
) -> None:
    slow = Slow()
    worker = Worker(channel, "w", slow)
    worker.start()
    first = spawn(channel.request, "w", 1)
    assert slow.began.wait(10)
    channel.send("w", 2)
    second = spawn(channel.request, "w", 3)
    until(lambda: len(worker.mailbox) == 2)
    worker.shutdown(immediate=True, wait=False)
    with pytest.raises(UndeliveredError):
        second.result()
    slow.go_on.set()
    assert first.result().payload == 1
    assert worker.shutdown()
    assert [letter.message.payload for letter in channel.dead_letters] == [2, 3]


def test_a_worker_that_was_never_started_leaves_what_it_was_sent_to_the_dead_letters(channel: Channel) -> None:
    worker = Worker(channel, "w", odd)
    channel.send("w", 1)
    for _ in range(2):
        assert worker.shutdown()
    assert channel.dead_letters.counts() == {"stopped": 1}
    with pytest.raises(RuntimeError):
        worker.start()
    Worker(channel, "w", odd).shutdown()


def test_a_worker_starts_once(channel: Channel) -> None:
    with Worker(channel, "w", odd) as worker, pytest.raises(RuntimeError):
        worker.start()


def test_a_handler_may_shut_its_own_worker_down(channel: Channel) -> None:
    worker = Worker(channel, "w", lambda _: worker.shutdown())
    worker.start()
    assert channel.request("w").payload is False
    assert worker.shutdown()


def test_shutting_the_channel_down_ends_its_workers_when_they_are_through(channel: Channel) -> None:
    seen: list[object] = []
    worker = Worker(channel, "w", lambda message: seen.append(message.payload))
    for number in range(3):
        channel.send("w", number)
    channel.shutdown()
    worker.start()
    worker.shutdown()
    assert seen == [0, 1, 2]


def test_a_worker_whose_name_was_taken_over_leaves_its_successor_alone(channel: Channel) -> None:
    with Worker(channel, "w", odd):
        channel.unregister("w")
        successor = channel.register("w")
    assert channel.mailbox("w") is successor
    assert not successor.is_shutdown


def test_what_is_thrown_into_a_waiting_worker_ends_it_and_is_raised_by_shutdown(channel: Channel, until: Until) -> None:
    worker = Worker(channel, "w", odd)
    worker.start()
    until(lambda: worker.statistics().mailbox.get_waits == 1)
    assert worker._thread is not None
    ident = ctypes.c_ulong(worker._thread.ident or 0)
    assert ctypes.pythonapi.PyThreadState_SetAsyncExc(ident, ctypes.py_object(Interrupt)) == 1
    channel.send("w", 2)
    with pytest.raises(Interrupt):
        worker.shutdown()
    assert worker.shutdown()
    assert [(letter.message.payload, letter.reason) for letter in channel.dead_letters] == [(2, "stopped")]


def test_the_handler_runs_in_the_context_of_who_started_the_worker(channel: Channel) -> None:
    variable = contextvars.ContextVar("variable", default="default")
    variable.set("set")
    with Worker(channel, "w", lambda _: variable.get()):
        assert channel.request("w").payload == "set"


def test_leaving_the_block_by_an_error_drops_the_rest(channel: Channel) -> None:
    slow = Slow()

    def leave() -> None:
        with Worker(channel, "w", slow):
            channel.send("w", 1)
            assert slow.began.wait(10)
            channel.send("w", 2)
            threading.Timer(0.01, slow.go_on.set).start()
            raise KeyError

    with pytest.raises(KeyError):
        leave()
    assert slow.seen == [1]
    assert channel.dead_letters.counts() == {"stopped": 1}


@pytest.mark.stress
@pytest.mark.usefixtures("tiny_switch_interval")
@pytest.mark.parametrize("immediate", [False, True])
def test_every_request_is_answered_while_handlers_raise_and_workers_come_and_go(
    immediate: bool, channel: Channel, spawn: Spawn
) -> None:
    def ask(seed: int) -> int:
        rng, outcomes = random.Random(seed), 0
        for number in range(400):
            try:
                answer = channel.request(f"w{rng.randrange(3)}", number, timeout=rng.choice([None, rng.random() / 500]))
                assert answer.payload == number
                assert number % 2 == 0
            except KeyError as error:
                outcomes += error.args != (number,)  # somebody else's
            except (UndeliveredError, TimeoutError, Full):
                pass
            outcomes += 1
        return outcomes

    asking = [spawn(ask, seed) for seed in range(4)]
    while not all(one.done() for one in asking):
        workers = [Worker(channel, f"w{number}", odd, maxsize=2) for number in range(3)]
        for worker in workers:
            worker.start()
        asking[0].done() or threading.Event().wait(0.01)
        for worker in workers:
            assert worker.shutdown(immediate, timeout=10)
    assert [one.result() for one in asking] == [400] * 4
    assert channel.statistics().pending == 0
