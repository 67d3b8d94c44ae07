"""An engine that loses a worker."""

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

from concli.engines.engine import Place
from concli.engines.processes import Processes

__all__ = ["Losing"]


class Losing(Processes):
    """Worker processes, of which one is killed when the unit with that number is given."""

    def __init__(self, workers: int, at: int) -> None:
        super().__init__(workers)
        self._at = at

    @contextlib.contextmanager
    def open(self, make: Callable[..., Callable[[Any], Any]], /, *args: Any) -> Iterator[Place[Any, Any]]:
        with super().open(make, *args) as place:
            yield _Losing(place, self._at)


class _Losing:
    def __init__(self, place: Any, at: int) -> None:
        self.buffer, self.cancel, self.statistics = place.buffer, place.cancel, place.statistics
        self._place = place
        self._left = list(range(at))

    def __call__(self, unit: Any) -> Any:
        if self._left:
            self._left.pop()
            if not self._left:
                os.kill(self.statistics().workers[0].pid, signal.SIGKILL)
        return self._place(unit)
