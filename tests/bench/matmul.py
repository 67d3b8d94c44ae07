"""``concli matmul`` beside numpy, in turns: ``python tests/bench/matmul.py``.

The inner loop is measured in processes that multiply the same matrices by numpy, with as many threads of BLAS, or by
the job; the whole process with random matrices made on both sides. Above 1 concli is faster.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, ROOT)

from concli.arrays.kernels import prefer_best_kernel  # noqa: E402 - it is found there
from tests.bench.machine import machine  # noqa: E402

_THREADS = str(len(os.sched_getaffinity(0)))
_SHAPES = ("1024", "2048", "4096", "16384x512x512", "512x512x16384")
_NUMPY = """
import numpy as np, sys
m, k, n = map(int, sys.argv[1:])
chance = np.random.default_rng(0)
a, b = chance.random((m, k)), chance.random((k, n))
a @ b
"""


class Row(NamedTuple):
    """A comparison: the seconds of a peer and of concli, turn by turn, and the ratio wanted."""

    name: str
    peer: list[float]
    own: list[float]
    wanted: float
    note: str = ""

    def __str__(self) -> str:
        low, middle, high = statistics.quantiles([p / o for p, o in zip(self.peer, self.own, strict=True)])
        verdict = "reached" if middle >= self.wanted else "NOT REACHED"
        return (
            f"{verdict:12} {self.name}: {middle:.2f} ({low:.2f}-{high:.2f}), wanted {self.wanted:.2f}; "
            f"{statistics.median(self.peer):.3f} s to {statistics.median(self.own):.3f} s {self.note}"
        ).rstrip()


def lengths(size: str) -> tuple[int, int, int]:
    """Return a size as three lengths."""
    parts = [int(part) for part in size.split("x")]
    return (parts[0], parts[0], parts[0]) if len(parts) == 1 else (parts[0], parts[1], parts[2])


def environment(**more: str) -> dict[str, str]:
    """Return the caller's without what would change the figures."""
    # Without bytecode concli would be compiled in each run; what is installed has been, as numpy has.
    unwanted = ("CONCLI_", "OPENBLAS_", "OMP_", "MKL_", "PYTHONDONTWRITEBYTECODE")
    return (
        {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
        | more
        | {"PYTHONPATH": ROOT}
    )


def child(*arguments: str, **more: str) -> Any:
    """Run this file for one measurement, and return what it found."""
    command = [sys.executable, os.path.abspath(__file__), *arguments]
    return json.loads(subprocess.run(command, check=True, capture_output=True, env=environment(**more)).stdout)


def best_kernel() -> dict[str, str]:
    """Return the setting with which concli starts."""
    environ = environment()
    prefer_best_kernel(environ)
    return {name: value for name, value in environ.items() if name.startswith("OPENBLAS_")}


def inner(side: str, size: str, rounds: int) -> dict[str, Any]:
    """Multiply by numpy or by the job, in this process; return the seconds of each product but the first."""
    import numpy as np  # noqa: PLC0415 - the kernels are chosen before

    from concli.arrays.blas import blas  # noqa: PLC0415
    from concli.arrays.matmul import Job, matmul  # noqa: PLC0415
    from concli.metrics import Run  # noqa: PLC0415

    chance = np.random.default_rng(0)
    rows, length, columns = lengths(size)
    a, b = chance.random((rows, length)), chance.random((length, columns))
    seconds = []
    for _ in range(rounds + 1):
        if side == "numpy":
            began = time.perf_counter()
            np.matmul(a, b)
            seconds.append(time.perf_counter() - began)
            continue
        run = Run("matmul", {})
        matmul(Job(a, b, threads=int(_THREADS), algorithm="blocked"), run)
        result: Any = run.snapshot().result
        seconds.append(result["multiply_s"])
    return {"seconds": seconds[1:], "kernel": blas().kernel}


def turns(size: str, rounds: int, peers: dict[str, str], own: dict[str, str]) -> Row:
    """Compare processes that multiply, turn by turn: in one, OpenBLAS's threads, which spin, would disturb ours."""
    found: dict[str, list[float]] = {"numpy": [], "concli": []}
    kernels = {}
    for _ in range(rounds):
        for side, settings in (("numpy", peers), ("concli", own | {"OPENBLAS_NUM_THREADS": "1"})):
            measured = child("--inner", side, "--size", size, "--rounds", "3", **settings)
            found[side].append(min(measured["seconds"]))
            kernels[side] = measured["kernel"]
    return Row(
        f"inner loop, {size}", found["numpy"], found["concli"], 1.0, f"{kernels['numpy']} to {kernels['concli']}"
    )


def timed(command: list[str]) -> float:
    """Return the seconds of a whole process."""
    began = time.perf_counter()
    subprocess.run(command, check=True, env=environment(), stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def concli(*arguments: str) -> list[str]:
    """Return a command."""
    return [sys.executable, "-m", "concli", "matmul", "-q", "--no-live", *arguments]


def inner_loops(rounds: int, shapes: Sequence[str]) -> Iterator[Row]:
    """Compare with numpy, with the same kernels and as it comes."""
    best, threads = best_kernel(), {"OPENBLAS_NUM_THREADS": _THREADS}
    for size in shapes:
        yield turns(size, rounds, best | threads, best)
    row = turns("2048", rounds, threads, best)
    came, _, ours = row.note.partition(" to ")
    yield row._replace(name="inner loop, 2048, numpy as it comes", wanted=1.0 if came == ours else 1.6)


def processes(rounds: int, shapes: Sequence[str]) -> Iterator[Row]:
    """Compare whole processes."""
    for size in shapes:
        peer = [sys.executable, "-c", _NUMPY, *map(str, lengths(size))]
        both = [(timed(peer), timed(concli("--size", size, "--algorithm", "blocked"))) for _ in range(rounds)]
        yield Row(f"whole process, {size}", [turn[0] for turn in both], [turn[1] for turn in both], 1.0)


def strassen(rounds: int, shapes: Sequence[str]) -> Iterator[Row]:
    """Compare the algorithms with each other."""
    del shapes
    with tempfile.TemporaryDirectory() as folder:
        seconds: dict[str, list[float]] = {"blocked": [], "strassen": []}
        bound = ""
        for _ in range(rounds):
            for name, found in seconds.items():
                place = os.path.join(folder, "report.json")
                timed(concli("--size", "8192", "--algorithm", name, "--report", place))
                with open(place, encoding="utf-8") as file:
                    report = json.load(file)
                found.append(report["result"]["multiply_s"])
                if name == "strassen":
                    bound = f"error bound {report['result']['error_bound']}, {report['checks'][-1]['detail'][-60:]}"
        yield Row("Strassen-Winograd to blocked, 8192", seconds["blocked"], seconds["strassen"], 1.08, bound)


def out_of_core(rounds: int, shapes: Sequence[str]) -> Iterator[Row]:
    """Compare a product that is streamed with the same in memory."""
    import numpy as np  # noqa: PLC0415 - in no child

    del shapes
    with tempfile.TemporaryDirectory(dir=".") as folder:
        a, b, c = (os.path.join(folder, name) for name in ("a.npy", "b.npy", "c.npy"))
        for place in (a, b):
            np.save(place, np.random.default_rng(0).random((4096, 4096)))
        files = ("-a", a, "-b", b, "-o", c)
        both = [(timed(concli(*files)), timed(concli(*files, "--memory", "128MiB"))) for _ in range(rounds)]
        name = "in memory to out of core, 4096, a third of the memory"
        yield Row(name, [turn[0] for turn in both], [turn[1] for turn in both], 0.8)


_PARTS: dict[str, Callable[[int, Sequence[str]], Iterator[Row]]] = {
    "inner": inner_loops,
    "processes": processes,
    "strassen": strassen,
    "out-of-core": out_of_core,
}


def main() -> None:
    """Print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--part", choices=_PARTS, action="append")
    parser.add_argument("--shape", action="append", help="instead of those it has: 1024, 512x512x16384")
    parser.add_argument("--inner", choices=["numpy", "concli"], help=argparse.SUPPRESS)
    parser.add_argument("--size", help=argparse.SUPPRESS)
    choice = parser.parse_args()
    if choice.inner:
        print(json.dumps(inner(choice.inner, choice.size, choice.rounds)))
        return
    print(", ".join(f"{name} {value}" for name, value in machine().items()))
    shapes = tuple(choice.shape or _SHAPES)
    for part in choice.part or _PARTS:
        for row in _PARTS[part](choice.rounds, shapes):
            print(row, flush=True)


if __name__ == "__main__":
    main()
