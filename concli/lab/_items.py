"""Numbered items through anything with a put and a get: the roles and the checks, whatever is in between."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from concli.lab._numbered import END, Tally, check_items
from concli.lab.experiment import Subject
from concli.lab.load import Load
from concli.lab.work import NO_WORK, Work
from concli.lab.worker import InjectedError, Role, Worker
from concli.metrics import Check
from concli.metrics.report import QueueUsage
from concli.patterns import BoundedBuffer, ShutDown

__all__ = ["BufferFigures", "ItemsSubject", "Shape"]


class Shape(NamedTuple):
    """How many threads on each side of how large a buffer, and what they do besides."""

    producers: int = 1
    consumers: int = 1
    buffer: int = 64
    batch: int = 1
    work: Work = NO_WORK
    produce_work: Work = NO_WORK


class ItemsSubject(Subject):
    """Producers put numbered items, consumers get them and see whether they are the right ones."""

    #: Set by whoever makes the thing in between.
    put: Callable[[int], object]
    get: Callable[[], int]
    #: What is left is taken out in one step, so it comes behind all that was consumed.
    left_last = True

    def __init__(self, shape: Shape, *, step: int = 1) -> None:
        self.shape = shape
        self.tallies = [Tally(shape.producers) for _ in range(shape.consumers)]
        #: What was still inside at the end, in its order; ``outside`` of them had not even got in.
        self.left: list[int] = []
        self.outside = 0
        self.roles = (
            Role(
                "producer",
                shape.producers,
                self.produce,
                counts=False,
                operation="put",
                step=step,
                work=shape.produce_work,
                waits_for="for room",
                option="--producers",
            ),
            Role(
                "consumer",
                shape.consumers,
                self.consume,
                drives=False,
                operation="get",
                step=step,
                work=shape.work,
                fails=True,
                waits_for="for items",
                waits="starved",
                option="--consumers",
            ),
        )

    def produce(self, worker: Worker) -> None:
        """Put the worker's items."""
        put, work = self.put, worker.work
        for item in worker.laps(worker.index, self.shape.producers):
            if work:
                work()
            put(item)

    def consume(self, worker: Worker) -> None:
        """Get items until there are no more."""
        get, work, tally, end = self.get, worker.work, self.tallies[worker.index], END
        see, worker.pause = tally.see, tally.look
        for _ in worker.laps():
            item = get()
            if item == end:
                raise ShutDown
            see(item)
            if work:
                try:
                    work()
                except InjectedError:
                    worker.failed += 1

    def totals(self, load: Load) -> Mapping[str, int]:
        """Return what went in, what came out and what was left inside."""
        return {"produced": sum(self.produced(load)), "consumed": load.items("consumer"), "left": len(self.left)}

    def checks(self, load: Load) -> Iterable[Check]:
        """Check that every item that was put comes out once and in order."""
        consumed = load.items("consumer")
        return check_items(
            self.tallies,
            self.produced(load),
            consumed,
            self.left,
            uncertain=self.uncertain(load),
            left_last=self.left_last,
        )

    def produced(self, load: Load) -> list[int]:
        """Return how many items each producer has put."""
        return [worker.items for worker in load.of("producer")]

    def uncertain(self, load: Load) -> int:
        """Return how many items may be in the hands of threads that were cut short in the midst of an operation."""
        step = self.roles[0].step
        cut_short = self.shape.producers if load.cut_short and step > 1 else 0  # of a batch some may have gone in
        return step * (cut_short + len(load.abandoned))


class BufferFigures(ItemsSubject):
    """What a ``BoundedBuffer`` in between can tell by itself."""

    _buffer: BoundedBuffer[int]

    def depth(self) -> int:
        """Return the number of items inside."""
        return self._buffer.qsize()

    def waited_s(self) -> Mapping[str, float]:
        """Return the seconds waited, by the buffer's statistics."""
        now = self._buffer.statistics()
        return {"producer": now.put_wait_s, "consumer": now.get_wait_s}

    def queue(self) -> QueueUsage | None:
        """Return the use of the buffer."""
        now = self._buffer.statistics()
        return QueueUsage(now.capacity, now.peak, now.mean, now.size, "items")

    def figures(self) -> Mapping[str, object]:
        """Return the buffer's statistics."""
        return self._buffer.statistics()._asdict()

    def checks(self, load: Load) -> Iterable[Check]:
        """Check the items, and that the buffer's own statistics say the same."""
        yield from super().checks(load)
        now, uncertain = self._buffer.statistics(), self.uncertain(load)
        put, got, inside = (
            sum(self.produced(load)) - self.outside,
            load.items("consumer"),
            len(self.left) - self.outside,
        )
        agrees = abs(now.puts - put) <= uncertain and abs(now.gets - got) <= uncertain
        adds_up = now.puts == now.gets + inside and 0 <= self.outside <= self.shape.producers
        detail = f"{now.puts:,} puts of {put:,}, {now.gets:,} gets of {got:,}, {inside:,} left"
        yield Check("the statistics add up", agrees and adds_up, detail)
        fits = not now.capacity or now.peak <= now.capacity
        yield Check("never more inside than fits", fits, f"at most {now.peak:,} of {now.capacity:,}")
