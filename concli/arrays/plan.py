"""How a product is to be computed: by which algorithm, where, and why.

>>> import numpy as np
>>> shape = Shape(1024, 1024, 1024, np.dtype("f8"))
>>> plan_for(shape, "auto", Room(1 << 30, asked_for=False), mappable=False).algorithm
'blocked'
"""

import os
from typing import Any, NamedTuple

import numpy as np

from concli.arrays.blocked import flops_of
from concli.arrays.strassen import LEAST_SIDE, levels_for, strassen_bytes
from concli.arrays.streamed import LEAST_BYTES
from concli.errors import UsageError
from concli.metrics.host import memory_limit

__all__ = ["ALGORITHMS", "Plan", "Room", "Shape", "plan_for", "room_for"]

ALGORITHMS = ("auto", "blocked", "strassen")
_SHARE = 0.8  # of the memory that is available
_LEAST_CUT = 4  # whose quarters are no vectors yet, which BLAS multiplies by the way they lie


class Shape(NamedTuple):
    """A product of ``rows`` x ``inner`` by ``inner`` x ``columns``."""

    rows: int
    inner: int
    columns: int
    kind: np.dtype[Any]

    @property
    def bytes(self) -> int:
        """What the three matrices take."""
        sizes = self.rows * self.inner + self.inner * self.columns + self.rows * self.columns
        return sizes * self.kind.itemsize

    @property
    def flops(self) -> int:
        """The operations, by the definition."""
        return flops_of(self.rows, self.inner, self.columns, self.kind)


class Room(NamedTuple):
    """The memory that may be used, and whether somebody asked for that."""

    bytes: int
    asked_for: bool


class Plan(NamedTuple):
    """``levels`` of quartering, for Strassen's algorithm; ``streamed``: the matrices stay on the disk."""

    algorithm: str
    why: str
    levels: int
    streamed: bool


def room_for(asked: int | None) -> Room:
    """Return the memory asked for, or most of what is available. Raises ``UsageError`` for too little."""
    if asked is not None:
        if asked < LEAST_BYTES:
            raise UsageError(f"--memory: {asked:,} bytes are too few for tiles of any use; give 1MiB or more")
        return Room(asked, asked_for=True)
    limit, available = memory_limit(), _available()
    least = min(int(limit.amount), available) if limit else available
    return Room(int(least * _SHARE), asked_for=False)


def _available() -> int:
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith("MemAvailable"))
    except (OSError, StopIteration, ValueError):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2


def plan_for(shape: Shape, algorithm: str, room: Room, *, mappable: bool) -> Plan:
    """Choose; ``mappable`` tells whether inputs and output are files that can be mapped. Raises ``UsageError``."""
    if shape.bytes > room.bytes:
        return _streamed(shape, algorithm, room, mappable=mappable)
    side = min(shape.rows, shape.inner, shape.columns)
    levels = levels_for(shape.rows, shape.inner, shape.columns)
    fits = shape.bytes + strassen_bytes(*shape[:3], shape.kind.itemsize, levels) <= room.bytes
    if algorithm == "blocked":
        return Plan("blocked", "asked for", 0, streamed=False)
    if algorithm == "strassen":
        if side < _LEAST_CUT:
            why = f"Strassen's needs quarters, and a side is shorter than {_LEAST_CUT}"
            return Plan("blocked", why, 0, streamed=False)
        if not fits:
            raise UsageError(f"--algorithm strassen: its sums do not fit into {room.bytes:,} bytes; use blocked")
        return Plan("strassen", "asked for", levels, streamed=False)
    if side < LEAST_SIDE:
        why = f"the least side, {side:,}, is below {LEAST_SIDE:,}, from where on Strassen's gains"
    elif np.finfo(shape.kind).precision < 12:
        why = f"{shape.kind} has no digits to spare for Strassen's"
    elif not fits:
        why = "Strassen's sums do not fit into memory"
    else:
        return Plan("strassen", f"all sides are at least {LEAST_SIDE:,}, and it fits into memory", levels, False)
    return Plan("blocked", why, 0, streamed=False)


def _streamed(shape: Shape, algorithm: str, room: Room, *, mappable: bool) -> Plan:
    need = f"the three matrices take {_size(shape.bytes)}, and {_size(room.bytes)} may be used"
    if not mappable:
        raise UsageError(
            f"{need}: give the inputs as files (-a, -b) and the output too (-o), so that they can be mapped"
        )
    if algorithm == "strassen":
        raise UsageError(f"--algorithm strassen: {need}; it works in memory only, use blocked")
    return Plan("blocked", f"streamed from the disk: {need}", 0, streamed=True)


def _size(size: int) -> str:
    return f"{size / (1 << 30):.1f} GiB" if size >= 1 << 30 else f"{size / (1 << 20):.1f} MiB"
