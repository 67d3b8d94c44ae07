"""Producer-consumer: any number of each, over one bounded buffer, ended by closing it.

Choose it for a stream whose two ends run at different speeds. For a list of independent calls a
thread pool is simpler; for a chain of several steps with a record of each task use a task pipeline.

Who waits for whom::

    producers, while it is full --> [ buffer ] <-- consumers, while it is empty
    run --> the last consumer --> the last producer, which shuts the buffer down

Classic mistake: one end mark for several consumers. Close the buffer instead of putting marks into it::

    producer                      consumer A                    consumer B
    put(item), put(END)
                                  get() is item
                                                                get() is END, ends
                                  get() waits for ever

Classic mistake: to take an empty buffer for the end; the producers may only be slow::

    producer                      consumer
    computes the next item
                                  empty() is True, ends
    put(item): nobody takes it

Classic mistake: a consumer that fails alone. Here its failure stops the producers too::

    producer                      consumer
    put() fills the buffer
                                  raises, has ended
    put() waits for ever

>>> squares = []
>>> ProducerConsumer([range(4)], [lambda n: squares.append(n * n)]).run()
>>> squares
[0, 1, 4, 9]
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

from concli.patterns import _sync
from concli.patterns._shutdown import ShutDown
from concli.patterns.bounded_buffer import BoundedBuffer
from concli.patterns.resequencer import Resequencer
from concli.patterns.thread_group import ThreadGroup

T = TypeVar("T")

__all__ = ["ProducerConsumer"]


class ProducerConsumer(Generic[T]):
    """Threads that fill a buffer and threads that empty it.

    A producer is an iterable, or a callable that returns one (a generator function, say), and has a
    thread of its own; so has a consumer, which is called with each item. When the last producer is
    through, the buffer is shut down and the consumers work off what is inside.

    The first failure on either side stops all and is raised with any others as an
    ``ExceptionGroup``; what had been produced and was given to no consumer is in ``leftover``, never
    just gone.

    Two of these make a chain: let the consumers of the first put into the buffer of the second, give
    both one ``group``, and let the first shut that buffer down when it is through (``at_end``).
    """

    def __init__(
        self,
        producers: Sequence[Iterable[T] | Callable[[], Iterable[T]]],
        consumers: Sequence[Callable[[T], object]],
        *,
        buffer: BoundedBuffer[T] | Resequencer[T] | None = None,
        group: ThreadGroup | None = None,
        at_end: Callable[[], object] | None = None,
        names: tuple[str, str] = ("producer", "consumer"),
    ) -> None:
        self.buffer = BoundedBuffer[T](64) if buffer is None else buffer
        self.leftover: list[T] = []  # guarded by the mutex
        self._producers = producers
        self._consumers = consumers
        self._group = ThreadGroup() if group is None else group
        self._at_end = at_end
        self._names = names
        self._mutex = _sync.Lock()
        self._producing = len(producers)  # guarded by the mutex
        self._consuming = len(consumers)  # guarded by the mutex

    def start(self) -> None:
        """Start all threads; ``run`` does this and waits."""
        self._group.on_stop(self._abandon)
        produce, consume = self._names
        for number, consumer in enumerate(self._consumers, 1):
            self._group.spawn(self._consume, consumer, name=f"{consume}-{number}")
        for number, producer in enumerate(self._producers, 1):
            self._group.spawn(self._produce, producer, name=f"{produce}-{number}")

    def run(self) -> None:
        """Start all threads and wait until everything has been produced and consumed."""
        with self._group:
            self.start()

    def _produce(self, producer: Iterable[T] | Callable[[], Iterable[T]]) -> None:
        try:
            for item in producer() if callable(producer) else producer:
                try:
                    self.buffer.put(item)
                except ShutDown:
                    with self._mutex:
                        self.leftover.append(item)
                    raise
        except ShutDown:
            if not self.buffer.is_shutdown:
                raise  # somebody else's
        with self._mutex:
            self._producing -= 1
            last = not self._producing
        if last:
            self.buffer.shutdown()

    def _consume(self, consumer: Callable[[T], object]) -> None:
        for item in self.buffer:
            consumer(item)
        with self._mutex:
            self._consuming -= 1
            last = not self._consuming
        if last:
            self._abandon()  # a resequencer holds back what stands behind a gap
            if self._at_end is not None:
                self._at_end()

    def _abandon(self) -> None:
        with self._mutex:  # first: an interrupt while it waited for that would lose what was drained
            self.leftover += self.buffer.drain()
