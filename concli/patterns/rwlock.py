"""Read-write lock: many threads read together, or one writes alone.

Choose it where sections that only read are long (they search, format, copy) and writes are few. For
sections of a few instructions take a plain lock: it costs less, and with the GIL readers of pure
Python do not run at the same time anyway. For a dict behind such a lock there is ``ThreadSafeDict``;
a single value that is replaced as a whole needs none.

With ``prefer="writer"`` a writer that waits holds back new readers, and goes before those held back
(Courtois, Heymans and Parnas 1971, "Concurrent control with readers and writers", second problem).
With ``prefer="fair"`` phases alternate: after a writer come all readers held back, after those the
next writer (Brandenburg and Anderson 2010, "Spin-based reader-writer synchronization for
multiprocessor real-time systems", phase-fair locks). Writers are served in the order they came in.
A thread that is woken may find that one that was running has come first; next time it is handed the
lock, so nobody comes in vain more than once, and nobody starves by that (readers that are to come after
writers may, with ``prefer="writer"``, as often as one of these goes before them).

Who waits for whom::

    a new reader --> the writer inside, or one that waits
    a writer --> the readers inside, or the writer inside

Classic mistake: a reader that goes on to write waits for all readers, and is one itself. Give up the
read side first, then look again; here ``acquire_write`` raises instead of waiting::

    thread A                      thread B
    acquire_read()
                                  acquire_read()
    acquire_write() waits for B
                                  acquire_write() waits for A, for ever

Classic mistake: what was seen under the read lock is no longer so under the write lock. Look again::

    thread A                      thread B
    read: there is no entry
                                  read: there is no entry
    write: makes the entry
                                  write: makes it again, and A's is lost

>>> lock = RWLock()
>>> with lock.write():
...     lock.statistics().is_written
True
>>> with lock.read(), lock.read():
...     lock.statistics().readers
1
>>> with lock.read():
...     lock.acquire_write()
Traceback (most recent call last):
RuntimeError: a thread that reads can't become the writer: it would wait for itself
"""

from contextlib import AbstractContextManager
from typing import Literal

from concli.patterns import _sync
from concli.patterns._rwlock_turns import Held, RWLockStatistics, Turns

__all__ = ["RWLock", "RWLockStatistics"]


