"""What one worker of a task pipeline counts: alone, so without a lock."""

from collections.abc import Callable
from typing import TypeAlias

__all__ = ["Observe", "Tally"]

# Called with the name of a stage, the seconds that each of some calls took, and how many of them raised.
Observe: TypeAlias = Callable[[str, list[float], int], object]

_MANY = 256  # calls that are told of together
_LONG_S = 0.05  # or those of so many seconds: somebody may look on


class Tally:
    """Counts that one worker writes and anybody reads."""

    __slots__ = (
        "_name",
        "_observe",
        "_raised",
        "_seconds",
        "_since_s",
        "busy_s",
        "errors",
        "items_in",
        "items_out",
        "retries",
    )

    def __init__(self, name: str, observe: Observe | None) -> None:
        self._name = name
        self._observe = observe
        self._seconds: list[float] = []  # of the calls not told of so far
        self._since_s = 0.0  # their sum
        self._raised = 0  # how many of them did
        self.items_in = self.items_out = self.errors = self.retries = 0
        self.busy_s = 0.0

    def called(self, seconds: float, has_raised: bool) -> None:
        """Note a call."""
        self.busy_s += seconds
        if self._observe is not None:
            self._seconds.append(seconds)
            self._since_s += seconds
            self._raised += has_raised
            if len(self._seconds) >= _MANY or self._since_s >= _LONG_S:
                self.tell()

    def tell(self) -> None:
        """Tell whoever observes the run of the calls made since the last time."""
        if self._observe is not None and self._seconds:
            seconds, raised = self._seconds, self._raised
            self._seconds, self._since_s, self._raised = [], 0.0, 0
            self._observe(self._name, seconds, raised)
