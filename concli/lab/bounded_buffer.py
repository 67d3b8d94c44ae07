"""The lab of the bounded buffer: producers put numbered items, consumers get them."""

import sys

from concli.lab._items import BufferFigures, Shape
from concli.lab._queues import peers
from concli.lab.experiment import Contender, Experiment
from concli.lab.worker import InjectedError, Worker
from concli.patterns import BoundedBuffer

__all__ = ["BufferSubject", "Shape", "bounded_buffer"]


def bounded_buffer(shape: Shape) -> Experiment:
    """Return the experiment: ``BoundedBuffer`` beside the queues of others."""
    remark = f"in batches of {shape.batch}" if shape.batch > 1 else ""
    return Experiment(Contender("BoundedBuffer", lambda: BufferSubject(shape), remark), peers(shape))


class BufferSubject(BufferFigures):
    """A ``BoundedBuffer`` between producers and consumers."""

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape, step=shape.batch)
        self._buffer = BoundedBuffer[int](shape.buffer)
        self.put, self.get = self._buffer.put, self._buffer.get

    def produce(self, worker: Worker) -> None:
        """Put the worker's items, by the batch if there are batches."""
        if self.shape.batch == 1:
            super().produce(worker)
            return
        put_many, work, producers, batch = self._buffer.put_many, worker.work, self.shape.producers, self.shape.batch
        left = sys.maxsize if worker.quota is None else worker.quota
        for first in worker.laps(worker.index, producers):
            count = min(batch, left)
            left -= count
            if work:
                work()
            put_many(range(first, first + count * producers, producers))
            worker.extra_items += count - 1

    def consume(self, worker: Worker) -> None:
        """Get items until there are no more, by the batch if there are batches."""
        if self.shape.batch == 1:
            super().consume(worker)
            return
        get_many, work, tally, batch = self._buffer.get_many, worker.work, self.tallies[worker.index], self.shape.batch
        worker.pause = tally.look
        for _ in worker.laps():
            items = get_many(batch)
            tally.see_all(items)
            worker.extra_items += len(items) - 1
            if work:
                try:
                    work()
                except InjectedError:
                    worker.failed += 1

    def finish(self) -> None:
        """Let the consumers work off what is inside."""
        self._buffer.shutdown()

    def stop(self) -> None:
        """Take out what is inside, and end all waits."""
        self.left += self._buffer.drain()
