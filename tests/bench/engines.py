"""The engines beside each other, in turns, start-up included: ``python tests/bench/engines.py``.

What holds the GIL is given to 2 worker processes beside 1 and beside 2 threads, and to a local dask cluster of 2 beside
2 processes: a log in JSON lines, and Python functions that take 1 and 10 ms. Above 1 the one that is named first is
faster. How much of a run the workers were at work is what starting and scheduling have left of it.
"""

import argparse
import contextlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, ROOT)

from tests.bench.format_rows.inputs import log_path, make_logs  # noqa: E402 - it is found there
from tests.bench.machine import machine  # noqa: E402
from tests.bench.tasks import Row, compared, process  # noqa: E402

_CONCLI = [sys.executable, "-m", "concli"]
_GAIN = 1.7  # of a second process
_CLUSTER = 1 / 1.3  # of the pace of processes
# Pure Python, of as many turns as it is given.
_SPINS = """
def spin(turns):
    total = 0
    for number in range(turns):
        total += number & 7
    return total
"""

Run = Callable[[str, int], Callable[[], object]]


def all_of(name: str, amount: int, rounds: int, run: Run, unit: str) -> Iterator[Row | str]:
    """Compare the engines for one kind of work; ``run(engine, workers)`` does all of it."""
    peers = {"1 process": (run("processes", 1), _GAIN), "2 threads": (run("threads", 2), 1.5)}
    yield from compared(f"{name}, 2 processes", amount, rounds, run("processes", 2), peers, unit)
    if not find_spec("distributed"):
        yield "dask's distributed is missing"
        return
    peers = {"2 processes": (run("processes", 2), _CLUSTER)}
    yield from compared(f"{name}, dask with 2 workers", amount, rounds, run("dask", 2), peers, unit)


def logs(size: int, rounds: int, folder: str) -> Iterator[Row | str]:
    """Compare the engines for a log in JSON lines of so many MiB."""
    make_logs(_CONCLI, folder, ["json"], size << 20, "1%", 1)
    path = log_path(folder, "json")

    def run(engine: str, workers: int) -> Callable[[], object]:
        report = os.path.join(folder, engine)
        how = ["--to", "jsonl", "--engine", engine, "-t", str(workers), "--report", report, "-q"]
        return process([*_CONCLI, "logs", "process", path, "-o", os.path.join(folder, "out"), *how])

    yield from all_of(f"JSON, {size} MiB", size, rounds, run, "MiB")
    for engine in ("processes", "dask"):
        with contextlib.suppress(FileNotFoundError), open(os.path.join(folder, engine), encoding="utf-8") as file:
            found: dict[str, Any] = json.load(file)
            workers = found["engine"]["workers"]
            busy = sum(worker["busy_s"] for worker in workers) / len(workers) / found["elapsed_s"]
            yield f"{engine}: its workers were at work for {busy:.0%} of the last run, start-up included"


def calls(seconds: int, rounds: int, folder: str) -> Iterator[Row | str]:
    """Compare the engines for so many seconds of Python, in calls of several lengths."""
    steps, items = os.path.join(folder, "steps.py"), os.path.join(folder, "items")
    with open(steps, "w", encoding="utf-8") as file:
        file.write(_SPINS)
    for call_s in (0.001, 0.01):
        turns, tasks = _turns(call_s), round(seconds / call_s)
        with open(items, "w", encoding="utf-8") as file:
            file.write(f"{turns}\n" * tasks)

        def run(engine: str, workers: int) -> Callable[[], object]:
            command = [*_CONCLI, "pipeline", "tasks", "--json", "--input", items, "-q"]
            return process([*command, "--engine", engine, "-t", str(workers), "--stage", f"py:{steps}:spin"])

        yield from all_of(f"calls of {call_s * 1e3:g} ms", tasks, rounds, run, "tasks")


def _turns(seconds: float) -> int:
    """Return how many turns of the function take so long."""
    namespace: dict[str, Any] = {}
    exec(_SPINS, namespace)
    spin: Callable[[int], int] = namespace["spin"]
    spin(100_000)
    began = time.perf_counter()
    spin(1_000_000)
    return round(1_000_000 * seconds / (time.perf_counter() - began))


PARTS = {"logs": logs, "calls": calls}


def main() -> None:
    """Print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--logs", type=int, default=500, metavar="MIB", help="size of the log")
    parser.add_argument("--calls", type=int, default=10, metavar="SECONDS", help="of work in Python functions")
    parser.add_argument("--part", choices=list(PARTS), action="append")
    choice = parser.parse_args()
    print(", ".join(f"{name} {value}" for name, value in machine().items()))
    for part in choice.part or PARTS:
        with tempfile.TemporaryDirectory() as folder:
            for row in PARTS[part](getattr(choice, part), choice.rounds, folder):
                print(row, flush=True)


if __name__ == "__main__":
    main()
