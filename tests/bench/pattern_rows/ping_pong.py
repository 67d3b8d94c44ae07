"""What waking another thread and being woken by it costs at least: the floor of every round trip."""

import threading

from tests.bench.pattern_rows.gate import time_together
from tests.bench.pattern_rows.row import Took

__all__ = ["ping_pong"]


def ping_pong(operations: int) -> Took:
    """Go there and back between two threads by means of two locks alone."""
    there, back = threading.Lock(), threading.Lock()
    there.acquire()
    back.acquire()

    def call() -> int:
        for _ in range(operations):
            there.release()
            back.acquire()
        return operations

    def answer() -> int:
        for _ in range(operations):
            there.acquire()
            back.release()
        return operations

    return time_together([call, answer], operations, 2 * operations)
