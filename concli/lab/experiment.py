"""What a pattern's lab has to say of itself: the object under load, its roles, its checks, its alternatives.

A lab is one short file: a ``Subject`` for concli's pattern, one for each alternative, and a function that
puts them together as an ``Experiment``. ``concli.lab.job`` does the rest.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from concli.lab.worker import Role
from concli.metrics import Check
from concli.metrics.histogram import Histogram
from concli.metrics.report import QueueUsage
from concli.patterns import ShutDown

if TYPE_CHECKING:
    from concli.lab.load import Load

__all__ = ["Contender", "Experiment", "Subject", "Workload"]


class Workload(NamedTuple):
    """How much is done, how fast and for how long; the same for every pattern.

    ``ops`` is the total over the threads that drive, exactly; or the run ends after ``duration_s``. ``rate``
    is in items a second over all threads that drive; without it each operation follows the last. ``fail``
    is the share of operations that are to fail.
    """

    ops: int | None = None
    duration_s: float | None = None
    rate: float | None = None
    fail: float = 0.0
    warmup_s: float = 0.0
    seed: int = 0
    compare: bool = False


class Subject:
    """One object under load, made anew for every turn. Set ``roles``; override what applies."""

    #: The roles, in the order in which work passes them.
    roles: Sequence[Role] = ()
    #: The exceptions by which it tells a waiting thread that it has ended.
    endings: tuple[type[BaseException], ...] = (ShutDown,)

    def start(self, load: "Load") -> None:
        """Start a thread for each worker; a pattern that has threads of its own starts them here instead."""
        for worker in load.workers:
            load.spawn(worker)

    def finish(self) -> None:
        """Let those who do not drive work off what is left, and end. Called once all who drive are through."""

    def stop(self) -> None:
        """End now: whoever waits is to return or to get one of the ``endings``. What is inside is kept count of."""

    def depth(self) -> int | None:
        """Return how much is waiting inside; None if there is no such thing."""
        return None

    def waited_s(self) -> Mapping[str, float]:
        """Return the seconds waited by all threads of a role, by its name, where the subject knows them."""
        return {}

    def latencies(self, role: str) -> tuple[Histogram, float] | None:
        """Return the latencies of a role's operations, and the longest in seconds, where those overlap.

        None if an operation takes from when it begins to when the next does, as it mostly does.
        """
        del role
        return None

    def queue(self) -> QueueUsage | None:
        """Return the use of the queue inside, if there is one."""
        return None

    def figures(self) -> Mapping[str, object]:
        """Return what it says of itself: its ``statistics()``."""
        return {}

    def totals(self, load: "Load") -> Mapping[str, int]:
        """Return the run's own counts; they must add up."""
        items = {role.name: load.items(role.name) for role in self.roles}
        return {f"{name}_items": count for name, count in items.items()}

    def checks(self, load: "Load") -> Iterable[Check]:
        """Say whether nothing went wrong, when all threads have ended."""
        del load
        return ()

    def advice(self, load: "Load") -> str | None:
        """Return a verdict of its own, in a sentence; None for the common one (``concli.lab.verdict``)."""
        del load
        return None


class Contender(NamedTuple):
    """One of several that do the same. ``make`` raises ``ImportError`` if it is not installed."""

    name: str
    make: Callable[[], Subject]
    #: What one has to know to read its figures: "has no bound".
    remark: str = ""


class Experiment(NamedTuple):
    """A pattern, and what one would use in its stead."""

    ours: Contender
    peers: Sequence[Contender] = ()
