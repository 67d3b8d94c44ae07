"""What is measured: rows, and in each of them concli beside its peers."""

import importlib
import importlib.metadata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Aim", "Contender", "Row", "Took", "peer", "shown", "standard"]

Aim = Callable[["Any"], "Any"]  # of the Results of a row; returns a Target


@dataclass(frozen=True, slots=True)
class Took:
    """One measurement, its work checked."""

    seconds: float
    operations: int
    sides: Mapping[str, float] = field(default_factory=dict)  # operations per second of each side, if it has sides

    @property
    def each_s(self) -> float:
        """Seconds an operation."""
        return self.seconds / self.operations


Run = Callable[[int], Took]


@dataclass(frozen=True, slots=True)
class Contender:
    """Somebody who does the work of a row: ``run(n)`` does about ``n`` operations. None if it is missing."""

    name: str
    run: Run | None
    counts: bool = True  # False: it is shown, and no aim is about it


@dataclass(frozen=True, slots=True)
class Row:
    """One workload. concli comes first among those who do it."""

    group: str
    name: str
    workload: str
    unit: str  # what one operation is called
    contenders: Sequence[Contender]
    aims: Sequence[Aim] = ()
    start: int = 1000  # operations to begin with, when finding out how many make a measurement
    lengths: int = 1  # a measurement takes so many times as long as those of other rows

    @property
    def title(self) -> str:
        """The group and the name."""
        return f"{self.group}, {self.name}"


def peer(package: str, what: str, make: Callable[[Any], Run], module: str | None = None) -> Contender:
    """Return a peer out of a package, with its version; ``make`` gets the module. It may be missing."""
    try:
        found = importlib.import_module(module or package)
    except ImportError:
        return Contender(f"{package} {what}", None)
    return Contender(f"{package} {importlib.metadata.version(package)} {what}", make(found))


def standard(what: str, run: Run) -> Contender:
    """Return a peer out of the standard library."""
    return Contender(what, run)


def shown(what: str, run: Run) -> Contender:
    """Return somebody who is measured too, for information."""
    return Contender(f"({what})", run, counts=False)
