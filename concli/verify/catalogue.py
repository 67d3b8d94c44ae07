"""The specs of concli's own patterns, by the names that the command line has for them."""

import importlib
from types import ModuleType
from typing import NamedTuple

from concli.verify.scenario import Spec

__all__ = ["PATTERNS", "SCENARIOS", "SCHEDULES", "STRATEGY", "Budget", "budget_of", "spec_named", "spec_of"]

# The default budget: what one pattern gets.
STRATEGY = "pct"
SCHEDULES = 5000
SCENARIOS = 50


class Budget(NamedTuple):
    """How much is run of one pattern: schedules, the scenarios that share them, and the calls of a thread in each."""

    schedules: int
    scenarios: int
    operations: int


def budget_of(strategy: str) -> Budget:
    """Return the default for ``random``, ``pct`` or ``dfs``, which comes to an end in few and small scenarios only."""
    return Budget(100_000, 4, 2) if strategy == "dfs" else Budget(SCHEDULES, SCENARIOS, 4)


PATTERNS = (
    "barrier",
    "bounded-buffer",
    "channel",
    "counter",
    "future",
    "mailbox",
    "monitor-object",
    "producer-consumer",
    "resequencer",
    "rwlock",
    "sharded-counter",
    "task-pipeline",
    "thread-group",
    "thread-local",
    "thread-pool",
    "thread-safe-dict",
    "worker",
)


def spec_of(pattern: str) -> Spec:
    """Return the spec of a pattern: ``NAME`` in ``concli.verify.models.name``. ``ValueError`` if there is none."""
    spec = getattr(_module(pattern), pattern.replace("-", "_").upper())
    assert isinstance(spec, Spec)  # noqa: S101 - a test holds that for all
    return spec


def spec_named(name: str) -> Spec:
    """Return the spec of a pattern, or else one that has this name itself. ``ValueError`` if there is none."""
    if name in PATTERNS:
        return spec_of(name)
    for pattern in PATTERNS:
        for spec in vars(_module(pattern)).values():
            if isinstance(spec, Spec) and spec.name == name:
                return spec
    raise ValueError(f"there is no pattern {name!r}")


def _module(pattern: str) -> ModuleType:
    if pattern not in PATTERNS:
        raise ValueError(f"there is no pattern {pattern!r}; choose from {', '.join(PATTERNS)}")
    return importlib.import_module(f"concli.verify.models.{pattern.replace('-', '_')}")
