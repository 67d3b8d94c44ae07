import contextlib
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concli.patterns import Empty, Full, ShutDown, _sync
from concli.patterns.mailbox import DeadLetters, Mailbox, Message, MessageType, Policy

Spawn = Callable[..., Future[Any]]
ThrowInto = Callable[[Future[Any], type[BaseException]], None]
Until = Callable[[Callable[[], object]], None]

POLICIES: list[Policy] = ["block", "drop-oldest", "drop-newest", "raise"]


class Interrupt(BaseException):
    """What a signal or another thread throws in."""


def data(payload: object) -> Message:
    return Message(MessageType.DATA, payload)


def control(payload: object) -> Message:
    return Message(MessageType.CONTROL, payload)


def filled(full: Policy, *payloads: object) -> Mailbox:
    mailbox = Mailbox(len(payloads), full)
    for payload in payloads:
        mailbox.put(data(payload))
    return mailbox


def payloads_in(mailbox: Mailbox) -> list[object]:
    found = []
    with contextlib.suppress(Empty, ShutDown):
        while True:
            found.append(mailbox.get(block=False).payload)
    return found


def has_getters(mailbox: Mailbox, count: int) -> bool:
    return len(mailbox._getters) == count


def dead_in(mailbox: Mailbox) -> list[tuple[object, str]]:
    return [(letter.message.payload, letter.reason) for letter in mailbox.dead_letters]


# What comes out.


@settings(deadline=None)
@given(
    st.sampled_from(POLICIES),
    st.integers(0, 3),
    st.lists(st.sampled_from(["data", "control", "get"]), max_size=30),
)
def test_it_does_what_two_lists_with_a_limit_do(full: Policy, maxsize: int, operations: list[str]) -> None:
    mailbox = Mailbox(maxsize, full)
    lines: dict[str, list[int]] = {"control": [], "data": []}
    dead: list[tuple[object, str]] = []
    puts = gets = 0
    for number, operation in enumerate(operations):
        if operation == "get":
            line = lines["control"] or lines["data"]
            if line:
                assert mailbox.get().payload == line.pop(0)
                gets += 1
            else:
                with pytest.raises(Empty):
                    mailbox.get(timeout=0)
            continue
        message, line = (control if operation == "control" else data)(number), lines[operation]
        if maxsize and len(line) == maxsize:
            if full in {"block", "raise"}:
                with pytest.raises(Full):
                    mailbox.put(message, timeout=0)
                continue
            dead.append((line.pop(0) if full == "drop-oldest" else number, "dropped"))
            if full == "drop-newest":
                assert not mailbox.put(message)
                continue
        assert mailbox.put(message)
        line.append(number)
        puts += 1
    counted = mailbox.statistics()
    assert (counted.puts, counted.gets, counted.depth, counted.dropped) == (puts, gets, len(mailbox), len(dead))
    assert dead_in(mailbox) == dead
    assert payloads_in(mailbox) == lines["control"] + lines["data"]


def test_control_gets_in_when_there_is_no_room_and_comes_out_first() -> None:
    mailbox = filled("raise", 1, 2)
    mailbox.put(control("a"))
    mailbox.put(control("b"))
    with pytest.raises(Full):
        mailbox.put(control("c"))
    assert payloads_in(mailbox) == ["a", "b", 1, 2]
    assert mailbox.statistics().peak == 2


def test_a_policy_that_is_none_is_an_error() -> None:
    with pytest.raises(ValueError, match="drop-oldest"):
        Mailbox(1, "ignore")  # type: ignore[arg-type]


def test_several_mailboxes_may_share_their_dead_letters() -> None:
    dead = DeadLetters()
    for number in range(2):
        mailbox = Mailbox(1, "drop-newest", dead_letters=dead)
        mailbox.put(data(0))
        mailbox.put(data(number))
    assert dead.counts() == {"dropped": 2}


def test_a_negative_timeout_is_an_error_whether_or_not_there_is_anything_to_wait_for() -> None:
    mailbox = filled("block", 1)
    for call in (lambda: mailbox.get(timeout=-1), lambda: mailbox.put(control(1), timeout=-1)):
        with pytest.raises(ValueError):
            call()
    assert payloads_in(mailbox) == [1]


# Waiting.


