"""Thread-local storage: values of each thread's own that others can read, those of ended threads too.

Choose ``ThreadLocal`` where each thread keeps something of its own (a tally, a scratch array, a
connection) and somebody has to see all of them in the end; ``ThreadAttributes`` where the code was
written for ``threading.local``. For a value that follows the work rather than the thread, use
``contextvars``; for one that all threads change, an object with a lock.

Source: ``threading.local`` of CPython, and the per-thread counters ("statistical counters") of
McKenney, Is Parallel Programming Hard, chapter 5.

Who waits for whom::

    get and set --> nobody, after a thread's first          values and fold --> the mutex, for a moment

Classic mistake: to take a thread for a task. In a pool the value of one task is there in the next; use
``contextvars``, which follow the work::

    worker 1                          worker 2
    Ann's task: user.set("Ann")
                                      Bob's task: user.set("Bob")
    Cy's task: user.get() is "Ann"

Classic mistake: a factory that returns one object to all. The place is each thread's own, what is in it
is not; make a new one in each call::

    thread A                      thread B
    total = get().n, which is 5
                                  total = get().n, which is 5
    get().n = total + 1
                                  get().n = total + 1: it is 6, not 7

>>> tally = ThreadLocal(list)
>>> tally.get().append(1)
>>> tally.values()
[[1]]
>>> tally.fold(lambda total, one: total + len(one), 0)
1
"""

import functools
import weakref
from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar

from concli.patterns import _sync

T = TypeVar("T")
R = TypeVar("R")

__all__ = ["ThreadAttributes", "ThreadLocal"]

# With `fold_ended`: so many values are kept before those of ended threads are looked for.
_FEW = 32


class _Cell(Generic[T]):
    """The place of one thread's value: the thread alone writes it, everybody reads it."""

    __slots__ = ("owner", "value")

    def __init__(self, value: T, owner: "weakref.ref[_Mark]") -> None:
        self.value = value
        self.owner = owner  # dead when the thread has ended


class _Mark:
    """What only the thread itself holds on to: it goes when the thread goes."""

    __slots__ = ("__weakref__",)


