"""How the threads of a task pipeline wait: first a moment, in which much may come, then until they are woken."""

from contextlib import AbstractContextManager

from concli.patterns import _sync
from concli.patterns._waiters import RawLock, Waiters

__all__ = ["Rest"]

# Long enough for some tasks of a millisecond to gather: a command each, say. Who can't go on does not wait for it.
_DOZE_S = 0.002


class Rest(Waiters):
    """A line of threads that doze before they stand in it.

    To wake a thread costs more than a tiny task. So what comes in the first moment wakes nobody: it is found
    when the moment is over, or when somebody who can't go on without the sleeper says so (``nudge``).
    """

    __slots__ = ("_dozing",)

    def __init__(self) -> None:
        super().__init__()
        self._dozing = Waiters()

    def doze(self, mutex: RawLock) -> None:
        """Wait a moment, or until ``nudge``. The waits are counted here, so wait on with ``again``."""
        self._dozing.wait(mutex, _sync.deadline_after(_DOZE_S))

    def nudge(self, mutex: AbstractContextManager[object]) -> None:
        """Wake those that doze; without ``mutex`` held. Who begins to doze in this moment is missed."""
        if self._dozing:
            with mutex:
                self._dozing.wake_all()

    def wake_all(self) -> None:
        """Let every waiter go."""
        super().wake_all()
        self._dozing.wake_all()

    def figures(self) -> tuple[int, float]:
        """Return the number of the waits and the seconds waited."""
        return self.waits + self._dozing.waits, self.waited_s() + self._dozing.waited_s()
