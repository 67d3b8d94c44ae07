"""Where the calls of Python stages are made: the side of whoever waits for them."""

from collections.abc import Callable, Iterable
from typing import Any

from concli.engines.choose import Work
from concli.engines.engine import EngineLost, Place
from concli.patterns import _sync
from concli.tasks.stages import StageSpec
from concli.tasks.stages.worker import Abandoned, Unit

__all__ = ["NoWorkers", "Placed", "work_of"]


class NoWorkers(BaseException):
    """There is nobody left to make calls; says why by its ``error``. Not one task fails of it, but the run ends."""

    def __init__(self, error: EngineLost) -> None:
        super().__init__(str(error))
        self.error = error


class Placed:
    """The calls of one Python stage: of a step, by its number, in a place.

    ``function`` is what the stage's threads call; ``abandoned`` counts those that took too long and were left behind.
    """

    def __init__(self, place: Place[Unit, Any], index: int) -> None:
        # The mutex guards the count.
        self._mutex = _sync.Lock()
        self.abandoned = 0

        def function(value: Any) -> Any:
            try:
                return place((index, value))
            except Abandoned as late:
                with self._mutex:
                    self.abandoned += 1
                raise TimeoutError(str(late)) from None
            except EngineLost as error:
                raise NoWorkers(error) from error

        self.function: Callable[[Any], Any] = function


def work_of(stages: Iterable[StageSpec]) -> Work:
    """Tell of the work that tasks are: Python holds the GIL, for all one knows; how much there is nobody knows."""
    return Work(holds_gil=any(stage.kind == "py" for stage in stages))