class ThreadLocal(Generic[T]):
    """One value a thread, made by ``factory`` when the thread first asks for it.

    A thread reads and changes its own value without a lock. The values outlive their threads. Where
    short-lived threads are many, ``fold_ended(first, second)`` keeps them from piling up: it returns
    one value for those of two threads that have ended, and must be associative. It changes neither
    of them, for who called ``values`` may be reading them. What it raises comes out of ``get`` or
    ``set`` of the thread for which room was to be made, and no value is lost by it.

    On the fast path is one attribute of a ``threading.local``. It is not a subclass of that because
    the look-up of a method on one takes longer than all of ``get``.
    """

    __slots__ = ("_cells", "_ended", "_factory", "_fold_ended", "_is_folding", "_mutex", "_own", "_sweep_at")

    def __init__(self, factory: Callable[[], T], *, fold_ended: Callable[[T, T], T] | None = None) -> None:
        self._factory = factory
        self._fold_ended = fold_ended
        self._own = _sync.local()
        # The mutex guards every field below. It is an RLock, and each change under it a single step, for
        # a signal handler or a finaliser that asks for its value may come in between in the same thread.
        self._mutex = _sync.RLock()
        self._cells: dict[_Cell[T], None] = {}  # in the order of their making
        self._ended: tuple[T, ...] = ()  # nothing yet, or the one value folded of ended threads
        self._is_folding = False
        self._sweep_at = _FEW

    def get(self) -> T:
        """Return the calling thread's value, made now if there is none. Raises what the factory does."""
        try:
            value: T = self._own.cell.value
        except AttributeError:
            pass
        else:
            return value
        value = self._factory()
        self._add(value)
        return value

    def set(self, value: T) -> None:
        """Put ``value`` in the place of the calling thread's value."""
        try:
            cell = self._own.cell
        except AttributeError:
            self._add(value)
        else:
            cell.value = value

    def delete(self) -> None:
        """Forget the calling thread's value, also where all are read; ``get`` makes a new one.

        Raises ``LookupError`` if the thread has none.
        """
        own = self._own
        with self._mutex:
            try:
                cell = own.cell
            except AttributeError:
                raise LookupError("this thread has no value") from None
            # Without a call in between: no interrupt comes here, to leave a value that only one side knows of.
            del self._cells[cell]
            del own.cell
            del own.mark

    def values(self) -> list[T]:
        """Return the values of all threads that ever asked, oldest first.

        With ``fold_ended`` the first may be that of many ended threads together.
        """
        with self._mutex:
            return [*self._ended, *(cell.value for cell in list(self._cells))]

    def fold(self, function: Callable[[R, T], R], initial: R) -> R:
        """Return ``function(… function(initial, first) …, last)`` over the values of all threads."""
        return functools.reduce(function, self.values(), initial)

    def _add(self, value: T) -> None:
        mark = _Mark()
        cell = _Cell(value, weakref.ref(mark))
        # In this order: if it is interrupted, a value may be there twice or unused but never unseen.
        with self._mutex:
            self._cells[cell] = None
            many = self._fold_ended is not None and len(self._cells) > self._sweep_at
        own = self._own
        own.mark = mark  # together: a signal handler may have put its own in place of both
        own.cell = cell
        if many:
            self._sweep()

    def _sweep(self) -> None:
        """Fold the values of threads that have ended into one."""
        assert self._fold_ended is not None  # noqa: S101 - for the type checker
        with self._mutex:
            if self._is_folding:
                return
            self._is_folding = True
            ended = [cell for cell in list(self._cells) if cell.owner() is None]
            values = [*self._ended, *(cell.value for cell in ended)]
        try:
            folded = (functools.reduce(self._fold_ended, values),) if values else ()
            with self._mutex:
                self._ended = folded
                for cell in ended:
                    del self._cells[cell]
        finally:
            # Twice as many as live now: the search costs each new thread the same, however many there are.
            self._sweep_at = max(_FEW, 2 * len(self._cells))
            self._is_folding = False  # without the mutex: who waits can be interrupted, and nobody else does this


class ThreadAttributes(_sync.local):
    """Attributes that each thread has for itself: ``threading.local``, readable from outside.

    ``attributes.user = "ada"`` is seen by the calling thread alone; ``values`` shows those of all
    living threads. What an ended thread had is let go, as ``threading.local`` does. A subclass whose
    ``__init__`` takes arguments is told of each new thread by a call of it with the same ones; only
    threads in which it called ``super().__init__()`` are in ``values``.

    >>> attributes = ThreadAttributes()
    >>> attributes.user = "ada"
    >>> attributes.values()
    [{'user': 'ada'}]
    """

    # Slots of a subclass of `threading.local` are shared by all threads.
    __slots__ = ("_holders", "_mutex", "_own")

    _holders: "list[weakref.ref[_Holder]]"
    _mutex: Any
    _own: Any

    def __new__(cls, /, *args: object, **keywords: object) -> Self:
        """Make the part that all threads share."""
        self = super().__new__(cls, *args, **keywords)
        self._mutex = _sync.RLock()  # as in `ThreadLocal`
        self._holders = []  # guarded by the mutex; not a WeakSet, which threads that end may change while it is read
        self._own = _sync.local()
        return self

    def __init__(self) -> None:  # called in each thread that comes to it
        holder = self._own.holder = _Holder(self.__dict__)
        with self._mutex:
            for ended in [one for one in self._holders if one() is None]:
                self._holders.remove(ended)
            self._holders.append(weakref.ref(holder))

    def values(self) -> list[dict[str, Any]]:
        """Return a copy of the attributes of each living thread that has any."""
        with self._mutex:
            holders = [one() for one in self._holders]
        return [holder.attributes.copy() for holder in holders if holder is not None and holder.attributes]


class _Holder:
    """The attributes of one thread, in something that can be referred to weakly."""

    __slots__ = ("__weakref__", "attributes")

    def __init__(self, attributes: dict[str, Any]) -> None:
        self.attributes = attributes