def test_getters_wait_and_are_served_in_the_order_in_which_they_came(spawn: Spawn, until: Until) -> None:
    mailbox = Mailbox()
    getters = []
    for number in range(3):
        getters.append(spawn(mailbox.get))
        until(partial(has_getters, mailbox, number + 1))
    for number, getter in enumerate(getters):
        mailbox.put(data(number))
        assert getter.result().payload == number
    assert mailbox.statistics()[1:5] == (0, 0, 3, 3)


@pytest.mark.parametrize("message", [data, control])
def test_a_putter_waits_for_room_in_its_own_line(
    message: Callable[[object], Message], spawn: Spawn, until: Until
) -> None:
    mailbox = Mailbox(1)
    mailbox.put(message(1))
    putter = spawn(mailbox.put, message(2))
    until(lambda: mailbox.statistics().put_waits == 1)
    assert mailbox.get().payload == 1
    assert putter.result()
    assert payloads_in(mailbox) == [2]
    assert mailbox.statistics().peak == 1


def test_timeouts_leave_nobody_in_the_lines() -> None:
    mailbox = Mailbox(1)
    with pytest.raises(Empty):
        mailbox.get(timeout=0.01)
    mailbox.put(data(1))
    with pytest.raises(Full):
        mailbox.put(data(2), timeout=0.01)
    assert (len(mailbox._getters), len(mailbox._putters)) == (0, 0)
    assert mailbox.get(timeout=0).payload == 1


def test_the_seconds_waited_are_counted_while_a_wait_goes_on_and_after_it_has_ended(
    monkeypatch: pytest.MonkeyPatch, spawn: Spawn, until: Until
) -> None:
    now = 0.0
    monkeypatch.setattr(_sync, "monotonic", lambda: now)
    mailbox = Mailbox(1)
    mailbox.put(data(1))
    mailbox.get()
    assert (mailbox.statistics().get_wait_s, mailbox.statistics().put_wait_s) == (0, 0)
    getter = spawn(mailbox.get)
    until(partial(has_getters, mailbox, 1))
    now = 3.0
    assert mailbox.statistics().get_wait_s == 3
    mailbox.put(data(2))
    getter.result()
    mailbox.put(data(3))
    putter = spawn(mailbox.put, data(4))
    until(lambda: mailbox.statistics().put_waits == 1)
    now = 8.0
    assert mailbox.statistics().get_wait_s == 3
    assert mailbox.statistics().put_wait_s == 5
    mailbox.get()
    putter.result()
    now = 10.0
    assert (mailbox.statistics().get_wait_s, mailbox.statistics().put_wait_s) == (3, 5)


@pytest.mark.parametrize("end", ["shutdown", "interrupt", "timeout"])
def test_a_wait_that_ends_without_a_message_counts_with_its_seconds(
    end: str, monkeypatch: pytest.MonkeyPatch, spawn: Spawn, until: Until, throw_into: ThrowInto
) -> None:
    now = 0.0
    monkeypatch.setattr(_sync, "monotonic", lambda: now)
    mailbox = Mailbox()
    getter = spawn(mailbox.get, timeout=0.02 if end == "timeout" else None)
    until(partial(has_getters, mailbox, 1))
    now = 3.0
    if end == "shutdown":
        mailbox.shutdown()
    if end == "interrupt":
        throw_into(getter, Interrupt)
        mailbox.put(data(1))  # wakes it
    with pytest.raises((ShutDown, Interrupt, Empty)):
        getter.result()
    now = 5.0
    assert mailbox.statistics().get_wait_s == 3


class MutexThatLetsOthersGoFirst:
    """A lock that, the second time it is taken, finds that something has happened while it was free."""

    def __init__(self, happening: Callable[[], object]) -> None:
        self._lock = threading.Lock()
        self._happenings = iter([lambda: None, happening])

    def __enter__(self) -> None:
        next(self._happenings, lambda: None)()
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def test_a_getter_takes_what_came_at_the_moment_of_its_timeout() -> None:
    mailbox = Mailbox()
    mailbox._mutex = MutexThatLetsOthersGoFirst(lambda: mailbox._hand_over(data(1)))  # type: ignore[assignment]
    assert mailbox.get(timeout=0).payload == 1


