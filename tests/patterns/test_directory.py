import pytest

from concli.patterns import ShutDown
from concli.patterns._dead_letters import DeadLetters, Message, MessageType
from concli.patterns._directory import Directory


@pytest.fixture
def directory() -> Directory:
    return Directory(DeadLetters())


def test_a_mailbox_is_found_by_its_name_until_it_is_unregistered(directory: Directory) -> None:
    mailbox = directory.register("a", 3, "raise")
    assert (mailbox.maxsize, mailbox.full) == (3, "raise")
    assert directory.mailbox("a") is mailbox
    directory.unregister("a")
    with pytest.raises(LookupError):
        directory.mailbox("a")
    assert directory.register("a") is not mailbox


def test_a_name_is_given_once(directory: Directory) -> None:
    directory.register("a")
    with pytest.raises(ValueError):
        directory.register("a")


def test_what_is_inside_when_a_mailbox_is_unregistered_is_dead(directory: Directory) -> None:
    mailbox = directory.register("a")
    mailbox.put(Message(MessageType.DATA, 1))
    directory.unregister("a")
    assert directory.dead_letters.counts() == {"stopped": 1}
    assert mailbox.is_shutdown


def test_subscriptions_end_by_unsubscribing_and_with_the_mailbox(directory: Directory) -> None:
    for name in ("a", "b"):
        directory.register(name)
        directory.subscribe(name, "x", "y")
        directory.subscribe(name, "x")
    assert directory._topics == {"x": ("a", "b"), "y": ("a", "b")}
    directory.unsubscribe("a", "x", "z")
    assert directory._topics == {"x": ("b",), "y": ("a", "b")}
    directory.unregister("b")
    assert directory._topics == {"y": ("a",)}


def test_who_is_not_there_can_neither_subscribe_nor_go(directory: Directory) -> None:
    with pytest.raises(LookupError):
        directory.subscribe("a", "x")
    with pytest.raises(LookupError):
        directory.unregister("a")


@pytest.mark.parametrize("immediate", [False, True])
def test_shutting_down_ends_all_mailboxes_and_lets_nobody_in(directory: Directory, immediate: bool) -> None:
    mailbox = directory.register("a")
    mailbox.put(Message(MessageType.DATA, 1))
    directory.shutdown(immediate)
    with pytest.raises(ShutDown):
        directory.register("b")
    assert len(mailbox) == (0 if immediate else 1)
    assert len(directory.dead_letters) == (1 if immediate else 0)
    with pytest.raises(ShutDown):
        mailbox.put(Message(MessageType.DATA, 2))
