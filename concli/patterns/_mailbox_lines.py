"""The messages inside a mailbox: a line for CONTROL, and one for the rest that can be taken from without a lock."""

import contextlib
from collections import deque

from concli.patterns import _sync
from concli.patterns._dead_letters import Message, MessageType
from concli.patterns._waiters import RawLock

__all__ = ["Getter", "Lines"]

_CONTROL = MessageType.CONTROL


class Getter:
    """A thread that waits for a message."""

    __slots__ = ("message", "ready")

    def __init__(self) -> None:
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

    def __len__(self) -> int:
        return len(self._ordinary) + len(self._behind) + len(self._control)

    def _take_with_care(self) -> Message:
        with self._mutex:
            return self._take()

    # What follows is called with the mutex held.

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
