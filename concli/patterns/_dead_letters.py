"""Messages, and where those go that reach nobody."""

import enum
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal, NamedTuple

from concli.patterns import _sync
from concli.patterns._waiters import _acquire_despite_interrupts

__all__ = ["DeadLetter", "DeadLetters", "Message", "MessageType", "Reason"]

Reason = Literal["unknown", "dropped", "stopped", "failed", "late"]


class MessageType(enum.Enum):
    """What a message is for. CONTROL overtakes all others; RESPONSE finds its way to who asked."""

    COMMAND = "command"
    DATA = "data"
    CONTROL = "control"
    RESPONSE = "response"


class Message(NamedTuple):
    """What is sent. With a ``correlation_id`` it asks for a RESPONSE, or is the one with the same id."""

    kind: MessageType
    payload: Any = None
    recipient: str = ""
    sender: str | None = None
    correlation_id: int | str | None = None
    error: BaseException | None = None  # of a RESPONSE: what the handler raised
    topic: str | None = None  # of a published message


class DeadLetter(NamedTuple):
    """A message that reached nobody.

    ``unknown``: there is no such recipient, or no subscriber. ``dropped``: the mailbox was full.
    ``stopped``: the recipient has ended. ``failed``: its handler raised ``error`` and there was nobody
    to tell. ``late``: a response that nobody waits for any more.
    """

    message: Message
    reason: Reason
    error: BaseException | None = None


class DeadLetters:
    """The last ``maxlen`` messages that reached nobody, and the count of all of them."""

    def __init__(self, maxlen: int = 1000, *, on_dead: Callable[[DeadLetter], object] | None = None) -> None:
        # The mutex guards both fields. `on_dead` is called without it, but maybe with that of a mailbox.
        self._mutex = _sync.Lock()
        self._letters: deque[DeadLetter] = deque(maxlen=maxlen)
        self._counts: Counter[Reason] = Counter()
        self._on_dead = on_dead

    def add(self, message: Message, reason: Reason, error: BaseException | None = None) -> None:
        """Keep a message, at the expense of the oldest if there are ``maxlen``, and count it."""
        self._keep([DeadLetter(message, reason, error)])

    def add_all(self, messages: Iterable[Message], reason: Reason) -> None:
        """Keep several messages."""
        self._keep([DeadLetter(message, reason) for message in messages])

    def _keep(self, letters: list[DeadLetter]) -> None:
        # Whoever brings them has no other place for them: an interrupt is raised when they are kept.
        try:
            _acquire_despite_interrupts(self._mutex)
        finally:
            self._letters += letters
            for letter in letters:
                self._counts[letter.reason] += 1
            self._mutex.release()
            if self._on_dead is not None:
                for letter in letters:
                    self._on_dead(letter)

    def counts(self) -> dict[Reason, int]:
        """Return how many there have been for each reason, those no longer kept included."""
        with self._mutex:
            return dict(self._counts)

    def __len__(self) -> int:
        return len(self._letters)

    def __iter__(self) -> Iterator[DeadLetter]:
        with self._mutex:
            return iter(list(self._letters))
