"""Mailbox: the messages that wait for one recipient, and what is done when there are too many.

Usually a ``Channel`` makes and fills them. Choose one by itself where messages have kinds and some
are urgent; for plain items ``BoundedBuffer`` does more.

After the channels of Hohpe and Woolf, *Enterprise Integration Patterns*, with the protocol of ``queue``.

>>> mailbox = Mailbox(maxsize=2, full="drop-oldest")
>>> for number in range(3):
...     _ = mailbox.put(Message(MessageType.DATA, number))
>>> mailbox.put(Message(MessageType.CONTROL, "pause"))
True
>>> mailbox.get().payload, mailbox.get().payload
('pause', 1)
>>> [(letter.message.payload, letter.reason) for letter in mailbox.dead_letters]
[(0, 'dropped')]
"""

import contextlib
import sys
from collections import deque
from queue import Empty, Full
from typing import Literal, NamedTuple, get_args

from concli.patterns import _sync
from concli.patterns._dead_letters import DeadLetter, DeadLetters, Message, MessageType, Reason
from concli.patterns._shutdown import ShutDown
from concli.patterns._waiters import RawLock, Waiters

__all__ = ["DeadLetter", "DeadLetters", "Mailbox", "MailboxStatistics", "Message", "MessageType", "Policy", "Reason"]

Policy = Literal["block", "drop-oldest", "drop-newest", "raise"]

_CONTROL = MessageType.CONTROL  # a plain name: members are slow to look up on their class


class MailboxStatistics(NamedTuple):
    """A frozen snapshot: messages in and out, ``dropped`` for want of room, and how often a side had to wait."""

    capacity: int
    depth: int
    peak: int
    puts: int
    gets: int
    dropped: int
    put_waits: int
    get_waits: int


class _Getter:
    """A thread that waits for a message."""

    __slots__ = ("message", "ready")

    def __init__(self) -> None:
        self.ready: RawLock = _sync.Lock()  # free when it need not wait any more
        self.ready.acquire()
        self.message: Message | None = None  # what it was handed, or None because the mailbox has ended


