"""Mailboxes with one mistake each."""

from concli.patterns import Mailbox, Message, MessageType, ShutDown
from concli.patterns.mailbox import Policy


class TwoLinesOnly(Mailbox):
    """What is put after CONTROL can be taken by one that had looked for CONTROL before."""

    def _add(self, message: Message) -> None:
        if message.kind is MessageType.CONTROL:
            super()._add(message)
        else:
            self._ordinary.append(message)


class DropsWhatOthersTake(Mailbox):
    """Drops the oldest because there was no room, while another takes one and makes some."""

    def __init__(self, maxsize: int = 1000, full: Policy = "block") -> None:
        super().__init__(maxsize, full)
        self._drops_oldest = self._needs_mutex = False


class LosesWhatItHasInHand(Mailbox):
    """A getter that is interrupted takes its message with it."""

    def _put_back(self, message: Message | None) -> None:
        del message


class LooksFirst(Mailbox):
    """Looks for room, and then says that it is wanted: by then there may be some."""

    def _make_room(self, is_control: bool, message: Message, deadline: float | None) -> bool:
        if self.full != "block" or self._is_shutdown or deadline is not None:
            return super()._make_room(is_control, message, deadline)
        putters = self._control_putters if is_control else self._putters
        while self._depth(is_control) >= self._room:
            self._is_wanted = True
            putters.wait(self._mutex, None)
            if self._is_shutdown:
                raise ShutDown
        return True
