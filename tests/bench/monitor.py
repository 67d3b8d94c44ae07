"""What `concli monitor` costs, and its figures beside pidstat's of the same program: python tests/bench/monitor.py"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import psutil

from tests.bench.machine import machine

# Threads that are busy for several shares of their time, one that makes system calls, and many that wait. It prints
# how often the first was through in each half second.
PROGRAM = """
import hashlib, os, sys, threading, time
data, never = os.urandom(65536), threading.Event()

def busy(share):
    while True:
        end = time.monotonic() + share / 20
        while time.monotonic() < end:
            hashlib.sha256(data).digest()
        time.sleep((1 - share) / 20)

def calls():
    with open(os.devnull, "wb", buffering=0) as file:
        while True:
            for _ in range(2000):
                file.write(b"x" * 100)
            time.sleep(0.02)

for share in (0.3, 0.1):
    threading.Thread(target=busy, args=(share,), daemon=True).start()
threading.Thread(target=calls, daemon=True).start()
for _ in range(int(sys.argv[1]) - 4):
    threading.Thread(target=never.wait, daemon=True).start()
while True:
    end, rounds = time.monotonic() + 0.5, 0
    while time.monotonic() < end:
        hashlib.sha256(data).digest()
        rounds += 1
    print(rounds, flush=True)
"""


@contextmanager
def program(threads: int) -> Iterator["subprocess.Popen[str]"]:
    """Run the program to be watched."""
    command = [sys.executable, "-c", PROGRAM, str(threads)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def monitored(pid: int, seconds: float, interval: str = "1s") -> tuple[dict[str, Any], float]:
    """Watch a process; return the report, and the monitor's own CPU seconds but for its start and end."""
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "report")
        command = [sys.executable, "-m", "concli", "monitor", "--pid", str(pid), "--duration", f"{seconds}s"]
        command += ["--interval", interval, "--top", "20", "--report", report, "--no-live", "-q"]
        env = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
        with subprocess.Popen(command, env=env) as process:
            watcher = psutil.Process(process.pid)
            process_wait(process, 1.5)
            before = sum(watcher.cpu_times()[:2])
            process_wait(process, seconds - 2)
            own_s = sum(watcher.cpu_times()[:2]) - before
        document: dict[str, Any] = json.loads(Path(report).read_text())
    return document, own_s / (seconds - 2)


def process_wait(process: "subprocess.Popen[Any]", seconds: float) -> None:
    """Let some time pass, in which the process is not to end."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return
    raise SystemExit("the monitor ended before its time")


def averages(text: str) -> dict[int, float]:
    """Return the CPU share in percent that pidstat gives each thread, by its id."""
    shares, cpu = {}, 0
    for line in text.splitlines():
        words = line.split()
        if "%CPU" in words:
            cpu = words.index("%CPU") - words.index("UID") + 1  # the time may be two words, the average is one
        elif words[:1] == ["Average:"] and words[3].isdigit():
            shares[int(words[3])] = float(words[cpu])
    return shares


def beside_pidstat(threads: int, seconds: int) -> None:
    """Print the figures of both, of the same seconds, for the threads that did something."""
    with program(threads) as watched:
        assert watched.stdout
        watched.stdout.readline()
        theirs = ["pidstat", "-t", "-u", "-p", str(watched.pid), str(seconds), "1"]
        has_peer = shutil.which("pidstat") is not None
        peer = subprocess.Popen(theirs, stdout=subprocess.PIPE, text=True) if has_peer else None
        report, own = monitored(watched.pid, seconds)
        shares = averages(peer.communicate()[0]) if peer else {}
    print(f"own cost {own:.2%} of a CPU, {threads} threads, a sample a second (aim: under 1%)")
    if peer is None:
        print("pidstat is missing: install sysstat")
    elapsed_s = report["result"]["wall_s"]
    for thread in report["result"]["busiest"]:
        ours, other = thread["cpu_s"] / elapsed_s * 100, shares.get(thread["tid"], 0.0)
        if other >= 1:
            print(f"thread {thread['tid']}: {ours:6.2f}% of a CPU, pidstat {other:6.2f}%: {ours / other:.3f} (aim: 5%)")


def overhead(threads: int, rounds: int) -> None:
    """Print what watching ten times a second costs the program."""
    with program(threads) as watched:
        assert watched.stdout
        watched.stdout.readline()
        pace: dict[bool, list[int]] = {False: [], True: []}
        for _ in range(rounds):
            for is_watched in (False, True):
                command = [sys.executable, "-m", "concli", "monitor", "--pid", str(watched.pid), "--interval", "100ms"]
                with subprocess.Popen(
                    [*command, "-q", "--no-live"] if is_watched else ["sleep", "60"], stderr=subprocess.DEVNULL
                ) as other:
                    watched.stdout.readline()  # in which the other starts
                    watched.stdout.readline()
                    pace[is_watched] += [int(watched.stdout.readline()) for _ in range(3)]
                    other.kill()
        ratio = statistics.median(pace[True]) / statistics.median(pace[False])
        print(f"a program watched ten times a second runs at {ratio:.3f} of its pace (aim: 1)")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=100)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    choice = parser.parse_args()
    print(", ".join(f"{name} {value}" for name, value in machine().items()))
    beside_pidstat(choice.threads, choice.seconds)
    overhead(choice.threads, choice.rounds)


if __name__ == "__main__":
    main()
