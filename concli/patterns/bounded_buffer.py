"""Condition variables: a bounded buffer on one lock and two conditions.

Choose it wherever one thread hands work to another and the first must not run ahead of the second.
For items that are tiny and many, hand over batches (``put_many``, ``get_many``); for one value that
is produced once, use a future; across processes, use ``multiprocessing.Queue``.

The protocol is that of ``queue.Queue``; ``shutdown`` is there on every Python version.

Who waits for whom::

    put, while it is full --> the next get          get, while it is empty --> the next put

Classic mistake: an ``if`` before the wait instead of a ``while``; who is woken may come too late::

    getter A                      getter B                      putter
    if empty: wait
                                                                put(x), notify
                                  not empty: takes x
    wakes, takes from nothing

Classic mistake: to ask ``empty()`` first; the answer is old by the time it is used. Use ``get_nowait``::

    getter A                      getter B
    empty() is False
                                  get() takes the last item
    get() waits for ever

>>> buffer = BoundedBuffer(2)
>>> buffer.put("a")
>>> buffer.put("b")
>>> buffer.full()
True
>>> buffer.shutdown()
>>> list(buffer)
['a', 'b']
"""

import sys
from collections import deque
from collections.abc import Callable, Iterable
from queue import Empty, Full
from typing import TypeVar

from concli.patterns import _sync
from concli.patterns._buffer import BufferStatistics
from concli.patterns._joinable import JoinableBuffer
from concli.patterns._shutdown import ShutDown

T = TypeVar("T")

__all__ = ["BoundedBuffer", "BufferStatistics", "Empty", "Full", "ShutDown"]


