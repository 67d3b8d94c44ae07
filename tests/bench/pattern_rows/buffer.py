"""BoundedBuffer beside queue.Queue and culsans."""

import queue
from collections.abc import Callable, Sequence
from typing import Any

from concli.patterns import BoundedBuffer
from tests.bench.pattern_rows.aims import at_least
from tests.bench.pattern_rows.gate import time_together
from tests.bench.pattern_rows.row import Contender, Row, Run, Took, peer, shown, standard

__all__ = ["rows"]

_BATCH = 64


def rows() -> list[Row]:
    """Return the rows."""
    return [
        _row(64, 1, at_least(2.5)),
        _row(5, 1, at_least(1)),
        _row(1000, 1, at_least(1)),
        _row(64, 4, at_least(1)),
        _batch_row(64, at_least(15)),
        _batch_row(1024),
    ]


def _row(size: int, threads: int, aim: Any) -> Row:
    concli = Contender("concli BoundedBuffer", _one_by_one(lambda: _sides(BoundedBuffer(size)), threads))
    some = [] if (size, threads) != (64, 1) else [_simple_queue()]
    return Row(
        "BoundedBuffer",
        f"size {size}, {threads} producer{'s' * (threads > 1)} and {threads} consumer{'s' * (threads > 1)}",
        "tiny ints, put and got one by one",
        "item",
        [concli, *_peers(size, threads), *some],
        [aim],
        start=4000,
    )


def _batch_row(size: int, *aims: Any) -> Row:
    return Row(
        "BoundedBuffer",
        f"size {size}, 1 producer and 1 consumer, batches of {_BATCH}",
        f"tiny ints, put_many and get_many with {_BATCH} of them; the peers, which have no batches, one by one",
        "item",
        [Contender("concli BoundedBuffer", _by_batches(size)), *_peers(size, 1)],
        aims,
        start=4096,
    )


def _simple_queue() -> Contender:
    return shown("queue.SimpleQueue, which has no bound", _one_by_one(lambda: _sides(queue.SimpleQueue()), 1))


def _peers(size: int, threads: int) -> list[Contender]:
    def culsans(module: Any) -> Run:
        def make() -> tuple[Any, Any]:
            made = module.Queue(size)
            return made.sync_put, made.sync_get  # what sync_q.put and sync_q.get call in turn

        return _one_by_one(make, threads)

    return [
        standard("queue.Queue", _one_by_one(lambda: _sides(queue.Queue(size)), threads)),
        peer("culsans", "Queue.sync_put, sync_get", culsans),
    ]


def _sides(made: Any) -> tuple[Any, Any]:
    return made.put, made.get


def _one_by_one(make: Callable[[], tuple[Any, Any]], threads: int) -> Run:
    """Return a run with so many threads on each side, each with its share of the items."""

    def run(operations: int) -> Took:
        put, get = make()
        share = _items(max(1, operations // threads))
        works = [lambda: _produce(put, share)] * threads + [lambda: _consume(get, len(share))] * threads
        return time_together(works, len(share) * threads, sum(share) * threads)

    return run


def _items(count: int) -> list[int]:
    return [number & 0xFF for number in range(count)]


def _produce(put: Callable[[int], object], items: Sequence[int]) -> int:
    for item in items:
        put(item)
    return 0


def _consume(get: Callable[[], int], count: int) -> int:
    total = 0
    for _ in range(count):
        total += get()
    return total


def _by_batches(size: int) -> Run:
    def run(operations: int) -> Took:
        buffer: BoundedBuffer[int] = BoundedBuffer(size)
        batches = [_items(_BATCH)] * max(1, operations // _BATCH)
        count = len(batches) * _BATCH

        def produce() -> int:
            put_many = buffer.put_many
            for batch in batches:
                put_many(batch)
            return 0

        def consume() -> int:
            get_many = buffer.get_many
            left, total = count, 0
            while left:
                batch = get_many(_BATCH)
                left -= len(batch)
                total += sum(batch)
            return total

        return time_together([produce, consume], count, sum(map(sum, batches)))

    return run
