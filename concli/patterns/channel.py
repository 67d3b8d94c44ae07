"""Channel: threads that talk by sending messages to names.

Choose it where the parties are few, long-lived and known by what they do: commands to workers,
requests with an answer, announcements on topics. For a stream of items between two sides use
``BoundedBuffer``; for one result ``Future``; for independent calls ``ThreadPool``.

After Hohpe and Woolf, *Enterprise Integration Patterns*: message channel, publish-subscribe, request
and reply with a correlation identifier, dead letter channel.

Who waits for whom::

    send, while the mailbox is full --> its receiver      receive --> a sender      request --> the answer

Classic mistake: two workers that ask each other. Give ``request`` a timeout, or ask with ``send`` and
take the answer as a message like any other::

    worker A                      worker B
    handles x: request(B)
                                  handles y: request(A)
    waits for B's answer          waits for A's answer, for ever

Classic mistake: to take the next message for the answer. ``request`` goes by the correlation id::

    thread A                      worker
    send(question 1)
    has waited long enough
                                  answers question 1
    send(question 2)
    takes that for answer 2

>>> channel = Channel()
>>> _ = channel.register("log")
>>> channel.subscribe("log", "news")
>>> channel.send("log", "hello"), channel.publish("news", "rain"), channel.send("nobody", "?")
(True, 1, False)
>>> channel.receive("log").payload, channel.receive("log").topic
('hello', 'news')
>>> channel.dead_letters.counts()
{'unknown': 1}
"""

from queue import Full
from typing import Any, NamedTuple

from concli.patterns import _sync
from concli.patterns._dead_letters import DeadLetter, DeadLetters, Message, MessageType, Reason
from concli.patterns._directory import Directory
from concli.patterns._shutdown import ShutDown
from concli.patterns._waiters import RawLock
from concli.patterns.mailbox import MailboxStatistics

__all__ = ["Channel", "ChannelStatistics", "UndeliveredError"]

# Plain names: members are slow to look up on their class.
_COMMAND, _DATA, _RESPONSE = MessageType.COMMAND, MessageType.DATA, MessageType.RESPONSE
_new = tuple.__new__  # a Message by its own constructor takes twice as long


class UndeliveredError(Exception):
    """A request that reached nobody; ``letter`` says why."""

    def __init__(self, letter: DeadLetter) -> None:
        super().__init__(letter)
        self.letter = letter

    def __str__(self) -> str:
        return f"request to {self.letter.message.recipient!r}: {self.letter.reason}"


class ChannelStatistics(NamedTuple):
    """A frozen snapshot: each mailbox by its name, requests so far and those unanswered, dead letters by reason."""

    mailboxes: dict[str, MailboxStatistics]
    requests: int
    pending: int
    dead: dict[Reason, int]


class _Pending:
    """A request that waits for its answer."""

    __slots__ = ("answer", "answered")

    def __init__(self) -> None:
        self.answered: RawLock = _sync.Lock()  # free when the answer has come
        self.answered.acquire()
        self.answer: Message | None = None  # written before that, by whoever took the request out of the dict


