"""What a stage's workers call."""

from typing import Any, Protocol

from concli.tasks.stages.command import Command
from concli.tasks.stages.expression import Expression
from concli.tasks.stages.function import Function
from concli.tasks.stages.spec import StageSpec

__all__ = ["StageCall", "make_call"]


class StageCall(Protocol):
    """What is done with one item; called by many threads at a time."""

    #: Whether a call that takes longer than the stage's timeout ends itself, with ``TimeoutError``.
    kills_at_timeout: bool

    def __call__(self, item: Any) -> Any:
        """Return what comes of ``item``."""

    def describe(self, item: Any) -> str:
        """Return, in a line, what a call with ``item`` would do."""

    def cancel(self) -> None:
        """End the calls that are going on, where that can be done, and have those to come fail."""


def make_call(spec: StageSpec) -> StageCall:
    """Return what ``spec`` asks for, ready to be called. Raises ``UsageError``."""
    if spec.kind == "py":
        return Function(spec.target)
    if spec.kind == "expr":
        return Expression(spec.target)
    return Command(spec.target, stdin=spec.stdin, timeout=spec.timeout)
