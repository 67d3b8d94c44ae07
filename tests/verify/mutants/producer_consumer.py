"""Producers and consumers with one mistake each."""

from collections.abc import Callable, Iterable

from concli.patterns import ProducerConsumer, ShutDown


class PollsEmpty(ProducerConsumer[int]):
    """The textbook's consumer: it goes on while the buffer is not empty, and ends when it is."""

    def _consume(self, consumer: Callable[[int], object]) -> None:
        while self.buffer.statistics().depth:
            consumer(self.buffer.get())


class FirstEndsAll(ProducerConsumer[int]):
    """The first producer that is through ends it for the others."""

    def _produce(self, producer: Iterable[int] | Callable[[], Iterable[int]]) -> None:
        super()._produce(producer)
        self.buffer.shutdown()


class DropsWhatItHasInHand(ProducerConsumer[int]):
    """A producer that is told to stop lets go of its item."""

    def _produce(self, producer: Iterable[int] | Callable[[], Iterable[int]]) -> None:
        try:
            for item in producer() if callable(producer) else producer:
                self.buffer.put(item)
        except ShutDown:
            pass
        super()._produce([])
