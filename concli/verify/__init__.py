"""``concli verify``: schedules of concurrent code explored one by one, and judged by a specification.

Not the memory model below the primitives, not code in C, not locks that come from elsewhere: only what
takes its primitives from ``concli.patterns.sync``.
"""

from concli.verify.explore import Exploration, explore
from concli.verify.history import INTERRUPTED, PENDING, Call, Raised
from concli.verify.linearizability import Model
from concli.verify.replay import Failure, ReplayDiverged, read_failure, replay
from concli.verify.scenario import Op, Operation, Scenario, Spec, generate, scenario
from concli.verify.verdict import Violation

__all__ = [
    "INTERRUPTED",
    "PENDING",
    "Call",
    "Exploration",
    "Failure",
    "Model",
    "Op",
    "Operation",
    "Raised",
    "ReplayDiverged",
    "Scenario",
    "Spec",
    "Violation",
    "explore",
    "generate",
    "read_failure",
    "replay",
    "scenario",
]
