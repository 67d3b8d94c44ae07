"""What one operation of a workload does besides calling the pattern, as it is written on a command line.

::

    none              nothing
    sleep:2ms         sleeps
    spin:50us         computes for 50 us of its thread's own CPU time, and holds the GIL
    hash:64KiB        hashes so many bytes, and leaves the GIL meanwhile
    sleep:exp:5ms     sleeps for a random time, exponentially distributed with this mean; in short exp:5ms
    spin:uniform:1ms-3ms   computes for a random time between the two; uniform:1ms-3ms alone sleeps
    9*none,sleep:2ms  a mix: one of them at random for each operation, the first nine times as often

>>> work = parse_work("9*none,sleep:2ms")
>>> [(kind.weight, kind.name) for kind in work.kinds]
[(9, 'none'), (1, 'sleep')]
>>> parse_work("sleep:fast")
Traceback (most recent call last):
    ...
ValueError: 'sleep:fast': 'fast' is not a time; write 2ms, 50us or 1.5s
"""

import hashlib
import random
import time
from collections.abc import Callable
from itertools import accumulate
from typing import NamedTuple

from concli.quantities import parse_bytes, parse_seconds

__all__ = ["NO_WORK", "Kind", "Work", "parse_work"]

_LEAVES_GIL = 2048  # bytes: hashlib holds on to the GIL for less
_MOST_BYTES = 1 << 28


class Kind(NamedTuple):
    """One kind of work. ``low`` and ``high`` are seconds, or bytes for ``hash``; ``law`` says what is between them."""

    weight: int
    name: str
    law: str = "fixed"
    low: float = 0.0
    high: float = 0.0


class Work(NamedTuple):
    """A mix of kinds of work, and how it was written."""

    text: str
    kinds: tuple[Kind, ...]

    @property
    def is_none(self) -> bool:
        """Whether there is nothing to do."""
        return all(kind.name == "none" for kind in self.kinds)

    @property
    def holds_gil(self) -> bool:
        """Whether some of it computes without leaving the GIL."""
        return any(kind.name == "spin" for kind in self.kinds)

    def bind(self, source: random.Random) -> Callable[[], None]:
        """Return a function that does one operation's work; what is random about it comes from ``source``."""
        does = [_bind(kind, source) for kind in self.kinds]
        if len(does) == 1:
            return does[0]
        weights = list(accumulate(kind.weight for kind in self.kinds))

        def one_of_them() -> None:
            source.choices(does, cum_weights=weights)[0]()

        return one_of_them


def parse_work(text: str) -> Work:
    """Read what the module's text describes. Raises ``ValueError`` with one line that says what is wrong."""
    return Work(text, tuple(_kind(part.strip(), text) for part in text.split(",")))


def _kind(part: str, text: str) -> Kind:
    weight, star, rest = part.rpartition("*")
    if star and not (weight.strip().isdecimal() and int(weight) > 0):
        raise ValueError(f"{text!r}: {weight!r} is not how often; write 9*none,sleep:2ms")
    often = int(weight) if star else 1
    name, _, amount = rest.strip().partition(":")
    if name == "none" and not amount:
        return Kind(often, "none")
    if name in {"exp", "uniform"}:
        name, amount = "sleep", rest.strip()
    if name not in {"sleep", "spin", "hash"} or not amount:
        known = "none, sleep:2ms, spin:50us, hash:64KiB, exp:5ms or uniform:1ms-3ms"
        raise ValueError(f"{text!r}: {part!r} is no work; write {known}")
    try:
        return Kind(often, name, "fixed", _bytes(amount)) if name == "hash" else _timed(often, name, amount)
    except ValueError as error:
        raise ValueError(f"{text!r}: {error}") from None


def _timed(often: int, name: str, amount: str) -> Kind:
    law, colon, value = amount.partition(":")
    if not colon:
        return Kind(often, name, "fixed", parse_seconds(amount))
    if law == "exp":
        return Kind(often, name, law, parse_seconds(value))
    low, dash, high = value.partition("-")
    if law != "uniform" or not dash:
        raise ValueError(f"{amount!r} is no distribution; write exp:5ms or uniform:1ms-3ms")
    kind = Kind(often, name, law, parse_seconds(low), parse_seconds(high))
    if kind.low > kind.high:
        raise ValueError(f"{value!r} begins with the longer time")
    return kind


def _bytes(text: str) -> int:
    size = parse_bytes(text)
    if not _LEAVES_GIL <= size <= _MOST_BYTES:
        raise ValueError(f"{text!r} is not a size of 2KiB to 256MiB; less would not leave the GIL; write 64KiB")
    return size


def _bind(kind: Kind, source: random.Random) -> Callable[[], None]:
    if kind.name == "none":
        return _nothing
    if kind.name == "hash":
        data = bytes(int(kind.low))
        return lambda: _hash(data)
    do = time.sleep if kind.name == "sleep" else _spin
    if kind.law == "exp":
        return lambda: do(source.expovariate(1 / kind.low) if kind.low else 0.0)
    if kind.law == "uniform":
        return lambda: do(source.uniform(kind.low, kind.high))
    return lambda: do(kind.low)


def _nothing() -> None:
    pass


def _hash(data: bytes) -> None:
    hashlib.sha256(data)


def _spin(seconds: float) -> None:
    # By the thread's own clock: while another thread has the GIL, nothing is computed here.
    clock = time.thread_time
    end = clock() + seconds
    while clock() < end:
        pass


NO_WORK = parse_work("none")
