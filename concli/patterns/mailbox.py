"""Mailbox: the messages that wait for one recipient, and what is done when there are too many.

Choose a ``Mailbox`` by itself where messages have kinds and some are urgent. Usually a ``Channel`` makes and
fills them; for plain items ``BoundedBuffer`` does more.

After the channels of Hohpe and Woolf, *Enterprise Integration Patterns*, with the protocol of ``queue``.

Who waits for whom::

    put, while it is full --> the next get          get, while it is empty --> the next put

Classic mistake: two that each fill the other's mailbox before they look into their own. Give ``put`` a
timeout, or let a full mailbox drop::

    thread A                       thread B
    puts into B's: full, waits
                                   puts into A's: full, waits
    gets nothing of its own        nor does B, for ever

Classic mistake: an order to end that stands in line behind the work. Send it as CONTROL::

    sender                         recipient
    put(1), put(2), put("end")
                                   takes 1, works for an hour
    has waited long enough
                                   takes 2, works for an hour

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
from queue import Empty, Full
from typing import Literal, get_args

from concli.patterns import _sync
from concli.patterns._dead_letters import DeadLetter, DeadLetters, Message, MessageType, Reason
from concli.patterns._mailbox_lines import Getter, Lines, MailboxStatistics
from concli.patterns._shutdown import ShutDown
from concli.patterns._waiters import Waiters, _acquire_despite_interrupts

__all__ = ["DeadLetter", "DeadLetters", "Mailbox", "MailboxStatistics", "Message", "MessageType", "Policy", "Reason"]

Policy = Literal["block", "drop-oldest", "drop-newest", "raise"]

_CONTROL = MessageType.CONTROL  # a plain name: members are slow to look up on their class


class Mailbox(Lines):
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
        super().__init__(full == "drop-oldest")
        # The mutex guards these fields too.
        self._room = maxsize if maxsize > 0 else sys.maxsize  # of each line; 0 when the mailbox has ended
        self._is_shutdown = False
        self._is_cleared = False  # it was shut down at once: nothing gets in, not even back in
        self._putters = Waiters()
        self._control_putters = Waiters()
        self._is_wanted = False  # there may be threads in those two; changed with the mutex held, read without
        self._puts = self._dropped = self._gone = self._peak = 0

    def put(self, message: Message, timeout: float | None = None) -> bool:
        """Add a message, as ``full`` says if there is no room; False if it went to the dead letters.

        Raises ``Full`` if there was no room within ``timeout`` seconds (under ``"block"``) or at all
        (under ``"raise"``), and ``ShutDown`` if the mailbox has ended.
        """
        deadline = None if timeout is None else _sync.deadline_after(timeout)
        with self._mutex:
            depth = len(self._ordinary)
            if self._needs_mutex or depth >= self._room or message[0] is _CONTROL:
                return self._put_with_care(message, deadline)
            self._puts += 1
            if self._getters:
                self._hand_over(message)
            else:
                self._ordinary.append(message)
                if depth >= self._peak:
                    self._peak = depth + 1
        return True

    def get(self, block: bool = True, timeout: float | None = None) -> Message:
        """Remove and return the oldest CONTROL message, or else the oldest, waiting up to ``timeout`` seconds.

        CONTROL that comes while it is being asked may be passed over in favour of what was inside before. Raises
        ``Empty`` if none came in time, and ``ShutDown`` if there is none and the mailbox has ended.
        """
        deadline = None if timeout is None or not block else _sync.deadline_after(timeout)
        try:
            if self._needs_mutex:  # noqa: SIM108 - two lines, so that `concli verify` can come between
                message = self._take_with_care()
            else:
                message = self._ordinary.popleft()
        except IndexError:
            message = self._wait_for_message(block, deadline)
        # First a message is taken, then looked whether a thread waits for room; such a thread first says so,
        # then looks for room. One of the two sees the other.
        if self._is_wanted:
            self._wake_putter(message)
        return message

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
                self._hand_over(None)
            if immediate:
                self._is_cleared = True
                left = self._take_all()
                self._gone += len(left)
                self.dead_letters.add_all(left, "stopped")

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
                put_wait_s=self._putters.waited_s() + self._control_putters.waited_s(),
                get_wait_s=self._get_wait_s(),
            )

    def _wait_for_message(self, block: bool, deadline: float | None) -> Message:
        me = Getter()
        try:
            with self._mutex:
                with contextlib.suppress(IndexError):
                    return self._take()
                if self._is_shutdown:
                    raise ShutDown
                if not block:
                    raise Empty
                # There is room in both lines: in case a getter was interrupted before it could say so.
                self._putters.wake_all()
                self._control_putters.wake_all()
                self._stand_in_line(me)
            me.ready.acquire(True, -1 if deadline is None else _sync.remaining(deadline))
            if me.message is None:
                with self._mutex:
                    self._leave(me)
                    if me.message is None:  # else it came at the moment of the timeout
                        raise ShutDown if self._is_shutdown else Empty
        except (Empty, ShutDown):
            raise
        except BaseException:
            try:
                _acquire_despite_interrupts(self._mutex)
            finally:
                self._leave(me)
                self._put_back(me.message)
                self._mutex.release()
            raise
        return me.message

    def _wake_putter(self, message: Message) -> None:
        try:
            with self._mutex:
                (self._control_putters if message.kind is _CONTROL else self._putters).wake()
                self._is_wanted = bool(self._putters or self._control_putters)
        except BaseException:
            try:
                _acquire_despite_interrupts(self._mutex)
            finally:
                self._put_back(message)
                self._mutex.release()
            raise

    # What follows is called with the mutex held.

    def _put_back(self, message: Message | None) -> None:
        if message is None:
            return
        if self._is_cleared:
            self._discard(message, "stopped")
        elif self._getters:
            self._hand_over(message)
        else:
            self._add_first(message)

    def _put_with_care(self, message: Message, deadline: float | None) -> bool:
        is_control = message.kind is _CONTROL
        if self._depth(is_control) >= self._room and not self._make_room(is_control, message, deadline):
            return False
        self._puts += 1
        if self._getters:
            self._hand_over(message)
            return True
        self._add(message)
        self._peak = max(self._peak, self._depth(is_control))
        return True

    def _discard(self, message: Message, reason: Reason) -> None:
        self._gone += 1
        self.dead_letters.add(message, reason)

    def _make_room(self, is_control: bool, message: Message, deadline: float | None) -> bool:
        if self._is_shutdown:
            raise ShutDown
        if self.full == "raise":
            raise Full
        if self.full == "drop-newest":
            self._dropped += 1
            self.dead_letters.add(message, "dropped")
            return False
        if self.full == "drop-oldest":
            self._dropped += 1
            self._discard(self._drop(is_control), "dropped")
            return True
        putters = self._control_putters if is_control else self._putters
        again = False
        while True:
            self._is_wanted = True
            if self._depth(is_control) < self._room:
                return True
            woken = putters.wait(self._mutex, deadline, again=again)
            if self._is_shutdown:
                raise ShutDown
            if not woken and self._depth(is_control) >= self._room:
                raise Full
            again = True
