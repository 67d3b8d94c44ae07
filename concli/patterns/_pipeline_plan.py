"""What a task pipeline hands to each of its runs."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from concli.patterns._pipeline_limits import OnError
from concli.patterns._pipeline_tally import Observe
from concli.patterns.task import Stage

__all__ = ["Plan"]


@dataclass(frozen=True)
class Plan:
    """What is the same in all runs of a pipeline; ``TaskPipeline`` says what each means."""

    stages: Sequence[Stage]
    window: int
    ordered: bool
    on_error: OnError
    limit_rate: float | None
    grace: float
    seed: int
    observe: Observe | None
    around: Callable[[], AbstractContextManager[object]]
