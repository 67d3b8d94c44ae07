"""Functions that workers are to find by their names."""

import os
import resource
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np


def make_power(exponent: int) -> Callable[[int], int]:
    return lambda number: number**exponent


def make_counter() -> Callable[[object], int]:
    """A function that tells how often it was called, in its worker."""
    calls: list[object] = []

    def count(unit: object) -> int:
        calls.append(unit)
        return len(calls)

    return count


def make_call() -> Callable[[Any], Any]:
    """A function whose units are functions and their arguments."""

    def call(unit: Any) -> Any:
        function, *args = unit
        return function(*args)

    return call


def make_with(it: object) -> Callable[[object], object]:
    return lambda _: it


def fail_to_make() -> Callable[[object], object]:
    raise LookupError("nothing to make it of")


class OddError(Exception):
    """An exception that does not survive pickling."""

    def __init__(self, one: int, two: int) -> None:
        super().__init__(f"odd {one} {two}")


def fail(message: str) -> None:
    raise ZeroDivisionError(message)


def fail_oddly() -> None:
    raise OddError(1, 2)


def leave() -> None:
    raise SystemExit(3)


def double(values: Any) -> Any:
    return values * 2


def fill(out: memoryview, value: int) -> memoryview:
    np.frombuffer(out, np.uint8)[:] = value
    return out


def total(data: Any) -> int:
    return int(np.frombuffer(data, np.uint8).sum())


def allocate(nbytes: int) -> int:
    return len(bytes(nbytes))


def a_lambda() -> Any:
    return lambda: 0


def die(number: int = signal.SIGKILL) -> None:
    os.kill(os.getpid(), number)


def die_once(path: str) -> str:
    """Kill the worker, unless that has been done."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return "done"
    die()
    return "never"


def say_and_stay(fd_path: str) -> None:
    """Say by a named pipe which process this is, then stay for ever, in the system."""
    _say(fd_path)
    threading.Event().wait()


def say_and_spin(fd_path: str) -> None:
    """The same, but holding the GIL in a single call."""
    _say(fd_path)
    sum(range(10**12))


def _say(path: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"{os.getpid()}\n")


def sleep(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def who() -> int:
    return os.getpid()


def host_and_environment() -> tuple[str, str | None]:
    return os.getcwd(), os.environ.get("OMP_NUM_THREADS")


def same(value: Any) -> Any:
    return value


def spin(seconds: float) -> None:
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


def limit_on_data() -> int:
    return resource.getrlimit(resource.RLIMIT_DATA)[0]


def see_nothing(_folder: str | None) -> bool:
    """A worker's answer to whether it can write there."""
    return False
