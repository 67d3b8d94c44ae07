"""The lab of producer-consumer: the pattern runs its own threads, the lab gives them items and looks at them."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from concli.lab._items import BufferFigures, Shape
from concli.lab._queues import peers
from concli.lab.experiment import Contender, Experiment
from concli.lab.load import Load
from concli.lab.worker import InjectedError, Worker
from concli.metrics import Check
from concli.patterns import BoundedBuffer, ProducerConsumer

__all__ = ["ProducerConsumerSubject", "Shape", "producer_consumer"]


def producer_consumer(shape: Shape) -> Experiment:
    """Return the experiment: ``ProducerConsumer`` beside the same threads over the queues of others."""
    return Experiment(Contender("ProducerConsumer", lambda: ProducerConsumerSubject(shape)), peers(shape))


class ProducerConsumerSubject(BufferFigures):
    """A ``ProducerConsumer`` whose producers are generators and whose consumers are functions.

    An operation is what happens from one item to the next. A consumer that raised would stop all; so the
    failures that are asked for are caught where they are thrown in.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self._buffer = BoundedBuffer[int](shape.buffer)
        self._pattern: ProducerConsumer[int] | None = None
        self._given = [0] * shape.producers  # each written by its producer alone

    def start(self, load: Load) -> None:
        """Have the pattern start its threads in the load's group."""
        self._pattern = ProducerConsumer(
            [self._items(worker) for worker in load.of("producer")],
            [self._consumer(worker) for worker in load.of("consumer")],
            buffer=self._buffer,
            group=load.group,
            names=("producer", "consumer"),  # by these the load knows whose threads they are
        )
        self._pattern.start()

    def checks(self, load: Load) -> Iterable[Check]:
        """Check the items, those included that found no room at the end."""
        leftover = self._pattern.leftover if self._pattern else []
        # Each producer may have stood before a full buffer with an item in its hands; the pattern keeps it.
        self.left = sorted(leftover)
        now = self._buffer.statistics()
        self.outside = len(leftover) - (now.puts - now.gets)
        return super().checks(load)

    def totals(self, load: Load) -> Mapping[str, int]:
        """Return the counts; what is left is the pattern's own ``leftover``."""
        return {**super().totals(load), "left": len(self._pattern.leftover) if self._pattern else 0}

    def produced(self, load: Load) -> list[int]:
        """Return how many items each producer has handed to the pattern."""
        del load
        return self._given

    def _items(self, worker: Worker) -> Iterator[int]:
        work, index, given = worker.work, worker.index, self._given
        for item in worker.laps(index, self.shape.producers):
            if work:
                work()
            given[index] += 1
            yield item

    def _consumer(self, worker: Worker) -> Callable[[int], None]:
        tally = self.tallies[worker.index]
        see, worker.pause = tally.see, tally.look
        laps, work = worker.laps(), worker.work
        has_begun = False

        def consume(item: int) -> None:
            nonlocal has_begun
            if not has_begun:
                has_begun = True
                next(laps, None)
            see(item)
            if work:
                try:
                    work()
                except InjectedError:
                    worker.failed += 1
            next(laps, None)

        return consume
