"""Barrier: a fixed number of threads wait for each other at the end of each phase.

Choose it where the same threads work through the phases of one computation and each phase needs
what all did in the one before (blocks of a matrix, steps of a simulation). Where the pieces of work
differ in size, let a pool hand them out; to wait for an end once, use futures or ``join``.

The protocol is that of ``threading.Barrier``. What differs: a thread that is interrupted while it
waits breaks the barrier, so the others do not wait for it in vain (as in Java's ``CyclicBarrier``;
``threading.Barrier`` lets them hang); a new round begins at once, without waiting until the threads
of the last one have left; and the action may call the barrier's other methods.

Who waits for whom::

    all but the last of a phase --> the last; it runs the action, and all go on

Classic mistake: a thread that ends without a word, or more parties than a pool has workers: the others
wait for one that never comes. Call ``abort()`` where it fails::

    thread A                      thread B
    wait()
                                  raises before its wait()
    waits for ever                has ended

Classic mistake: one wait a turn where two are needed, after writing and again after reading::

    thread A                      thread B
    writes its part of turn 1     writes its part of turn 1
    wait()                        wait()
    reads B's part
    writes its part of turn 2
                                  reads A's part: it is that of turn 2

>>> barrier = Barrier(1, action=lambda: print("all here"))
>>> barrier.wait()
all here
0
>>> barrier.statistics().rounds
1
>>> barrier.abort()
>>> barrier.wait()
Traceback (most recent call last):
threading.BrokenBarrierError
"""

from collections.abc import Callable, Iterator
from operator import methodcaller
from threading import BrokenBarrierError
from typing import NamedTuple

from concli.patterns import _sync
from concli.patterns._waiters import RawLock, _acquire_despite_interrupts

__all__ = ["Barrier", "BarrierStatistics", "BrokenBarrierError"]


class BarrierStatistics(NamedTuple):
    """What a barrier has seen so far. All times are in seconds."""

    parties: int
    waiting: int
    is_broken: bool
    rounds: int  # how often all were there and were let go
    breaks: int  # how often it was broken or reset while threads waited
    last_skew_s: float  # between the first and the last arrival of a round
    max_skew_s: float
    mean_skew_s: float
    waited_s: float  # by all threads together, in rounds that have ended; to wake up is not in it


class _Round(list[RawLock]):
    """The gates of the threads that wait together. The barrier's mutex guards it until it is over."""

    is_broken = False