def test_a_getter_that_is_interrupted_passes_its_message_on(spawn: Spawn, until: Until, throw_into: ThrowInto) -> None:
    mailbox = Mailbox()
    first = spawn(mailbox.get)
    until(lambda: mailbox.statistics().get_waits == 1)
    second = spawn(mailbox.get)
    until(lambda: mailbox.statistics().get_waits == 2)
    throw_into(first, Interrupt)
    mailbox.put(data(1))
    with pytest.raises(Interrupt):
        first.result()
    assert second.result().payload == 1
    assert mailbox.statistics().gets == 1


def test_a_getter_that_is_interrupted_puts_its_message_back(spawn: Spawn, until: Until, throw_into: ThrowInto) -> None:
    mailbox = Mailbox()
    getter = spawn(mailbox.get)
    until(lambda: mailbox.statistics().get_waits == 1)
    throw_into(getter, Interrupt)
    mailbox.put(data(1))
    with pytest.raises(Interrupt):
        getter.result()
    mailbox.put(data(2))
    assert payloads_in(mailbox) == [1, 2]


def test_a_putter_that_is_interrupted_passes_the_room_on(spawn: Spawn, until: Until, throw_into: ThrowInto) -> None:
    mailbox = filled("block", 1)
    first = spawn(mailbox.put, data(2))
    until(lambda: mailbox.statistics().put_waits == 1)
    second = spawn(mailbox.put, data(3))
    until(lambda: mailbox.statistics().put_waits == 2)
    throw_into(first, Interrupt)
    assert mailbox.get().payload == 1
    with pytest.raises(Interrupt):
        first.result()
    second.result()
    assert payloads_in(mailbox) == [3]
    assert len(mailbox._putters) == 0


def test_gets_stop_looking_for_putters_when_the_last_has_been_woken(spawn: Spawn, until: Until) -> None:
    mailbox = filled("block", 1, 2)
    putter = spawn(mailbox.put, data(3))
    until(lambda: mailbox.statistics().put_waits == 1)
    assert mailbox._is_wanted
    assert mailbox.get().payload == 1
    assert not mailbox._is_wanted
    putter.result()
    assert payloads_in(mailbox) == [2, 3]


