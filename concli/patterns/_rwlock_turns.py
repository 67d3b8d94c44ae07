"""The inner half of a read-write lock: who holds it, who waits, who comes next."""

from collections.abc import Callable
from typing import NamedTuple

from concli.patterns import _sync
from concli.patterns._waiters import RawLock, _acquire_despite_interrupts


class RWLockStatistics(NamedTuple):
    """What a read-write lock has seen so far, and how it stood at one moment."""

    readers: int  # threads that read
    is_written: bool
    waiting_readers: int
    waiting_writers: int
    reads: int  # how often it was acquired for reading, re-entry included
    writes: int
    read_waits: int  # how often that had to wait, whether it came to something or not
    write_waits: int
    read_wait_s: float  # seconds, all threads together, waits still going on included
    write_wait_s: float


class Line(dict[int, tuple[RawLock, float]]):
    """Threads that wait, in the order they came in: the gate of each, and when it came.

    The lock's mutex guards it.
    """

    __slots__ = ("ended_s", "waits")

    def __init__(self) -> None:
        super().__init__()
        self.waits = 0
        self.ended_s = 0.0  # seconds in waits that have ended

    def join(self, me: int) -> RawLock:
        """Stand at the end; return the gate to wait at."""
        gate = _sync.Lock()
        gate.acquire()
        came = _sync.monotonic()
        self.waits += 1
        self[me] = gate, came
        return gate

    def leave(self, me: int) -> None:
        """Give up waiting."""
        now = _sync.monotonic()
        self.ended_s += now - self[me][1]
        del self[me]

    def waited_s(self, now: float) -> float:
        """Return the seconds waited by all threads together, waits still going on included."""
        return self.ended_s + sum(now - came for _, came in self.values())


class Turns:
    """Who holds a read-write lock, who waits for it, and who comes next."""

    def __init__(self, *, is_fair: bool) -> None:
        self._is_fair = is_fair
        # The mutex guards every field below but `_readers` and `_reads`. There a thread changes its own
        # entry without it; those of threads in the line are changed for them, with it.
        #
        # A reader enters itself, then looks whether the lock is closed; a writer closes the lock, then
        # looks for readers. Each goes through the dict's own lock, so at least one sees the other; a
        # reader that finds the lock closed takes itself out again and sorts it out with the mutex.
        #
        # A writer that leaves wakes the next thread in line but hands over nothing, so that whoever
        # runs just then may go on (a hand-over costs a switch of threads). If the guest comes in vain,
        # the lock is overdue, and the next one to leave hands over: it enters who is next as holder,
        # takes it out of its line and opens its gate. So whoever comes next comes in vain once at most.
        self._mutex = _sync.Lock()
        self._enter = iter(self._mutex.acquire, None)  # takes the mutex at every turn: see `RWLock.acquire_write`
        self._readers: dict[int, int] = {}  # how often each thread holds it for reading
        self._reads: dict[int, int] = {}  # how often each thread ever acquired it for reading
        self._is_closed = False  # to new readers: there is a writer, or one waits
        self._writer: int | None = None
        self._depth = 0  # how often the writer has entered again
        self._writes = 0
        self._read_line = Line()
        self._write_line = Line()
        self._guest: int | None = None  # who has been woken to try its luck
        self._is_overdue = False  # somebody has tried it in vain: hand over to those who wait
        self._readers_first = False  # if fair: a writer has left, and readers it held back have not come in yet

    def _acquire_closed(self, me: int, blocking: bool, deadline: float | None) -> bool:
        """Go on where a reader has entered itself and found the lock closed."""
        with self._mutex:
            if not self._is_closed or self._writer == me:
                self._reads[me] = self._reads.get(me, 0) + 1
                return True
            del self._readers[me]
            gate = self._read_line.join(me) if blocking else None
            self._admit()  # a writer may have seen it there
        return gate is not None and self._wait(self._read_line, me, gate, deadline)

    def _wait(self, line: Line, me: int, gate: RawLock, deadline: float | None) -> bool:
        """Wait at the gate; False if the deadline passed first."""
        while gate.acquire(True, _sync.remaining(deadline)):
            if me not in line:
                return True
            with self._mutex:
                if me in line:  # it was only invited
                    self._guest = None
                    self._admit()
                    self._is_overdue = me in line
                if me not in line:
                    return True
        with self._mutex:
            if me not in line:
                return True  # it was let in just as its time was up
            self._leave(line, me)
            self._admit()
        return False

    def _put_right(self, line: Line, me: int) -> None:
        """After an interrupt: take ``me`` out of the line, or from it what it was given, and let others in."""
        try:
            _acquire_despite_interrupts(self._mutex)
        finally:
            try:
                if me in line:
                    self._leave(line, me)
                elif line is self._read_line:
                    self._readers.pop(me, None)
                elif self._writer == me:
                    self._writer = None
                self._admit()
            finally:
                self._mutex.release()

    def _admit(self) -> None:
        """Let in who comes next, if anybody can come in now. Called with the mutex held.

        From the first change for a thread to the opening of its gate there is no call: an interrupt
        leaves nobody half in. It leaves the line last: a guest, whose gate is open already, looks
        there without the mutex, and must be entered as holder when it doesn't find itself any more.
        """
        now = _sync.monotonic() if self._read_line or self._write_line else 0.0
        if self._writer is None:
            is_write = bool(self._write_line) and not (self._readers_first and self._read_line)
            line = self._write_line if is_write else self._read_line
            # A writer that came in vain is still to be handed the lock when readers held back have gone first.
            is_overdue = self._is_overdue and not is_write and bool(self._write_line)
            for who in ([] if self._readers else [next(iter(line))]) if is_write else list(line):
                reads = self._reads.get(who, 0)
                gate, came = line[who]
                line.ended_s += now - came
                if is_write:
                    self._writer = who
                    self._writes += 1
                else:
                    self._readers[who] = 1
                    self._reads[who] = reads + 1
                self._is_overdue = is_overdue
                if self._guest == who:
                    self._guest = None
                    del line[who]
                else:
                    del line[who]
                    gate.release()
        self._is_closed = self._writer is not None or bool(self._write_line)
        self._readers_first = self._readers_first and bool(self._read_line)

    def _invite(self) -> None:
        """Wake the first of those who come next, and leave the lock to whoever takes it first.

        Called with the mutex held. There is one guest at a time.
        """
        self._is_closed = bool(self._write_line)
        line = self._read_line if self._readers_first else self._write_line or self._read_line
        if self._guest is None:
            who = next(iter(line))
            gate, _ = line[who]
            self._guest = who
            gate.release()

    def _leave(self, line: Line, me: int) -> None:
        """Take a thread that gives up out of its line. Called with the mutex held."""
        if self._guest == me:
            self._guest = None
        line.leave(me)


class Held:
    """A context that calls one function at its beginning and another at its end."""

    __slots__ = ("_acquire", "_release")

    def __init__(self, acquire: Callable[[], object], release: Callable[[], object]) -> None:
        self._acquire = acquire
        self._release = release

    def __enter__(self) -> None:
        self._acquire()

    def __exit__(self, *_: object) -> None:
        self._release()
