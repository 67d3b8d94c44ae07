"""The messages inside a mailbox and who waits for them: a line for CONTROL, one for the rest that needs no lock."""

import contextlib
from collections import deque
from typing import NamedTuple

from concli.patterns import _sync
from concli.patterns._dead_letters import Message, MessageType
from concli.patterns._waiters import RawLock

__all__ = ["Getter", "Lines", "MailboxStatistics"]

_CONTROL = MessageType.CONTROL


class MailboxStatistics(NamedTuple):
    """A frozen snapshot: messages in and out, ``dropped`` for want of room, and the waits of each side.

    Waits are counted when they begin; the seconds are the sum over all threads, waits still going on included.
    """

    capacity: int
    depth: int
    peak: int
    puts: int
    gets: int
    dropped: int
    put_waits: int
    get_waits: int
    put_wait_s: float
    get_wait_s: float


class Getter:
    """A thread that waits for a message."""

    __slots__ = ("began", "message", "ready")

    def __init__(self) -> None:
        self.began = 0.0  # when it came into the line
        self.ready: RawLock = _sync.Lock()  # free when it need not wait any more
        self.ready.acquire()
        self.message: Message | None = None  # what it was handed, or None because the mailbox has ended


class Lines:
    """Messages, CONTROL first.

    Who takes an ordinary message without the mutex has looked for CONTROL a moment ago. So that it can't get
    what was put after CONTROL that came since, such messages stand in a line of their own until there is none.
    """

    def __init__(self, drops_oldest: bool) -> None:
        # The mutex guards every field, with one exception: if `_needs_mutex` is False, messages are taken out of
        # `_ordinary` without it (`popleft` of a deque is atomic on all builds). So with it held that line can get
        # shorter but not longer.
        self._mutex = _sync.Lock()
        self._ordinary: deque[Message] = deque()
        self._control: deque[Message] = deque()
        self._behind: deque[Message] = deque()  # ordinary ones that came while there was CONTROL
        self._drops_oldest = drops_oldest
        self._needs_mutex = drops_oldest  # for there is CONTROL, or the oldest may be dropped
        self._getters: deque[Getter] = deque()  # while there are any, all lines are empty
        self._get_waits = 0
        self._got_after_s = 0.0  # seconds in waits that have ended

    def __len__(self) -> int:
        return len(self._ordinary) + len(self._behind) + len(self._control)

    def _take_with_care(self) -> Message:
        with self._mutex:
            return self._take()

    # What follows is called with the mutex held.

    def _stand_in_line(self, getter: Getter) -> None:
        getter.began = _sync.monotonic()
        self._get_waits += 1
        self._getters.append(getter)

    def _hand_over(self, message: Message | None) -> None:
        """Let the first getter go, with a message, or without one because the mailbox has ended."""
        now, getter = _sync.monotonic(), self._getters[0]
        # No call before the last: an interrupt finds nothing of this done, or all but that the getter goes.
        getter.message = message
        self._got_after_s += now - getter.began
        del self._getters[0]
        getter.ready.release()

    def _leave(self, getter: Getter) -> None:
        """Take a getter that goes by itself out of the line, if it still stands there."""
        if getter in self._getters:
            self._getters.remove(getter)
            self._got_after_s += _sync.monotonic() - getter.began

    def _get_wait_s(self) -> float:
        now = _sync.monotonic()
        return self._got_after_s + sum(now - getter.began for getter in self._getters)

    def _depth(self, is_control: bool) -> int:
        return len(self._control) if is_control else len(self._ordinary) + len(self._behind)

    def _add(self, message: Message) -> None:
        if message.kind is _CONTROL:
            self._needs_mutex = True
            self._control.append(message)
        else:
            (self._behind if self._control else self._ordinary).append(message)

    def _add_first(self, message: Message) -> None:
        if message.kind is _CONTROL:
            self._needs_mutex = True
            self._control.appendleft(message)
        else:
            self._ordinary.appendleft(message)

    def _take(self) -> Message:
        """Take the first out; ``IndexError`` if there is none."""
        if not self._control:
            return self._ordinary.popleft()
        message = self._control.popleft()
        if not self._control:
            self._ordinary.extend(self._behind)
            self._behind.clear()
            self._needs_mutex = self._drops_oldest
        return message

    def _drop(self, is_control: bool) -> Message:
        """Take the oldest of its kind out, one of which is to come in: who takes out others needs the mutex."""
        return (self._control if is_control else self._ordinary or self._behind).popleft()

    def _take_all(self) -> deque[Message]:
        taken: deque[Message] = deque()
        for line in (self._behind, self._ordinary, self._control):
            # The last first: who takes one without the mutex meanwhile gets the oldest, as if it had come before.
            with contextlib.suppress(IndexError):
                while True:
                    taken.appendleft(line.pop())
        self._needs_mutex = self._drops_oldest
        return taken
