"""Whole runs of producers and consumers: whatever stops them, each item ends up in one place.

There is no model: a run is one call. It must end, with the failure if there was one, and what was produced
was consumed, or failed in a consumer, or is left over, or was drained from outside, once.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any

from concli.patterns._waiters import Waiters
from concli.patterns.bounded_buffer import BoundedBuffer
from concli.patterns.producer_consumer import ProducerConsumer
from concli.patterns.resequencer import Resequencer
from concli.patterns.thread_group import ThreadGroup
from concli.verify.scenario import Op, Spec

__all__ = ["PRODUCER_CONSUMER", "Factory"]


class _FailureError(Exception):
    """Raised by a producer or a consumer that is to fail."""


class Factory:
    """One run: ``producers`` of two items each, the first ``failing`` in its second; ``consumers`` that keep them."""

    def __init__(
        self,
        producers: int = 2,
        consumers: int = 2,
        maxsize: int = 1,
        *,
        is_ordered: bool = False,
        failing: str = "",
        kind: type[ProducerConsumer[int]] = ProducerConsumer,
    ) -> None:
        self.produced: list[int] = []
        self.consumed: list[list[int]] = [[] for _ in range(consumers)]
        self.elsewhere: list[int] = []  # drained, or in the hands of a consumer that failed
        self.ends = 0
        self.result = ""
        self.is_undisturbed = not failing
        self.is_ordered = is_ordered
        self.group = ThreadGroup()
        buffer: Any = Resequencer[int](maxsize, number=int) if is_ordered else BoundedBuffer[int](maxsize)
        self.run_once = kind(
            [self._producer(number, producers, failing == "producer") for number in range(producers)],
            [self._consumer(kept, failing == "consumer") for kept in self.consumed],
            buffer=buffer,
            group=self.group,
            at_end=self._at_end,
        )

    def _producer(self, number: int, step: int, fails: bool) -> Callable[[], Iterator[int]]:
        def produce() -> Iterator[int]:
            for item in (number, number + step):
                if fails and item == step:
                    raise _FailureError
                self.produced.append(item)
                yield item

        return produce

    def _consumer(self, kept: list[int], fails: bool) -> Callable[[int], None]:
        def consume(item: int) -> None:
            if fails and item == 1:
                self.elsewhere.append(item)
                raise _FailureError
            kept.append(item)

        return consume

    def _at_end(self) -> None:
        self.ends += 1

    def run(self) -> None:
        """Do it all."""
        try:
            self.run_once.run()
        except ExceptionGroup as group:
            self.result = "failed"
            if group.split(_FailureError)[1] is not None:
                raise
        else:
            self.result = "done"

    def end(self) -> None:
        """Shut the buffer down from outside."""
        self.is_undisturbed = False
        self.run_once.buffer.shutdown()

    def drain(self) -> None:
        """Take out what is inside, and end."""
        self.is_undisturbed = False
        self.elsewhere += self.run_once.buffer.drain()

    def stop(self) -> None:
        """Stop the threads."""
        self.is_undisturbed = False
        self.group.stop()

    def look(self) -> None:
        """See the figures."""
        statistics = self.run_once.buffer.statistics()
        # ruff: noqa: S101 - what an invariant is made of
        assert statistics.gets <= statistics.puts, statistics

    def check(self) -> None:
        """Raise if an item is not in exactly one place, or a consumer saw those of a producer out of order."""
        everywhere = Counter(self.produced)
        consumed = [item for kept in self.consumed for item in kept]
        found = Counter([*consumed, *self.elsewhere, *self.run_once.leftover])
        if self.result:
            assert found == everywhere, (found, everywhere)
            assert not self.run_once.buffer.statistics().depth, "something is left inside"
        step = len(self.run_once._producers)  # noqa: SLF001 - what it was given
        for kept in self.consumed:
            for number in range(step):
                own = [item for item in kept if item % step == number]
                assert own == sorted(own), (kept, number)
            assert not self.is_ordered or kept == sorted(kept), kept
        if self.result == "done" and self.is_undisturbed:
            assert Counter(consumed) == everywhere, (consumed, everywhere)
            assert self.ends == 1, self.ends
        assert self.ends <= 1, self.ends
        lines: tuple[Waiters, ...] = (self.run_once.buffer._getters, self.run_once.buffer._putters)  # noqa: SLF001
        assert not any(lines), "somebody is still in line"


def _program(random: Random, thread: int, operations: int, _serial: Callable[[], int]) -> Sequence[Op]:
    """One thread runs it all, the others come in between, or look on."""
    if not thread:
        return [Op("run")]
    others = random.choices(("look", "end", "drain", "stop"), (8, 1, 1, 1), k=operations // 2)
    return [Op(name) for name in others]


PRODUCER_CONSUMER = Spec(
    "ProducerConsumer",
    Factory,
    configs=[
        {},
        {"maxsize": 2, "consumers": 1},
        {"is_ordered": True},
        {"failing": "producer"},
        {"failing": "consumer"},
        {"failing": "consumer", "is_ordered": True},
    ],
    raises=(ExceptionGroup,),
    invariant=Factory.check,
    finish=Factory.stop,
    program=_program,
    watched=(ProducerConsumer, ThreadGroup),
    interrupts=1,
)
