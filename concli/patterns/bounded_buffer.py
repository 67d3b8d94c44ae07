"""Condition variables: a bounded buffer on one lock and two conditions.

Choose it wherever one thread hands work to another and the first must not run ahead of the second.
For items that are tiny and many, hand over batches (``put_many``, ``get_many``); for one value that
is produced once, use a future; across processes, use ``multiprocessing.Queue``.

The protocol is that of ``queue.Queue``; ``shutdown`` is there on every Python version.

>>> buffer = BoundedBuffer(2)
>>> buffer.put("a")
>>> buffer.put("b")
>>> buffer.full()
True
>>> buffer.shutdown()
>>> list(buffer)
['a', 'b']
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from queue import Empty, Full
from typing import Generic, TypeVar

from concli.patterns import _sync
from concli.patterns._buffer_statistics import BufferStatistics
from concli.patterns._shutdown import ShutDown
from concli.patterns._waiters import Waiters

T = TypeVar("T")

__all__ = ["BoundedBuffer", "BufferStatistics", "Empty", "Full", "ShutDown"]


class BoundedBuffer(Generic[T]):
    """A first-in, first-out buffer for any number of threads on both sides.

    ``maxsize`` is the capacity, 0 for none. With ``sizer`` it is counted in what ``sizer(item)``
    returns (bytes, say) instead of in items; an item larger than the whole capacity goes in alone.

    Raises ``Full``, ``Empty`` (those of ``queue``) and ``ShutDown`` (that of ``queue`` where the
    interpreter has it).
    """

    def __init__(self, maxsize: int = 0, *, sizer: Callable[[T], int] | None = None) -> None:
        self.maxsize = maxsize
        self._sizer = sizer
        # The mutex guards every field below. All waiting is done in the three lines, which give
        # the mutex up meanwhile; who waits in one checks again what it waited for.
        self._mutex = _sync.Lock()
        self._items: deque[T] = deque()
        self._sizes: deque[int] = deque()  # of the items, in step with them; only with a sizer
        self._size = 0
        self.unfinished_tasks = 0
        self._is_shutdown = False
        self._getters = Waiters()
        self._putters = Waiters()
        self._joiners = Waiters()
        self._puts = 0
        self._gets = 0
        self._peak = 0
        self._sizes_found = 0

    def put(self, item: T, block: bool = True, timeout: float | None = None) -> None:
        """Add an item, waiting up to ``timeout`` seconds for room.

        Raises ``Full`` if there was none in that time and ``ShutDown`` if the buffer has ended.
        """
        deadline = _sync.deadline_after(timeout) if block else None
        size = 1 if self._sizer is None else self._sizer(item)
        with self._mutex:
            if self._must_wait(size) and not (block and self._wait_for_room(size, deadline)):
                raise Full
            self._add(item, size)

    def put_many(self, items: Iterable[T], timeout: float | None = None) -> int:
        """Add all of ``items`` in one go where there is room, and in as few as possible where not.

        Returns how many went in: all of them, unless ``timeout`` seconds passed first. ``ShutDown``
        is raised as soon as the buffer has ended; what went in before stays in.
        """
        deadline = _sync.deadline_after(timeout)
        done = 0
        with self._mutex:
            for item in items:
                size = 1 if self._sizer is None else self._sizer(item)
                if self._must_wait(size) and not self._wait_for_room(size, deadline):
                    break
                self._add(item, size)
                done += 1
        return done

    def put_nowait(self, item: T) -> None:
        """Add an item if there is room now, else raise ``Full``."""
        self.put(item, block=False)

    def get(self, block: bool = True, timeout: float | None = None) -> T:
        """Remove and return the oldest item, waiting up to ``timeout`` seconds for one.

        Raises ``Empty`` if there was none in that time, and ``ShutDown`` if there is none and the
        buffer has ended.
        """
        deadline = _sync.deadline_after(timeout) if block else None
        with self._mutex:
            if not self._items:
                self._wait_for_item(block, deadline)
            return self._take()

    def get_many(self, limit: int, block: bool = True, timeout: float | None = None) -> list[T]:
        """Remove and return the oldest items, at least one and at most ``limit``.

        Waits, and raises, as ``get`` does.
        """
        if limit < 1:
            raise ValueError("'limit' must be a positive number")
        deadline = _sync.deadline_after(timeout) if block else None
        with self._mutex:
            if not self._items:
                self._wait_for_item(block, deadline)
            return [self._take() for _ in range(min(limit, len(self._items)))]

    def get_nowait(self) -> T:
        """Return the oldest item if there is one now, else raise ``Empty``."""
        return self.get(block=False)

    def __iter__(self) -> Iterator[T]:
        """Get items until the buffer has been shut down and is empty."""
        while True:
            try:
                item = self.get()
            except ShutDown:
                return
            yield item

    def qsize(self) -> int:
        """Return the number of items; other threads may have changed it since."""
        return len(self._items)

    def empty(self) -> bool:
        """Return whether there was no item; other threads may have changed that since."""
        return not self._items

    def full(self) -> bool:
        """Return whether there was no room for one more; other threads may have changed that since."""
        return 0 < self.maxsize <= self._size

    def task_done(self) -> None:
        """Say that the work on one item that was got is complete.

        Raises ``ValueError`` when called more often than there were items.
        """
        with self._mutex:
            self._finish(1)

    def join(self) -> None:
        """Wait until every item that was ever put has been got and worked on."""
        with self._mutex:
            while self.unfinished_tasks:
                self._joiners.wait(self._mutex, None)

    def shutdown(self, immediate: bool = False) -> None:
        """End the buffer: ``put`` raises ``ShutDown`` from now on, ``get`` when nothing is left.

        With ``immediate`` what is inside is dropped (``drain`` gets hold of it instead).
        """
        with self._mutex:
            if immediate:
                self._clear()
            self._end()

    def drain(self) -> list[T]:
        """End the buffer and return what was inside, so that its owner can account for it."""
        with self._mutex:
            left = list(self._items)
            self._clear()
            self._end()
        return left

    @property
    def is_shutdown(self) -> bool:
        """Whether the buffer has been shut down."""
        return self._is_shutdown

    def statistics(self) -> BufferStatistics:
        """Return a frozen snapshot."""
        with self._mutex:
            return BufferStatistics(
                capacity=self.maxsize,
                depth=len(self._items),
                size=self._size,
                peak=self._peak,
                mean=self._sizes_found / self._gets if self._gets else 0.0,
                puts=self._puts,
                gets=self._gets,
                put_waits=self._putters.waits,
                get_waits=self._getters.waits,
                put_wait_s=self._putters.waited_s(),
                get_wait_s=self._getters.waited_s(),
            )

    # What follows is called with the mutex held.

    def _must_wait(self, size: int) -> bool:
        """Tell whether there is no room; raise ``ShutDown`` if there never will be."""
        if self._is_shutdown:
            raise ShutDown
        return 0 < self.maxsize < self._size + size and bool(self._items)

    def _wait_for_room(self, size: int, deadline: float | None) -> bool:
        again = False
        while self._must_wait(size):
            if not self._putters.wait(self._mutex, deadline, again=again) and self._must_wait(size):
                self._putters.wake()  # a large item that gives up may have stood before a small one that fits
                return False
            again = True
        return True

    def _wait_for_item(self, block: bool, deadline: float | None) -> None:
        again = False
        while not self._items:
            if self._is_shutdown:
                raise ShutDown
            if not block or (not self._getters.wait(self._mutex, deadline, again=again) and not self._items):
                raise Empty
            again = True

    def _add(self, item: T, size: int) -> None:
        self._items.append(item)
        self._size += size
        self._peak = max(self._peak, self._size)
        self._puts += 1
        self.unfinished_tasks += 1
        self._getters.wake()
        if self._sizer is not None:
            self._sizes.append(size)
            self._putters.wake()  # one large item gone may make room for several small ones

    def _take(self) -> T:
        self._sizes_found += self._size
        self._size -= 1 if self._sizer is None else self._sizes.popleft()
        self._gets += 1
        self._putters.wake()
        return self._items.popleft()

    def _end(self) -> None:
        self._is_shutdown = True
        self._getters.wake_all()
        self._putters.wake_all()

    def _clear(self) -> None:
        self._finish(min(len(self._items), self.unfinished_tasks))  # some may have been called done too early
        self._items.clear()
        self._sizes.clear()
        self._size = 0

    def _finish(self, count: int) -> None:
        if count > self.unfinished_tasks:
            raise ValueError("task_done() called too many times")
        self.unfinished_tasks -= count
        if not self.unfinished_tasks:
            self._joiners.wake_all()