class Channel(Directory):
    """Named mailboxes, subscriptions to topics, requests, and the dead letters of all of them.

    The order of messages from one thread to one recipient is kept, but for CONTROL, which goes first.
    A message that reaches nobody is in ``dead_letters`` (the last ``dead_letters`` of them are kept, all
    are counted), and a request that does raises ``UndeliveredError`` where it was made.
    """

    def __init__(self, *, dead_letters: int = 1000) -> None:
        super().__init__(DeadLetters(dead_letters, on_dead=self._answer_for_the_dead))
        self._requests = 0  # guarded by the mutex
        self._pending: dict[int | str | None, _Pending] = {}  # who takes an entry out (atomically) answers it

    def send(
        self,
        recipient: str,
        payload: Any = None,
        kind: MessageType = _DATA,
        *,
        sender: str | None = None,
        correlation_id: int | str | None = None,
        timeout: float | None = None,
    ) -> bool:
        """Send a message; False if it went to the dead letters.

        With a ``correlation_id`` (a string: numbers are the channel's own) a worker answers with a
        RESPONSE to the mailbox ``sender``. A full mailbox does as it was registered to: waits up to
        ``timeout`` seconds and raises ``Full``, say. Raises ``ShutDown`` if the channel has ended.
        """
        if self._is_shutdown:
            raise ShutDown
        message = _new(Message, (kind, payload, recipient, sender, correlation_id, None, None))
        if kind is _RESPONSE and self._answer(message):
            return True
        # As `_deliver` does; here, since a call more would be felt.
        mailbox = self._mailboxes.get(recipient)
        if mailbox is None:
            self.dead_letters.add(message, "unknown")
            return False
        try:
            return mailbox.put(message, timeout)
        except ShutDown:
            self.dead_letters.add(message, "stopped")
            return False

    def publish(
        self,
        topic: str,
        payload: Any = None,
        kind: MessageType = _DATA,
        *,
        sender: str | None = None,
        timeout: float | None = None,
    ) -> int:
        """Send a message to all subscribers of a topic and return how many it reached.

        One whose mailbox stays full for ``timeout`` seconds is passed over: its message is ``dropped``.
        """
        if self._is_shutdown:
            raise ShutDown
        deadline = _sync.deadline_after(timeout)
        names = self._topics.get(topic, ())
        if not names:
            self.dead_letters.add(Message(kind, payload, "", sender, None, None, topic), "unknown")
        messages = [Message(kind, payload, name, sender, None, None, topic) for name in names]
        return sum(self._deliver(message, deadline) for message in messages)

    def receive(self, name: str, timeout: float | None = None) -> Message:
        """Remove and return the next message of a mailbox, waiting up to ``timeout`` seconds.

        Raises ``Empty``, ``ShutDown`` when the mailbox has ended and nothing is left, and
        ``LookupError`` if there is no such mailbox.
        """
        return self.mailbox(name).get(True, timeout)

    def request(
        self,
        recipient: str,
        payload: Any = None,
        timeout: float | None = None,
        *,
        kind: MessageType = _COMMAND,
        sender: str | None = None,
    ) -> Message:
        """Send a message and return the RESPONSE to it, which has its correlation id.

        Raises what the recipient's handler raised; ``TimeoutError`` if no answer came in ``timeout``
        seconds; ``UndeliveredError`` if it reached nobody; and what ``send`` raises. A worker that asks
        itself waits for ever.
        """
        deadline = None if timeout is None else _sync.deadline_after(timeout)
        pending = _Pending()
        with self._mutex:
            if self._is_shutdown:
                raise ShutDown
            self._requests = number = self._requests + 1
            self._pending[number] = pending
        try:
            self.send(recipient, payload, kind, sender=sender, correlation_id=number, timeout=timeout)
            if not pending.answered.acquire(True, -1 if deadline is None else _sync.remaining(deadline)):
                if self._pending.pop(number, None) is not None:
                    raise TimeoutError(f"no answer from {recipient!r} in {timeout} seconds")
                pending.answered.acquire()  # it is just being answered
        except BaseException:
            self._pending.pop(number, None)
            raise
        answer = pending.answer
        assert answer is not None  # noqa: S101 - the lock says so
        if answer.error is not None:
            try:
                raise answer.error
            finally:
                del answer, pending  # or the traceback would hold this frame, and this frame the error
        return answer

    def respond(self, request: Message, payload: Any = None, *, error: BaseException | None = None) -> bool:
        """Answer a message: to whoever waits in ``request``, or else to the mailbox of its sender.

        False if the answer reached nobody. It works after ``shutdown`` too, for what is still inside.
        """
        _, _, recipient, sender, correlation_id, _, _ = request
        answer = _new(Message, (_RESPONSE, payload, sender or "", recipient, correlation_id, error, None))
        if self._answer(answer):
            return True
        if isinstance(correlation_id, int):
            self.dead_letters.add(answer, "late")
            return False
        return self._deliver(answer, None)

    def statistics(self) -> ChannelStatistics:
        """Return a frozen snapshot of the mailboxes that are registered now, one after the other."""
        with self._mutex:
            mailboxes, requests, pending = list(self._mailboxes.items()), self._requests, len(self._pending)
        return ChannelStatistics(
            mailboxes={name: mailbox.statistics() for name, mailbox in mailboxes},
            requests=requests,
            pending=pending,
            dead=self.dead_letters.counts(),
        )

    def _deliver(self, message: Message, deadline: float | None) -> bool:
        """Put a message into its recipient's mailbox, or to the dead letters whatever the cause."""
        mailbox = self._mailboxes.get(message.recipient)
        reason: Reason = "unknown"
        if mailbox is not None:
            try:
                return mailbox.put(message, None if deadline is None else _sync.remaining(deadline))
            except Full:
                reason = "dropped"
            except ShutDown:
                reason = "stopped"
        self.dead_letters.add(message, reason)
        return False

    def _answer(self, answer: Message) -> bool:
        """Hand an answer to the thread that waits for it; False if there is none."""
        pending = self._pending.pop(answer.correlation_id, None)
        if pending is None:
            return False
        pending.answer = answer
        pending.answered.release()
        return True

    def _answer_for_the_dead(self, letter: DeadLetter) -> None:
        kind, _, recipient, sender, correlation_id, _, _ = letter.message
        if kind is not _RESPONSE and correlation_id is not None:
            error = UndeliveredError(letter)
            self._answer(Message(_RESPONSE, None, sender or "", recipient, correlation_id, error))
