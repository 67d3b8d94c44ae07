"""The line in which threads wait for a condition: one raw lock for each waiter."""

from collections import deque
from typing import Protocol

from concli.patterns import _sync


class RawLock(Protocol):
    """What a lock has to offer here; ``threading.Lock()`` does."""

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool: ...
    def release(self) -> None: ...


class Waiters(deque[RawLock]):
    """A condition on its owner's mutex, without what ``threading.Condition`` spends on generality.

    The owner's mutex guards every field, and every method is called with it held. To wake a thread is
    to take it out of the line; so one that times out or is interrupted can tell that it had been
    chosen all the same, and pass that on instead of losing a wakeup.
    """

    __slots__ = ("_began", "_ended_s", "waits")

    def __init__(self) -> None:
        super().__init__()
        self._began: dict[RawLock, float] = {}  # when each wait still going on began
        self._ended_s = 0.0  # seconds in waits that have ended
        self.waits = 0

    def wake(self, count: int = 1) -> None:
        """Let the first ``count`` waiters go."""
        while count > 0 and self:
            # Not `popleft().release()`: an interrupt between the two calls would lose the waiter. None is
            # taken between these.
            first = self[0]
            del self[0]
            first.release()
            count -= 1

    def wake_all(self) -> None:
        """Let every waiter go."""
        self.wake(len(self))

    def wait(self, mutex: RawLock, deadline: float | None, *, again: bool = False) -> bool:
        """Leave ``mutex``, wait to be woken, take ``mutex`` again; False if the deadline passed first.

        ``again`` says that the caller was woken before and found nothing: it waits at the front.
        """
        me = _sync.Lock()
        me.acquire()
        is_held = True
        try:
            self._began[me] = _sync.monotonic()
            if again:
                self.appendleft(me)
            else:
                self.waits += 1
                self.append(me)
            try:
                is_held = False
                mutex.release()
                # `me` is only released behind the line's back, so who gets it has been woken.
                was_woken = me.acquire() if deadline is None else me.acquire(True, _sync.remaining(deadline))
            finally:
                for _ in iter(mutex.acquire, True):
                    pass  # see _acquire_despite_interrupts
                is_held = True
            self._ended_s += _sync.monotonic() - self._began.pop(me)
            return was_woken or not self._leave(me)
        except BaseException:
            try:
                if not is_held:
                    _acquire_despite_interrupts(mutex)
            finally:
                self._leave(me)
                self.wake()  # this thread may have been chosen, or stood in the way: let the next one go
            raise

    def _leave(self, me: RawLock) -> bool:
        """Forget a waiter that goes by itself; True if it still stood in the line."""
        self._began.pop(me, None)
        try:
            self.remove(me)
        except ValueError:
            return False
        return True

    def waited_s(self) -> float:
        """Return the seconds waited by all threads together, waits still going on included."""
        now = _sync.monotonic()
        return self._ended_s + sum(now - began for began in self._began.values())


def _acquire_despite_interrupts(mutex: RawLock) -> None:
    """Take ``mutex`` whatever is thrown in meanwhile, then raise that.

    The caller stands in a ``with mutex`` block that will release it: it must be held on every way out.
    """
    try:
        # Not a plain call: that can be interrupted on its way back, with the lock taken, and nobody could
        # tell. A loop that ends at once, when the lock has been taken, can't; nor can what stands behind it
        # up to the next call.
        for _ in iter(mutex.acquire, True):
            pass
    except BaseException:
        _acquire_despite_interrupts(mutex)
        raise
