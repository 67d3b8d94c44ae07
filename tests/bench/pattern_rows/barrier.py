"""Barrier beside threading.Barrier."""

import threading
from collections.abc import Callable
from typing import Any

from concli.patterns import Barrier
from tests.bench.pattern_rows.aims import at_least
from tests.bench.pattern_rows.gate import time_together
from tests.bench.pattern_rows.row import Contender, Row, Run, Took, standard

__all__ = ["rows"]


def rows() -> list[Row]:
    """Return the rows."""
    return [_row(parties) for parties in (2, 8)]


def _row(parties: int) -> Row:
    return Row(
        "Barrier",
        f"{parties} threads",
        "rounds with nothing to do between them",
        "round",
        [
            Contender("concli Barrier", _run(Barrier, parties)),
            standard("threading.Barrier", _run(threading.Barrier, parties)),
        ],
        [at_least(1.8)],
        start=200,
    )


def _run(make: Callable[[int], Any], parties: int) -> Run:
    def run(rounds: int) -> Took:
        wait = make(parties).wait

        def work() -> int:
            total = 0
            for _ in range(rounds):
                total += wait()  # each round gives out the numbers below `parties`
            return total

        return time_together([work] * parties, rounds, rounds * sum(range(parties)))

    return run