def test_a_getter_that_is_interrupted_before_it_can_say_that_there_is_room_keeps_its_message_inside(
    spawn: Spawn, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox = filled("block", 1)
    putter = spawn(mailbox.put, data(2))
    until(lambda: len(mailbox._putters) == 1)
    with monkeypatch.context() as patch:

        def interrupted(*_: object) -> None:
            raise Interrupt

        patch.setattr(type(mailbox._putters), "wake", interrupted)
        with pytest.raises(Interrupt):
            mailbox.get()
    assert mailbox.get().payload == 1
    putter.result()
    assert payloads_in(mailbox) == [2]


def test_a_getter_that_finds_nothing_makes_sure_that_nobody_waits_for_the_room(spawn: Spawn, until: Until) -> None:
    mailbox = filled("block", 1)
    putter = spawn(mailbox.put, data(2))
    until(lambda: len(mailbox._putters) == 1)
    mailbox._ordinary.popleft()  # as one does that is interrupted at once
    assert mailbox.get().payload == 2
    putter.result()


# The end.


def test_after_shutdown_what_is_inside_can_be_got_and_then_all_is_over() -> None:
    mailbox = filled("block", 1, 2)
    mailbox.shutdown()
    with pytest.raises(ShutDown):
        mailbox.put(data(3))
    assert (mailbox.get().payload, mailbox.get().payload) == (1, 2)
    with pytest.raises(ShutDown):
        mailbox.get()
    assert mailbox.is_shutdown
    assert dead_in(mailbox) == []


@pytest.mark.parametrize("full", POLICIES)
def test_an_immediate_shutdown_leaves_all_to_the_dead_letters(full: Policy) -> None:
    mailbox = filled(full, 1, 2)
    mailbox.put(control("c"))
    mailbox.shutdown(immediate=True)
    with pytest.raises(ShutDown):
        mailbox.get()
    with pytest.raises(ShutDown):
        mailbox.put(data(4))
    assert dead_in(mailbox) == [("c", "stopped"), (1, "stopped"), (2, "stopped")]
    assert mailbox.statistics().gets == 0


@pytest.mark.parametrize("immediate", [False, True])
def test_shutting_down_wakes_everybody(immediate: bool, spawn: Spawn, until: Until) -> None:
    empty, full = Mailbox(), filled("block", 1)
    getters = [spawn(empty.get) for _ in range(2)]
    full.put(control(1))
    putters = [spawn(full.put, message(2)) for message in (data, data, control, control)]
    until(lambda: 2 * empty.statistics().get_waits == full.statistics().put_waits == 4)
    empty.shutdown(immediate)
    full.shutdown(immediate)
    for ended in (*getters, *putters):
        with pytest.raises(ShutDown):
            ended.result()


# Many threads.


@settings(deadline=None, max_examples=20)
@given(st.lists(st.lists(st.booleans(), max_size=40), min_size=1, max_size=3), st.integers(1, 3), st.integers(1, 4))
def test_every_message_comes_out_once_and_those_of_a_sender_in_order(
    senders: list[list[bool]], getters: int, maxsize: int
) -> None:
    mailbox = Mailbox(maxsize)
    found: list[list[Message]] = [[] for _ in range(getters)]

    def send(number: int) -> None:
        for position, urgent in enumerate(senders[number]):
            mailbox.put((control if urgent else data)((number, position)))

    def collect(own: list[Message]) -> None:
        with contextlib.suppress(ShutDown):
            while True:
                own.append(mailbox.get())

    sending = [threading.Thread(target=send, args=(number,)) for number in range(len(senders))]
    getting = [threading.Thread(target=collect, args=(own,)) for own in found]
    for thread in sending + getting:
        thread.start()
    for thread in sending:
        thread.join()
    mailbox.shutdown()
    for thread in getting:
        thread.join()
    everything = sorted(message.payload for one in found for message in one)
    assert everything == [(number, position) for number, own in enumerate(senders) for position in range(len(own))]
    for kind, sender in product((MessageType.CONTROL, MessageType.DATA), range(len(senders))):
        for one in found:
            own = [message.payload for message in one if (message.kind, message.payload[0]) == (kind, sender)]
            assert own == sorted(own)


def put_some(mailbox: Mailbox, seed: int, accepted: list[int]) -> None:
    rng = random.Random(seed)
    for number in range(1500):
        with contextlib.suppress(Full):
            message = (control if rng.random() < 0.1 else data)((seed, number))
            accepted[seed] += mailbox.put(message, timeout=rng.random() / 1000)


def get_some(mailbox: Mailbox, seed: int) -> list[object]:
    rng, found = random.Random(seed), []
    while True:
        try:
            found.append(mailbox.get(timeout=rng.random() / 1000).payload)
        except Empty:
            pass
        except ShutDown:
            return found


@pytest.mark.stress
@pytest.mark.usefixtures("tiny_switch_interval")
@pytest.mark.parametrize("full", POLICIES)
@pytest.mark.parametrize("maxsize", [1, 3])
def test_under_random_timeouts_everything_is_somewhere(full: Policy, maxsize: int, spawn: Spawn) -> None:
    mailbox = Mailbox(maxsize, full, dead_letters=DeadLetters(100_000))
    accepted = [0] * 4
    getters = [spawn(get_some, mailbox, seed) for seed in range(3)]
    putters = [spawn(put_some, mailbox, seed, accepted) for seed in range(4)]
    for putter in putters:
        putter.result(30)
    mailbox.shutdown()
    found = [payload for getter in getters for payload in getter.result(30)]
    dead = len(mailbox.dead_letters) if full == "drop-oldest" else 0
    assert len(found) + dead == sum(accepted) == mailbox.statistics().puts
    assert len(set(found)) == len(found) == mailbox.statistics().gets


@pytest.mark.stress
@pytest.mark.usefixtures("tiny_switch_interval")
def test_interrupts_thrown_into_waiting_threads_leave_the_mailbox_usable(
    spawn: Spawn, throw_into: ThrowInto, until: Until
) -> None:
    end = time.monotonic() + 4
    rng = random.Random(0)
    while time.monotonic() < end:
        mailbox = Mailbox(1)
        getters = [spawn(mailbox.get) for _ in range(3)]
        until(partial(has_getters, mailbox, 3))
        throw_into(rng.choice(getters), Interrupt)
        sent = 2
        for number in range(sent):
            mailbox.put(data(number))
        interrupted, found = 0, []
        mailbox.shutdown()
        for getter in getters:
            try:
                found.append(getter.result().payload)
            except Interrupt:
                interrupted += 1
            except ShutDown:
                pass
        assert interrupted == 1
        assert sorted([*found, *payloads_in(mailbox)]) == [0, 1]
