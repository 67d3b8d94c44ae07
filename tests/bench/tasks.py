"""``concli pipeline tasks`` beside what one would otherwise use, in turns: ``python tests/bench/tasks.py``.

Commands are whole processes, start-up included, with 2 workers each, beside GNU parallel and xargs. Python stages are
measured in this process: tiny functions, 1 and 3 in a chain, beside ThreadPoolExecutor.map, joblib and pypeln. Above 1
concli is faster.
"""

import argparse
import importlib.metadata
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any, NamedTuple

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, ROOT)

from tests.bench.machine import machine  # noqa: E402 - it is found there

_WORKERS = 2
_QUIET = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


class Row(NamedTuple):
    """A comparison: the seconds of a peer and of concli for as many tasks, turn by turn, and the ratio wanted."""

    name: str
    tasks: int
    peer: list[float]
    own: list[float]
    wanted: float
    unit: str = "tasks"

    def __str__(self) -> str:
        ratios = sorted(peer / own for peer, own in zip(self.peer, self.own, strict=True))
        middle = statistics.median(ratios)
        verdict = "reached" if middle >= self.wanted else "NOT REACHED"
        rates = [self.tasks / statistics.median(seconds) for seconds in (self.peer, self.own)]
        return (
            f"{verdict:12} {self.name}: {middle:.2f} ({ratios[0]:.2f}-{ratios[-1]:.2f}), wanted {self.wanted:.2g}; "
            f"{rates[0]:,.0f} to {rates[1]:,.0f} {self.unit} a second"
        )


def turns(calls: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Return the seconds of each, taken in turns, after one round that does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds + 1):
        for name, call in calls.items():
            began = time.perf_counter()
            call()
            seconds[name].append(time.perf_counter() - began)
    return {name: found[1:] for name, found in seconds.items()}


def process(command: list[str], source: str | None = None) -> Callable[[], object]:
    """Return the run of a whole process, with a file as its standard input."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("CONCLI_")} | {"PYTHONPATH": ROOT}

    def run() -> None:
        with open(source or os.devnull, "rb") as file:
            subprocess.run(command, check=True, env=env, **{**_QUIET, "stdin": file})  # type: ignore[call-overload]

    return run


def compared(
    name: str,
    tasks: int,
    rounds: int,
    own: Callable[[], object],
    peers: dict[str, tuple[Callable[[], object], float]],
    unit: str = "tasks",
) -> Iterator[Row]:
    """Compare one of ours with its peers, each with the ratio wanted."""
    seconds = turns({"concli": own, **{peer: call for peer, (call, _) in peers.items()}}, rounds)
    for peer, (_, wanted) in peers.items():
        yield Row(f"{name}, beside {peer}", tasks, seconds[peer], seconds["concli"], wanted, unit)


def commands(tasks: int, rounds: int) -> Iterator[Row]:
    """Compare commands that do nothing, run directly and by a shell."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("".join(f"{number}\n" for number in range(tasks)))
        file.flush()
        for name, ours, theirs in (
            ("sh:true", "sh:true", ["true"]),
            ("sh:true in a shell", "sh:true {} ;", ["sh", "-c", "true $1", "sh"]),
        ):
            concli = [sys.executable, "-m", "concli", "pipeline", "tasks", "--stage", f"{ours} workers={_WORKERS}"]
            peers = {"xargs": (process(["xargs", "-P", str(_WORKERS), "-n", "1", *theirs], file.name), 0.9)}
            if shutil.which("parallel"):
                # It runs everything by a shell, so it is given the command as its user would write it.
                peers["parallel"] = (process(["parallel", "-j", str(_WORKERS), "true"], file.name), 3.0)
            else:
                print("GNU parallel is missing")
            own = process([*concli, "--input", file.name, "--unordered", "-q"])
            yield from compared(f"{name}, {tasks:,} items", tasks, rounds, own, peers)


def _add(number: int) -> int:
    return number + 1


def _thread_pool(tasks: int, stages: int) -> Callable[[], object]:
    def run() -> None:
        with ThreadPoolExecutor(_WORKERS) as pool:
            results: Any = range(tasks)
            for _ in range(stages):
                results = pool.map(_add, results)
            deque(results, maxlen=0)

    return run


def _joblib(joblib: Any, tasks: int, stages: int) -> Callable[[], object]:
    def run() -> None:
        results: Any = range(tasks)
        with joblib.Parallel(n_jobs=_WORKERS, backend="threading") as parallel:
            for _ in range(stages):
                results = parallel(joblib.delayed(_add)(number) for number in results)

    return run


def _pypeln(pypeln: Any, tasks: int, stages: int) -> Callable[[], object]:
    def run() -> None:
        results: Any = range(tasks)
        for _ in range(stages):
            results = pypeln.thread.map(_add, results, workers=_WORKERS, maxsize=64)
        deque(results, maxlen=0)

    return run


def _concli(tasks: int, stages: int) -> Callable[[], object]:
    from concli.patterns import Stage, TaskPipeline  # noqa: PLC0415 - only where it is measured

    def run() -> None:
        chain = [Stage(_add, name=f"add-{number}", workers=_WORKERS, queue_size=64) for number in range(stages)]
        deque(TaskPipeline(chain).run(range(tasks)), maxlen=0)

    return run


def functions(tasks: int, rounds: int) -> Iterator[Row]:
    """Compare chains of a tiny function."""
    peers: dict[str, Callable[[int, int], Callable[[], object]]] = {"ThreadPoolExecutor.map": _thread_pool}
    for name, package, make in (("joblib", "joblib", _joblib), ("pypeln", "pypeln", _pypeln)):
        try:
            module = import_module(package)
        except ImportError:
            print(f"{name} is missing")
            continue
        version = importlib.metadata.version(package)
        peers[f"{name} {version}"] = lambda tasks, stages, make=make, module=module: make(module, tasks, stages)  # type: ignore[misc]
    for stages in (1, 3):
        name = f"{stages} stage{'s' * (stages > 1)} of a tiny function, {tasks:,} items"
        both = {peer: (make(tasks, stages), 2.0) for peer, make in peers.items()}
        yield from compared(name, tasks, rounds, _concli(tasks, stages), both)


PARTS = {"commands": commands, "functions": functions}


def main() -> None:
    """Print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--commands", type=int, default=4000, help="items that are given to a command each")
    parser.add_argument("--functions", type=int, default=20_000, help="items that are given to functions")
    parser.add_argument("--part", choices=list(PARTS), action="append")
    choice = parser.parse_args()
    print(", ".join(f"{name} {value}" for name, value in machine().items()))
    for part in choice.part or PARTS:
        for row in PARTS[part](getattr(choice, part), choice.rounds):
            print(row, flush=True)


if __name__ == "__main__":
    main()