class Barrier:
    """A barrier for ``parties`` threads.

    ``action`` is called in the thread that comes last, before the others are let go; if it raises,
    that is raised there, and the barrier is broken. ``timeout`` in seconds is the default of ``wait``.
    Raises ``ValueError`` for fewer than one party.
    """

    def __init__(self, parties: int, action: Callable[[], object] | None = None, timeout: float | None = None) -> None:
        if parties < 1:
            raise ValueError("parties must be > 0")
        self._parties = parties
        self._last = parties - 1
        self._action = action
        self._timeout = timeout
        # The mutex guards every field below and the round. It is held while the action runs, so that
        # rounds do not overlap; it is re-entrant so that the action may use the barrier. A thread that
        # comes out of its gate needs no mutex: its round doesn't change any more.
        self._mutex = _sync.RLock()
        self._enter = iter(self._mutex.acquire, None)  # takes the mutex at every turn
        self._round = _Round()
        self._is_broken = False
        self._first_s = 0.0  # when the first thread of this round came
        self._after_first_s = 0.0  # how much later the others came, all added up
        self._rounds = 0
        self._breaks = 0
        self._last_skew_s = 0.0
        self._max_skew_s = 0.0
        self._skews_s = 0.0
        self._waited_s = 0.0

    def wait(self, timeout: float | None = None) -> int:  # noqa: C901, PLR0912 - calls cost time on this path
        """Wait until all parties are there; return a number from 0 to ``parties`` - 1, each to one thread.

        Raises ``BrokenBarrierError`` if the barrier is broken or reset, before or meanwhile, and if
        ``timeout`` seconds (by default those of the barrier) pass; that breaks it for all.
        """
        if timeout is None:
            timeout = self._timeout
        # As in `threading.Barrier`, a negative timeout has passed already.
        deadline = None if timeout is None else _sync.deadline_after(max(0.0, timeout))
        own = opening = None
        try:
            # Half the price of `with`; and `acquire()` could be interrupted with the mutex just taken.
            for _ in self._enter:
                break
            try:
                if self._is_broken:
                    raise BrokenBarrierError
                now = _sync.monotonic()
                own = self._round
                index = len(own)
                if index:
                    self._after_first_s += now - self._first_s
                else:
                    self._first_s = now
                    self._after_first_s = 0.0
                if index < self._last:
                    gate = _sync.Lock()
                    gate.acquire()
                    own.append(gate)
                else:
                    opening = self._trip(own, now)
            finally:
                self._mutex.release()
            if opening is not None:
                any(opening)  # opens all gates, in one call
                return index
            if not (gate.acquire() if deadline is None else gate.acquire(True, _sync.remaining(deadline))):
                with self._mutex:
                    if self._round is own:  # else it has been let go just as its time was up
                        self._break()
            if own.is_broken:
                raise BrokenBarrierError
        except BaseException:
            self._put_right(own, opening)
            raise
        return index

    def reset(self) -> None:
        """Make the barrier as new; threads that wait get a ``BrokenBarrierError``."""
        with self._mutex:
            self._break()
            self._is_broken = False

    def abort(self) -> None:
        """Break the barrier: all that wait, or come before the next ``reset``, get a ``BrokenBarrierError``."""
        with self._mutex:
            self._break()

    @property
    def parties(self) -> int:
        """The number of threads that have to be there."""
        return self._parties

    @property
    def n_waiting(self) -> int:
        """The number of threads that wait; others may have come or gone since."""
        return len(self._round)

    @property
    def broken(self) -> bool:
        """Whether the barrier is broken; other threads may have changed that since."""
        return self._is_broken

    def statistics(self) -> BarrierStatistics:
        """Return a frozen snapshot."""
        with self._mutex:
            return BarrierStatistics(
                parties=self._parties,
                waiting=len(self._round),
                is_broken=self._is_broken,
                rounds=self._rounds,
                breaks=self._breaks,
                last_skew_s=self._last_skew_s,
                max_skew_s=self._max_skew_s,
                mean_skew_s=self._skews_s / self._rounds if self._rounds else 0.0,
                waited_s=self._waited_s,
            )

    def __repr__(self) -> str:
        name = f"concli.{type(self).__qualname__}"
        state = "broken" if self.broken else f"waiters={self.n_waiting}/{self._parties}"
        return f"<{name} at {id(self):#x}: {state}>"

    # What follows is called with the mutex held.

    def _trip(self, own: _Round, now: float) -> Iterator[None]:
        """End the round that is complete; return what opens its gates."""
        skew = now - self._first_s
        if self._action is not None:
            try:
                self._action()
            except BaseException:
                if self._round is own:
                    self._break()  # here and now: with the mutex released one more thread could complete it again
                raise
            if self._round is not own:
                raise BrokenBarrierError  # the action has ended it
            now = _sync.monotonic()
        opening = map(_release, own)
        fresh = _Round()
        self._waited_s += self._parties * (now - self._first_s) - self._after_first_s
        self._rounds += 1
        self._last_skew_s = skew
        self._skews_s += skew
        self._max_skew_s = max(self._max_skew_s, skew)
        # No call after this: an interrupt finds the old round, and breaks it, or what is returned, and uses it.
        self._round = fresh
        return opening

    def _break(self) -> None:
        own = self._round
        opening = map(_release, own)
        fresh = _Round()
        if own:
            self._breaks += 1
            self._waited_s += len(own) * (_sync.monotonic() - self._first_s) - self._after_first_s
        self._is_broken = own.is_broken = True
        self._round = fresh
        any(opening)

    def _put_right(self, own: _Round | None, opening: Iterator[None] | None) -> None:
        """After an interrupt: open what is still to be opened; break the round if it is still going on."""
        try:
            if opening is not None:
                any(opening)
        finally:
            try:
                _acquire_despite_interrupts(self._mutex)
            finally:
                try:
                    if self._round is own:
                        self._break()
                finally:
                    self._mutex.release()


_release = methodcaller("release")
