"""ThreadPool beside ThreadPoolExecutor."""

from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor

from concli.patterns import ThreadPool
from tests.bench.pattern_rows.aims import at_least
from tests.bench.pattern_rows.gate import time_alone
from tests.bench.pattern_rows.ping_pong import ping_pong
from tests.bench.pattern_rows.row import Contender, Row, Run, Took, shown, standard

__all__ = ["rows"]

_WARM = 64  # calls before the clock starts, so that the threads are there

Loop = Callable[[Executor, int], int]


def rows() -> list[Row]:
    """Return the rows."""
    pipelined = [_row("all at once", "submit all, then all results", _pipelined, workers) for workers in (1, 2, 4, 16)]
    single = [_row("one by one", "submit and result, in a loop", _one_by_one, workers) for workers in (1, 2, 4, 16)]
    return [*pipelined, *single, _row("map", "map; concli's runs a window ahead, the peer submits all", _map, 4)]


def _row(name: str, how: str, loop: Loop, workers: int) -> Row:
    return Row(
        "ThreadPool",
        f"{name}, {workers} worker{'s' * (workers > 1)}",
        f"abs(n), by {how}",
        "call",
        [
            Contender("concli ThreadPool", _run(lambda: ThreadPool(workers), loop)),
            standard("ThreadPoolExecutor", _run(lambda: ThreadPoolExecutor(workers), loop)),
            *([shown("two locks, there and back", ping_pong)] if loop is _one_by_one else []),
        ],
        [] if loop is _map else [at_least(2), at_least(1)],
        start=400,
    )


def _run(make: Callable[[], Executor], loop: Loop) -> Run:
    def run(operations: int) -> Took:
        with make() as pool:
            loop(pool, _WARM)
            return time_alone(lambda: loop(pool, operations), operations, sum(range(operations)))

    return run


def _pipelined(pool: Executor, count: int) -> int:
    submit = pool.submit
    futures = [submit(abs, number) for number in range(count)]
    total = 0
    for future in futures:
        total += future.result()
    return total


def _one_by_one(pool: Executor, count: int) -> int:
    submit = pool.submit
    total = 0
    for number in range(count):
        total += submit(abs, number).result()
    return total


def _map(pool: Executor, count: int) -> int:
    return sum(pool.map(abs, range(count)))
