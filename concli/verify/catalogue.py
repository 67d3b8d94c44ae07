"""The specs of concli's own patterns, by the names that the command line has for them."""

import importlib

from concli.verify.scenario import Spec

__all__ = ["PATTERNS", "SCENARIOS", "SCHEDULES", "STRATEGY", "spec_of"]

# The default budget: what one pattern gets.
STRATEGY = "pct"
SCHEDULES = 5000
SCENARIOS = 50

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
    if pattern not in PATTERNS:
        raise ValueError(f"there is no pattern {pattern!r}; choose from {', '.join(PATTERNS)}")
    name = pattern.replace("-", "_")
    spec = getattr(importlib.import_module(f"concli.verify.models.{name}"), name.upper())
    assert isinstance(spec, Spec)  # noqa: S101 - a test holds that for all
    return spec
