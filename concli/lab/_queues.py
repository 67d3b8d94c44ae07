"""The queues of others under the same load: what is special about each is how one ends it."""

import queue
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import import_module
from typing import Any

from concli.lab._items import ItemsSubject, Shape
from concli.lab._numbered import END
from concli.lab.experiment import Contender
from concli.lab.load import Load
from concli.metrics import Check
from concli.patterns import ShutDown

__all__ = ["peers"]


def peers(shape: Shape) -> Sequence[Contender]:
    """Return what one would otherwise use. None has batches: they get one by one what ours gets by the batch."""
    return (
        Contender("queue.Queue", lambda: _Queue(shape)),
        Contender("queue.SimpleQueue", lambda: _SimpleQueue(shape), "has no bound"),
        Contender("culsans", lambda: _Culsans(shape)),
    )


class _Foreign(ItemsSubject):
    def __init__(self, shape: Shape, made: Any, put: Any = None, get: Any = None) -> None:
        super().__init__(shape)
        self._made = made
        self.put, self.get = put or made.put, get or made.get

    def depth(self) -> int:
        return int(self._made.qsize())

    def checks(self, load: Load) -> Iterable[Check]:
        self.left += _taken(self._made.get_nowait)  # what came in after the end
        return super().checks(load)


class _Queue(_Foreign):
    """``queue.Queue``, which has no shutdown before Python 3.13: an item says that there are no more."""

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape, queue.Queue(shape.buffer))

    def depth(self) -> int:
        return len(self._made.queue)  # not qsize, which would take the lock from those who are measured

    def finish(self) -> None:
        with self._made.mutex:
            self._end()

    def stop(self) -> None:
        with self._made.mutex:
            self.left += [item for item in self._made.queue if item != END]
            self._made.queue.clear()
            self._end()

    def _end(self) -> None:
        self._made.maxsize = sys.maxsize  # who waits for room looks at it again
        self._made.queue.extend([END] * self.shape.consumers)
        self._made.not_empty.notify_all()
        self._made.not_full.notify_all()


class _SimpleQueue(_Foreign):
    left_last = False

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape, queue.SimpleQueue())

    def finish(self) -> None:
        for _ in range(self.shape.consumers):
            self._made.put(END)

    def stop(self) -> None:
        self.left += _taken(self._made.get_nowait)
        self.finish()


class _Culsans(_Foreign):
    left_last = False

    def __init__(self, shape: Shape) -> None:
        culsans = import_module("culsans")
        made = culsans.Queue(shape.buffer)
        super().__init__(shape, made, made.sync_put, made.sync_get)  # what sync_q.put and sync_q.get call in turn
        self.endings = (culsans.QueueShutDown, ShutDown)

    def finish(self) -> None:
        self._made.shutdown()

    def stop(self) -> None:
        self.left += _taken(self._made.get_nowait)
        self._made.shutdown()


def _taken(get_nowait: Callable[[], int]) -> Iterator[int]:
    """Yield what is inside, without the ends."""
    while True:
        try:
            item = get_nowait()
        except Exception as end:
            if type(end).__name__ in {"Empty", "QueueEmpty", "SyncQueueEmpty", "ShutDown", "QueueShutDown"}:
                return
            raise
        if item != END:
            yield item