class RWLock(Turns):
    """A lock that many threads hold for reading or one holds for writing.

    Holds belong to threads and may be nested: the writer may write again and may read, a reader may
    read again, even while a writer waits. A reader that wants to write gets a ``RuntimeError`` at
    once. ``prefer`` says who comes after a writer: the next ``"writer"``, or (``"fair"``) the readers.

    The ``timeout`` of the two ``acquire`` methods is in seconds, ``None`` is for ever; they return
    whether the lock was got. Without ``blocking`` they never wait (and a writer
    may be refused for a reader that is just being refused itself); a timeout as well is a
    ``ValueError``, as is a negative one. A thread that is interrupted while it waits ends up without
    the lock, and those it held back go on. One that ends while it holds the lock holds it for ever.
    """

    def __init__(self, prefer: Literal["writer", "fair"] = "writer") -> None:
        if prefer not in {"writer", "fair"}:
            raise ValueError("'prefer' is either 'writer' or 'fair'")
        super().__init__(is_fair=prefer == "fair")
        self.prefer = prefer

    def acquire_read(self, blocking: bool = True, timeout: float | None = None) -> bool:
        """Acquire the lock for reading."""
        deadline = None if timeout is None else _deadline_after(blocking, timeout)
        me = _sync.get_ident()
        readers = self._readers
        if me in readers:
            readers[me] += 1
        else:
            readers[me] = 1
            try:
                if self._is_closed:
                    return self._acquire_closed(me, blocking, deadline)
            except BaseException:
                self._put_right(self._read_line, me)
                raise
        try:
            self._reads[me] += 1
        except KeyError:
            self._reads[me] = 1
        return True

    def release_read(self) -> None:
        """Release one hold for reading; a ``RuntimeError`` if the thread has none."""
        me = _sync.get_ident()
        readers = self._readers
        try:
            holds = readers[me]
        except KeyError:
            raise RuntimeError("release_read() by a thread that does not read") from None
        if holds > 1:
            readers[me] = holds - 1
            return
        del readers[me]
        try:
            if self._is_closed and not readers:
                with self._mutex:
                    self._admit()
        except BaseException:
            self._put_right(self._read_line, me)
            raise

    def acquire_write(self, blocking: bool = True, timeout: float | None = None) -> bool:
        """Acquire the lock for writing; a ``RuntimeError`` if the thread has it for reading only."""
        deadline = None if timeout is None else _deadline_after(blocking, timeout)
        me = _sync.get_ident()
        if self._writer == me:  # nobody else makes that true, or untrue
            self._depth += 1
            self._writes += 1
            return True
        readers = self._readers
        try:
            # Half the price of `with`; and `acquire()` could be interrupted with the mutex just taken.
            for _ in self._enter:
                break
            try:
                if self._writer is None:
                    self._is_closed = True
                    readers.pop(0, None)  # goes through the dict's lock; no thread has the number 0
                    if not readers:
                        self._writer = me
                        self._writes += 1
                        return True
                    if me in readers:
                        self._admit()  # opens it again before anybody is refused for this
                        raise RuntimeError("a thread that reads can't become the writer: it would wait for itself")
                if not blocking:
                    self._admit()
                    return False
                gate = self._write_line.join(me)
                if self._readers_first:
                    self._admit()  # or later readers would join those, and go before this writer too
            finally:
                self._mutex.release()
            return self._wait(self._write_line, me, gate, deadline)
        except BaseException:
            self._put_right(self._write_line, me)
            raise

    def release_write(self) -> None:
        """Release one hold for writing; a ``RuntimeError`` if the thread has none."""
        if self._writer != _sync.get_ident():
            raise RuntimeError("release_write() by a thread that does not write")
        if self._depth:
            self._depth -= 1
            return
        is_out = False
        try:
            for _ in self._enter:
                break
            try:
                self._writer = None
                is_out = True
                if not self._read_line and not self._write_line:
                    self._is_closed = False
                else:
                    self._readers_first = self._is_fair and bool(self._read_line)
                    if self._is_overdue:
                        self._admit()
                    else:
                        self._invite()
            finally:
                self._mutex.release()
        except BaseException:
            self._put_right(self._write_line, 0 if is_out else _sync.get_ident())
            raise

    def downgrade(self) -> None:
        """Turn the hold for writing into one for reading, with no other writer in between.

        Inside ``with lock.write():`` the end of the block releases what it has become. Raises
        ``RuntimeError`` if the thread does not write, or has entered more than once.
        """
        me = _sync.get_ident()
        if self._writer != me:
            raise RuntimeError("downgrade() by a thread that does not write")
        if self._depth:
            raise RuntimeError("downgrade() by a writer that has entered more than once")
        self.acquire_read()
        try:
            self.release_write()
        except BaseException:
            if self._writer == me:
                self.release_read()
            raise

    def read(self) -> AbstractContextManager[None]:
        """Return a context that holds the lock for reading."""
        return Held(self.acquire_read, self.release_read)

    def write(self) -> AbstractContextManager[None]:
        """Return a context that holds the lock for writing."""
        return Held(self.acquire_write, self._release_either)

    def statistics(self) -> RWLockStatistics:
        """Return a frozen snapshot."""
        with self._mutex:
            now = _sync.monotonic()
            return RWLockStatistics(
                readers=len(self._readers),
                is_written=self._writer is not None,
                waiting_readers=len(self._read_line),
                waiting_writers=len(self._write_line),
                reads=sum(self._reads.copy().values()),
                writes=self._writes,
                read_waits=self._read_line.waits,
                write_waits=self._write_line.waits,
                read_wait_s=self._read_line.waited_s(now),
                write_wait_s=self._write_line.waited_s(now),
            )

    def _release_either(self) -> None:
        """Release what the thread has at the end of a ``write()`` context, downgraded or not."""
        if self._writer is None:
            self.release_read()
        else:
            self.release_write()


def _deadline_after(blocking: bool, timeout: float) -> float | None:
    """Return the deadline; raise what ``threading.Lock.acquire`` raises."""
    if not blocking:
        raise ValueError("can't specify a timeout for a non-blocking call")
    return _sync.deadline_after(timeout)
