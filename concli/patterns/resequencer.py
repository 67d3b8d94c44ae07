"""Resequencer: a bounded buffer that many threads fill in any order and that empties in sequence.

Choose it behind a pool of workers whose results must come out in the order in which the work went
in. Where order does not matter a ``BoundedBuffer`` lets the fast overtake the slow.

Source: "Resequencer" in Hohpe and Woolf, Enterprise Integration Patterns.

Who waits for whom::

    put, unless its turn is next --> room          get --> the item whose turn is next

Classic mistake: to put results in order behind a bounded buffer. It fills up with those that come
later, and the first does not get in::

    worker 1               worker 2                 writer
    works on 0, slowly
                           put(1), put(2): full
                                                    waits for 0
    put(0) waits           put(3) waits             waits, for ever

Classic mistake: to number results when they are done instead of when the work is handed out::

    worker 1                       worker 2
    takes "first"
                                   takes "second"
                                   is done: next(numbers) is 0
    is done: next(numbers) is 1

>>> words = ["first", "second"]
>>> results = Resequencer(10, number=words.index)
>>> results.put("second")
>>> results.put("first")
>>> results.shutdown()
>>> list(results)
['first', 'second']
"""

from collections.abc import Callable
from typing import TypeVar

from concli.patterns._buffer import Buffer
from concli.patterns._shutdown import ShutDown

T = TypeVar("T")

__all__ = ["Resequencer"]


class Resequencer(Buffer[T]):
    """Items numbered from 0 go in as they come and come out in the order of their numbers.

    ``number(item)`` gives an item's number; each must be put once. ``maxsize`` bounds what is held
    back, in items or in what ``sizer(item)`` returns, as in ``BoundedBuffer``. The item whose turn is
    next always goes in: whoever has it never waits, so the buffer can't lock itself up.
    """

    def __init__(self, maxsize: int, *, number: Callable[[T], int], sizer: Callable[[T], int] | None = None) -> None:
        super().__init__()
        self.maxsize = maxsize
        self._number = number
        self._sizer = sizer
        self._held: dict[int, tuple[T, int]] = {}
        self._next = 0
        self._size = 0
        self._puts = 0
        self._peak = 0
        self._sizes_found = 0

    def put(self, item: T) -> None:
        """Add an item, waiting for room unless its turn is next.

        Raises ``ShutDown`` if the buffer has ended, ``ValueError`` for a number that was put before.
        """
        number = self._number(item)
        size = 1 if self._sizer is None else self._sizer(item)
        with self._mutex:
            again = False
            while self._must_wait(number, size):
                self._putters.wait(self._mutex, None, again=again)
                again = True
            self._held[number] = (item, size)
            self._size += size
            self._peak = max(self._peak, self._size)
            self._puts += 1
            if number == self._next:
                self._getters.wake()

    def get(self) -> T:
        """Remove and return the next item in sequence, waiting for it.

        Raises ``ShutDown`` when the buffer has ended and the next item is not inside.
        """
        with self._mutex:
            again = False
            while self._next not in self._held:
                if self._is_shutdown:
                    raise ShutDown
                self._getters.wait(self._mutex, None, again=again)
                again = True
            self._sizes_found += self._size
            item, size = self._held.pop(self._next)
            self._next += 1
            self._size -= size
            # Whose turn it is now may be any of those who wait for room: all of them look again.
            self._putters.wake_all()
            if self._next in self._held:
                self._getters.wake()
            return item

    def _must_wait(self, number: int, size: int) -> bool:
        """Tell whether there is no room; raise if the item can't go in whatever room there is."""
        if self._is_shutdown:
            raise ShutDown
        if number < self._next or number in self._held:
            raise ValueError(f"item {number} was put before")
        return number != self._next and self._size + size > self.maxsize

    def _clear(self) -> list[T]:
        left = [self._held[number][0] for number in sorted(self._held)]
        self._held.clear()
        self._size = 0
        return left

    def _figures(self) -> tuple[int, int, int, int, float, int, int]:
        mean = self._sizes_found / self._next if self._next else 0.0
        return self.maxsize, len(self._held), self._size, self._peak, mean, self._puts, self._next
