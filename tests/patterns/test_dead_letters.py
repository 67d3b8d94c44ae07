from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from concli.patterns._dead_letters import DeadLetter, DeadLetters, Message, MessageType, Reason

REASONS: list[Reason] = ["unknown", "dropped", "stopped", "failed", "late"]


@settings(deadline=None)
@given(st.lists(st.sampled_from(REASONS), max_size=30), st.integers(1, 10))
def test_all_are_counted_and_the_last_ones_kept(reasons: list[Reason], maxlen: int) -> None:
    dead = DeadLetters(maxlen)
    for number, reason in enumerate(reasons):
        dead.add(Message(MessageType.DATA, number), reason)
    assert dead.counts() == dict(Counter(reasons))
    assert [letter.message.payload for letter in dead] == list(range(len(reasons)))[-maxlen:]
    assert len(dead) == min(maxlen, len(reasons))


def test_somebody_may_hear_of_each_and_look_at_all_of_them_meanwhile() -> None:
    heard: list[DeadLetter] = []
    seen: list[int] = []

    def hear(letter: DeadLetter) -> None:
        heard.append(letter)
        seen.append(len(list(dead)))

    dead = DeadLetters(on_dead=hear)
    error = KeyError()
    dead.add(Message(MessageType.COMMAND), "failed", error)
    assert heard == [DeadLetter(Message(MessageType.COMMAND), "failed", error)]
    assert seen == [1]


def test_they_can_be_looked_through_while_more_come() -> None:
    dead = DeadLetters()
    dead.add(Message(MessageType.DATA), "late")
    for _ in dead:
        dead.add(Message(MessageType.DATA), "late")
    assert len(dead) == 2