class Mailbox:
    """A first-in, first-out line of messages and a second one, served first, for CONTROL.

    Each line holds ``maxsize`` messages, 0 for any number; so CONTROL gets in when the mailbox is full
    of others. When a line is full, ``full`` says what happens: ``"block"`` waits for room,
    ``"drop-oldest"`` and ``"drop-newest"`` send one message to the dead letters, ``"raise"`` raises
    ``Full`` to the sender.
    """

    def __init__(self, maxsize: int = 1000, full: Policy = "block", *, dead_letters: DeadLetters | None = None) -> None:
        if full not in get_args(Policy):
            raise ValueError(f"'full' must be one of {', '.join(get_args(Policy))}")
        self.maxsize = maxsize
        self.full = full
        self.dead_letters = DeadLetters() if dead_letters is None else dead_letters
        # The mutex guards every field below, with one exception: messages are also taken out without it
        # (`popleft` of a deque is atomic on all builds). So with it held a line can get shorter but not longer.
        self._mutex = _sync.Lock()
        self._ordinary: deque[Message] = deque()
        self._control: deque[Message] = deque()
        self._room = maxsize if maxsize > 0 else sys.maxsize  # of each line; 0 when the mailbox has ended
        self._is_shutdown = False
        self._getters: deque[_Getter] = deque()  # while there are any, both lines are empty
        self._putters = Waiters()
        self._control_putters = Waiters()
        self._is_wanted = False  # there may be threads in those two; changed with the mutex held, read without
        self._puts = self._dropped = self._gone = self._peak = self._get_waits = 0

    def put(self, message: Message, timeout: float | None = None) -> bool:
        """Add a message, as ``full`` says if there is no room; False if it went to the dead letters.

        Raises ``Full`` if there was no room within ``timeout`` seconds (under ``"block"``) or at all
        (under ``"raise"``), and ``ShutDown`` if the mailbox has ended.
        """
        deadline = None if timeout is None else _sync.deadline_after(timeout)
        with self._mutex:
            line = self._control if message[0] is _CONTROL else self._ordinary
            depth = len(line)
            if depth >= self._room:
                if not self._make_room(line, message, deadline):
                    return False
                depth = len(line)
            self._puts += 1
            if self._getters:
                self._hand_over(message)
            else:
                line.append(message)
                if depth >= self._peak:
                    self._peak = depth + 1
        return True

    def get(self, block: bool = True, timeout: float | None = None) -> Message:
        """Remove and return the oldest CONTROL message, or else the oldest, waiting up to ``timeout`` seconds.

        Raises ``Empty`` if none came in time, and ``ShutDown`` if there is none and the mailbox has ended.
        """
        deadline = None if timeout is None or not block else _sync.deadline_after(timeout)
        try:
            message = self._control.popleft() if self._control else self._ordinary.popleft()
        except IndexError:
            message = self._wait_for_message(block, deadline)
        # First a message is taken, then looked whether a thread waits for room; such a thread first says so,
        # then looks for room. One of the two sees the other.
        if self._is_wanted:
            self._wake_putter(message)
        return message

    def __len__(self) -> int:
        return len(self._ordinary) + len(self._control)

    def shutdown(self, immediate: bool = False) -> None:
        """End the mailbox: ``put`` raises ``ShutDown`` from now on, ``get`` when nothing is left.

        With ``immediate`` what is inside goes to the dead letters.
        """
        with self._mutex:
            self._is_shutdown = True
            self._room = 0
            self._putters.wake_all()
            self._control_putters.wake_all()
            while self._getters:
                self._getters.popleft().ready.release()
            for line in (self._control, self._ordinary) if immediate else ():
                while self._discard(line, "stopped"):
                    pass

    @property
    def is_shutdown(self) -> bool:
        """Whether the mailbox has been shut down."""
        return self._is_shutdown

    def statistics(self) -> MailboxStatistics:
        """Return a frozen snapshot."""
        with self._mutex:
            depth = len(self)
            return MailboxStatistics(
                capacity=self.maxsize,
                depth=depth,
                peak=self._peak,
                puts=self._puts,
                gets=self._puts - self._gone - depth,
                dropped=self._dropped,
                put_waits=self._putters.waits + self._control_putters.waits,
                get_waits=self._get_waits,
            )

    def _wait_for_message(self, block: bool, deadline: float | None) -> Message:
        me = _Getter()
        try:
            with self._mutex:
                for line in (self._control, self._ordinary):
                    with contextlib.suppress(IndexError):
                        return line.popleft()
                if self._is_shutdown:
                    raise ShutDown
                if not block:
                    raise Empty
                # There is room in both lines: in case a getter was interrupted before it could say so.
                self._putters.wake_all()
                self._control_putters.wake_all()
                self._get_waits += 1
                self._getters.append(me)
            me.ready.acquire(True, -1 if deadline is None else _sync.remaining(deadline))
            message = me.message
            if message is not None:
                return message
        except BaseException:
            with self._mutex:
                if me in self._getters:
                    self._getters.remove(me)
                if me.message is not None:
                    self._put_back(me.message)
            raise
        with self._mutex:
            if me in self._getters:
                self._getters.remove(me)
        if me.message is not None:  # it came at the moment of the timeout
            return me.message
        raise ShutDown if self._is_shutdown else Empty

    def _wake_putter(self, message: Message) -> None:
        try:
            with self._mutex:
                (self._control_putters if message.kind is _CONTROL else self._putters).wake()
                self._is_wanted = bool(self._putters or self._control_putters)
        except BaseException:
            with self._mutex:
                self._put_back(message)
            raise

    # What follows is called with the mutex held.

    def _hand_over(self, message: Message) -> None:
        getter = self._getters[0]
        getter.message = message
        self._getters.popleft()
        getter.ready.release()

    def _put_back(self, message: Message) -> None:
        if self._getters:
            self._hand_over(message)
        else:
            (self._control if message.kind is _CONTROL else self._ordinary).appendleft(message)

    def _discard(self, line: deque[Message], reason: Reason) -> bool:
        try:
            message = line.popleft()
        except IndexError:
            return False
        self._gone += 1
        self.dead_letters.add(message, reason)
        return True

    def _make_room(self, line: deque[Message], message: Message, deadline: float | None) -> bool:
        if self._is_shutdown:
            raise ShutDown
        if self.full == "raise":
            raise Full
        if self.full == "drop-newest":
            self._dropped += 1
            self.dead_letters.add(message, "dropped")
            return False
        if self.full == "drop-oldest":
            self._dropped += self._discard(line, "dropped")  # unless a getter was faster
            return True
        putters = self._control_putters if line is self._control else self._putters
        again = False
        while True:
            self._is_wanted = True
            if len(line) < self._room:
                return True
            woken = putters.wait(self._mutex, deadline, again=again)
            if self._is_shutdown:
                raise ShutDown
            if not woken and len(line) >= self._room:
                raise Full
            again = True