class BoundedBuffer(JoinableBuffer[T]):
    """A first-in, first-out buffer for any number of threads on both sides.

    ``maxsize`` is the capacity, 0 for none. With ``sizer`` it is counted in what ``sizer(item)``
    returns (bytes, say) instead of in items; an item larger than the whole capacity goes in alone.

    Raises ``Full``, ``Empty`` (those of ``queue``) and ``ShutDown`` (that of ``queue`` where the
    interpreter has it).
    """

    def __init__(self, maxsize: int = 0, *, sizer: Callable[[T], int] | None = None) -> None:
        super().__init__()
        self._maxsize = maxsize
        self._sizer = sizer
        self._items: deque[T] = deque()
        self._sizes: deque[int] = deque()  # of the items, in step with them; only with a sizer
        self._size = 0  # their sum
        # With fewer items there is room for one more, and no question: so 0 with a sizer, and at the end.
        self._always_room = 0 if sizer is not None else maxsize if maxsize > 0 else sys.maxsize
        # Gets are counted, and what they found. How many puts there were follows from that.
        self._gets = self._found = self._peak_found = 0
        self._dropped = 0

    # `put` and `get` are what programs spend their time in: where nobody waits they are one lock, a few
    # look-ups and a deque's own method. They wake the other side before they do what it waits for, which
    # it can't see until the mutex is free: an interrupt between the two then costs no more than a look.

    def put(self, item: T, block: bool = True, timeout: float | None = None) -> None:
        """Add an item, waiting up to ``timeout`` seconds for room.

        Raises ``Full`` if there was none in that time and ``ShutDown`` if the buffer has ended.
        """
        deadline = None if timeout is None or not block else _sync.deadline_after(timeout)
        size = 1 if self._sizer is None else self._sizer(item)
        with self._mutex:
            items = self._items
            if len(items) >= self._always_room:
                self._make_room(size, block, deadline)
            if self._getters:
                self._getters.wake()
            items.append(item)

    def get(self, block: bool = True, timeout: float | None = None) -> T:
        """Remove and return the oldest item, waiting up to ``timeout`` seconds for one.

        Raises ``Empty`` if there was none in that time, and ``ShutDown`` if there is none and the
        buffer has ended.
        """
        deadline = None if timeout is None or not block else _sync.deadline_after(timeout)
        with self._mutex:
            items = self._items
            if not items:
                self._wait_for_item(block, deadline)
            if self._putters:
                self._putters.wake()
            found = len(items) if self._sizer is None else self._take_size()
            if found > self._peak_found:  # noqa: PLR1730 - calling max() would cost a tenth of the whole
                self._peak_found = found
            self._found += found
            self._gets += 1
            return items.popleft()

    def put_many(self, items: Iterable[T], timeout: float | None = None) -> int:
        """Add all of ``items`` in one go where there is room, and in as few as possible where not.

        Returns how many went in: all of them, unless ``timeout`` seconds passed first. ``ShutDown``
        is raised as soon as the buffer has ended; what went in before stays in. An iterator is read
        to its end before anything is added.
        """
        deadline = _sync.deadline_after(timeout)
        batch = items if isinstance(items, list | tuple) else list(items)
        sizes = None if self._sizer is None else [self._sizer(item) for item in batch]
        done = 0
        with self._mutex:
            while done < len(batch):
                room = self._always_room - len(self._items)
                if room < 1:
                    try:
                        self._make_room(1 if sizes is None else sizes[done], True, deadline)
                    except Full:
                        break
                added = batch[done : done + max(1, room)]
                self._getters.wake(len(added))
                self._items.extend(added)
                done += len(added)
        return done

    def get_many(self, limit: int, block: bool = True, timeout: float | None = None) -> list[T]:
        """Remove and return the oldest items, at least one and at most ``limit``.

        Waits, and raises, as ``get`` does.
        """
        if limit < 1:
            raise ValueError("'limit' must be a positive number")
        deadline = _sync.deadline_after(timeout) if block else None
        with self._mutex:
            items = self._items
            if not items:
                self._wait_for_item(block, deadline)
            count = min(limit, len(items))
            self._putters.wake(count)
            self._peak_found = max(self._peak_found, self._held)
            if self._sizer is None:
                self._found += count * (2 * len(items) - count + 1) // 2  # as if got one by one
            else:
                self._found += sum(self._take_size() for _ in range(count))
            self._gets += count
            if count < len(items):
                return [items.popleft() for _ in range(count)]
            taken = list(items)
            items.clear()
            return taken

    def put_nowait(self, item: T) -> None:
        """Add an item if there is room now, else raise ``Full``."""
        self.put(item, block=False)

    def get_nowait(self) -> T:
        """Return the oldest item if there is one now, else raise ``Empty``."""
        return self.get(block=False)

    def qsize(self) -> int:
        """Return the number of items; other threads may have changed it since."""
        return len(self._items)

    def empty(self) -> bool:
        """Return whether there was no item; other threads may have changed that since."""
        return not self._items

    def full(self) -> bool:
        """Return whether there was no room for one more; other threads may have changed that since."""
        return 0 < self._maxsize <= self._held

    @property
    def maxsize(self) -> int:
        """The capacity, 0 for none. It can be changed, as that of ``queue.Queue``."""
        return self._maxsize

    @maxsize.setter
    def maxsize(self, maxsize: int) -> None:
        with self._mutex:
            self._maxsize = maxsize
            if self._sizer is None and not self._is_shutdown:
                self._always_room = maxsize if maxsize > 0 else sys.maxsize
            self._putters.wake_all()

    # What follows is called with the mutex held.

    @property
    def _held(self) -> int:
        return len(self._items) if self._sizer is None else self._size

    def _puts(self) -> int:
        return self._gets + self._dropped + len(self._items)

    def _make_room(self, size: int, block: bool, deadline: float | None) -> None:
        """Wait until there is room for an item, and account for its size."""
        again = False
        while self._must_wait(size):
            if not block or (not self._putters.wait(self._mutex, deadline, again=again) and self._must_wait(size)):
                self._putters.wake()  # a large item that gives up may have stood before a small one that fits
                raise Full
            again = True
        if self._sizer is not None:
            self._sizes.append(size)
            self._size += size
            self._putters.wake()  # one large item gone may have made room for several small ones

    def _must_wait(self, size: int) -> bool:
        """Tell whether there is no room; raise ``ShutDown`` if there never will be."""
        if self._is_shutdown:
            raise ShutDown
        if self._sizer is None:
            return len(self._items) >= self._always_room
        return 0 < self._maxsize < self._size + size and bool(self._items)

    def _wait_for_item(self, block: bool, deadline: float | None) -> None:
        again = False
        while not self._items:
            if self._is_shutdown:
                raise ShutDown
            if not block or (not self._getters.wait(self._mutex, deadline, again=again) and not self._items):
                raise Empty
            again = True

    def _take_size(self) -> int:
        found = self._size
        self._size -= self._sizes.popleft()
        return found

    def _end(self) -> None:
        self._always_room = 0
        super()._end()

    def _clear(self) -> list[T]:
        left = list(self._items)
        self._finish(len(left))
        self._dropped += len(left)
        self._peak_found = max(self._peak_found, self._held)
        self._items.clear()
        self._sizes.clear()
        self._size = 0
        return left

    def _figures(self) -> tuple[int, int, int, int, float, int, int]:
        peak = max(self._peak_found, self._held)  # what is held only grows from one get to the next
        mean = self._found / self._gets if self._gets else 0.0
        return self._maxsize, len(self._items), self._held, peak, mean, self._puts(), self._gets
