"""``concli pipeline fft`` against numpy and scipy, each in turn: ``python tests/bench/fft.py``.

With ``--write`` whole processes that write their results are timed too, beside ``cat``.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

import numpy as np

from concli.arrays.fft import Job, transform
from concli.metrics import Run
from tests.bench.machine import machine

_MIB = 2**20


def ours(path: str, threads: int) -> Callable[[], object]:
    """Return the job on a stack."""
    return lambda: transform(Job((path,), threads=threads), Run("pipeline fft", {}))


def timed(peers: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Return the seconds of each, taken in turns."""
    seconds: dict[str, list[float]] = {name: [] for name in peers}
    for _ in range(rounds):
        for name, call in peers.items():
            began = time.perf_counter()
            call()
            seconds[name].append(time.perf_counter() - began)
    return seconds


def writing(path: str, folder: str, rounds: int) -> None:
    """Print how long the collector takes to write, beside ``cat`` of the same bytes; then both with the sync."""
    out, copy = os.path.join(folder, "out.npy"), os.path.join(folder, "copy.npy")
    command = [sys.executable, "-m", "concli", "pipeline", "fft", path, "-q", "-o", out, "--report", out + ".json"]
    wrote, catted, whole, synced = [], [], [], []
    peak = 0.0
    for _ in range(rounds):
        subprocess.run(command, check=True)
        with open(out + ".json", encoding="utf-8") as file:
            report = json.load(file)
        wrote.append(next(stage["busy_s"] for stage in report["stages"] if stage["name"] == "collect"))
        whole.append(report["elapsed_s"])
        peak = max(peak, report["process"]["peak_rss_bytes"] / _MIB)
        began = time.perf_counter()
        subprocess.run(["sh", "-c", f"cat '{out}' > '{copy}'"], check=True)
        catted.append(time.perf_counter() - began)
        subprocess.run(["sync", copy], check=True)
        synced.append(time.perf_counter() - began)
        os.unlink(copy)
    ratio = statistics.median(own / other for own, other in zip(wrote, catted, strict=True))
    print(
        f"writing {os.path.getsize(out) / _MIB:,.0f} MiB: {statistics.median(wrote):.2f} s beside the transforming,",
        end="",
    )
    print(f" cat alone {statistics.median(catted):.2f} s: {ratio:.2f} times as long (aim: 1.1)")
    print(f"the whole job {statistics.median(whole):.2f} s, cat and sync {statistics.median(synced):.2f} s")
    print(f"peak memory {peak:.0f} MiB (aim: under {12 * 8e6 / _MIB + 100:.0f})")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, default=24)
    parser.add_argument("--side", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--write", action="store_true", help="time the writing too")
    choice = parser.parse_args()
    print(", ".join(f"{name} {value}" for name, value in machine().items()) + f", numpy {np.__version__}")
    stack = np.random.default_rng(0).standard_normal((choice.chunks, choice.side, choice.side))
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "stack.npy")
        np.save(path, stack)
        many = choice.threads
        peers: dict[str, Callable[[], Any]] = {"concli": ours(path, many), "concli, one thread": ours(path, 1)}
        peers["numpy, one thread"] = lambda: deque((np.fft.fft2(chunk) for chunk in stack), maxlen=0)
        try:
            scipy_fft = import_module("scipy.fft")
        except ImportError:
            print("scipy is missing")
        else:
            peers["scipy"] = partial(scipy_fft.fft2, stack, axes=(1, 2), workers=many)
        times = timed(peers, choice.rounds)
        for name, seconds in times.items():
            each = sorted(one * 1e3 / choice.chunks for one in seconds)
            print(f"{name:20} {statistics.median(each):6.2f} ms a chunk ({each[0]:.2f}-{each[-1]:.2f})")
        for peer, aim in {"scipy": 2.0, "numpy, one thread": 3.0, "concli, one thread": 1.8}.items():
            if peer in times:
                ratios = [other / own for own, other in zip(times["concli"], times[peer], strict=True)]
                print(f"concli: {statistics.median(ratios):.2f} times as fast as {peer} (aim: {aim})")
        if choice.write:
            writing(path, folder, choice.rounds)


if __name__ == "__main__":
    main()
