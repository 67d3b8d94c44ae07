"""What every engine has, and what it tells of itself."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol, TypeVar

from concli.errors import ConcliError
from concli.metrics.host import usable_memory

__all__ = [
    "Engine",
    "EngineError",
    "EngineLost",
    "EngineStatistics",
    "Place",
    "RemoteError",
    "Settings",
    "WorkerLost",
    "WorkerUsage",
    "memory_each",
]

U = TypeVar("U")
R = TypeVar("R")
U_contra = TypeVar("U_contra", contravariant=True)
R_co = TypeVar("R_co", covariant=True)


class EngineError(ConcliError):
    """Work could not be done where it was to be done."""

    exit_code = 3


class WorkerLost(EngineError):  # noqa: N818 - it says what happened
    """Every worker that was given a unit has died of it."""


class EngineLost(EngineError):  # noqa: N818 - it says what happened
    """There is nobody left to give work to."""


class RemoteError(Exception):
    """Stands for an exception of a worker that can't be sent; it has its type's name and its message."""


class Settings(NamedTuple):
    """What a user may say of an engine besides its name. An engine refuses what it has no use for.

    ``memory`` is how many bytes a worker may allocate for itself, by default ``memory_each``. ``scheduler`` is the
    address of a cluster, and ``scratch`` a folder that all its workers see: what is large goes through files there. An
    engine may also use ``beside``, a folder where the job writes anyway, if its workers see it.
    """

    memory: int | None = None
    scheduler: str | None = None
    scratch: str | None = None
    beside: str | None = None


def memory_each(workers: int) -> int:
    """Return the bytes that each of so many workers of this machine may have if nobody says: its share, or 1 GiB."""
    return max(1 << 30, usable_memory() // workers)


class WorkerUsage(NamedTuple):
    """What a worker has used. One that was replaced keeps its name, and its successor's figures are added.

    ``busy_s`` is seconds in units; ``cpu_s`` is CPU seconds since the worker began, by its own clock. What the system
    does not tell is None.
    """

    name: str
    host: str
    pid: int
    units: int
    busy_s: float
    cpu_s: float
    peak_rss_bytes: int | None


class EngineStatistics(NamedTuple):
    """A frozen snapshot.

    Bytes are those that were copied; what lies in shared buffers is not. ``part_bytes`` of them went through part
    files, on storage that job and workers see.

    ``lost`` has a line for each worker that died, ``retries`` counts the units that were begun again because of
    that. ``overhead_s`` is the seconds of all calls less those in which a unit was worked on, or waited for a worker
    where that can be told: not on a cluster.
    """

    engine: str
    workers: tuple[WorkerUsage, ...] = ()
    units: int = 0
    retries: int = 0
    lost: tuple[str, ...] = ()
    bytes_sent: int = 0
    bytes_received: int = 0
    part_bytes: int = 0
    overhead_s: float = 0.0
    memory_limit: int | None = None


class Place(Protocol[U_contra, R_co]):
    """Where units are done: a function for all threads of a job."""

    def __call__(self, unit: U_contra, /) -> R_co:
        """Have a unit done and return its result. Raises what it raised, with the worker's traceback as a note.

        Raises ``WorkerLost`` if the unit kills its workers, ``EngineLost`` if there are none to be had, ``UsageError``
        for what can't be sent, and ``ShutDown`` if the place has been cancelled or closed.
        """

    def buffer(self, nbytes: int) -> memoryview:
        """Return zeroed memory that travels in units and results by reference where that is possible.

        So do slices of it and arrays on it. It lives as long as the place; take it once and use it again. A function
        that fills one returns it: the caller's own need not have changed, as a worker on another machine has a copy.
        """

    def cancel(self) -> None:
        """Give up: calls raise ``ShutDown``, workers end. Any thread may call it; meant for ``ThreadGroup.on_stop``."""

    def statistics(self) -> EngineStatistics:
        """Return a frozen snapshot, also after the end. Any thread may ask."""


class Engine(Protocol):
    """Makes places.

    ``callers`` is how many threads a job should have that call: more than there are ``workers`` where the next unit
    is to be there already when one is done. ``call_s`` is what a call costs besides the work, in seconds: units that
    take 20 times as long lose 5% by it.
    """

    name: str
    workers: int
    callers: int
    call_s: float

    def open(self, make: Callable[..., Callable[[U], R]], /, *args: Any) -> AbstractContextManager[Place[U, R]]:
        """Return a place where units are done by what ``make(*args)`` returns, made once in each worker.

        Raises ``UsageError`` if these can't be sent.
        """
