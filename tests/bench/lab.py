"""How far the lab's figure for ``queue.Queue`` is from that of the same loop by hand: ``python tests/bench/lab.py``."""

import argparse
import os
import queue
import statistics
import sys
import time
from itertools import pairwise

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from concli.lab import Load, Workload
from concli.lab.bounded_buffer import Shape, bounded_buffer
from concli.lab.job import measuring_s
from concli.patterns import ThreadGroup, _sync
from tests.bench.machine import machine


def by_hand(items: int, size: int) -> float:
    """Return the items a second of a producer, and a consumer who looks whether the items are the right ones."""
    between: queue.Queue[int] = queue.Queue(size)
    gate = _sync.Event()

    def produce() -> None:
        gate.wait()
        for item in range(items):
            between.put(item)

    def consume() -> None:
        gate.wait()
        for item in range(items):
            if between.get() != item:
                raise AssertionError(item)

    with ThreadGroup() as group:
        group.spawn(produce)
        group.spawn(consume)
        began = time.perf_counter()
        gate.set()
    return items / (time.perf_counter() - began)


def by_lab(items: int, size: int) -> float:
    """Return what the lab says of the same."""
    peer = next(peer for peer in bounded_buffer(Shape(buffer=size)).peers if peer.name == "queue.Queue")
    load = Load(peer.make(), Workload(ops=items))
    load.run()
    return load.done() / load.elapsed_s


def main() -> None:
    """Print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--items", type=int, default=200_000)
    choice = parser.parse_args()
    print(", ".join(f"{name} {value}" for name, value in machine().items()))
    print(f"measuring costs {measuring_s() * 1e9:.0f} ns an operation; {choice.items:,} items, {choice.rounds} rounds")
    for size in (1, 64, 1000):
        items = choice.items if size > 1 else choice.items // 10
        turns = [(by_hand(items, size), by_lab(items, size)) for _ in range(choice.rounds)]
        hand, lab = zip(*turns, strict=True)
        low, middle, high = statistics.quantiles([of_lab / of_hand for of_hand, of_lab in turns])
        low_self, _, high_self = statistics.quantiles([later / sooner for sooner, later in pairwise(hand)])
        print(
            f"queue.Queue({size}): by hand {statistics.median(hand):,.0f}/s, the lab {statistics.median(lab):,.0f}/s;"
            f" lab / hand {middle:.2f} ({low:.2f}-{high:.2f}), hand / hand before {low_self:.2f}-{high_self:.2f}"
        )


if __name__ == "__main__":
    main()
