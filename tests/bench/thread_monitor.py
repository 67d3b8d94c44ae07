"""What one look at all threads costs: python tests/bench/thread_monitor.py"""

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from concli.metrics import ThreadMonitor

ROUNDS = 100


def cost_s(look: Callable[[], object]) -> float:
    """Return the CPU seconds of one call, of this thread: the median of many."""

    def once() -> float:
        began = time.thread_time()
        look()
        return time.thread_time() - began

    return sorted(once() for _ in range(ROUNDS))[ROUNDS // 2]


def measure(count: int) -> None:
    """Print the cost of a sample with so many threads, watched or not."""
    monitor, bystander = ThreadMonitor(), ThreadMonitor()
    end, together = threading.Event(), threading.Barrier(count + 1)

    def watched() -> None:
        with monitor.watch():
            together.wait()
            end.wait()

    threads = [threading.Thread(target=watched) for _ in range(count)]
    for thread in threads:
        thread.start()
    together.wait()
    looks = {
        "watched": monitor.snapshot,
        "unwatched": lambda: bystander.snapshot(everything=True),
        "process": ThreadMonitor.process,
    }
    costs = {name: cost_s(look) for name, look in looks.items()}
    end.set()
    for thread in threads:
        thread.join()
    for name, cost in costs.items():
        print(f"{count:3} threads, {name:9} {cost * 1e3:7.3f} ms {cost:8.4%}")


def main() -> None:
    """Measure with few threads and with many."""
    print(f"Python {sys.version.split()[0]}: milliseconds a sample, and the share of one CPU at one sample a second")
    for count in (2, 16, 64):
        measure(count)


if __name__ == "__main__":
    main()
