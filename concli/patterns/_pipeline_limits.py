"""How fast tasks may come in, and how many may fail."""

from typing import Literal

from concli.patterns import _sync
from concli.patterns.task import TooManyFailuresError

__all__ = ["ErrorLimit", "OnError", "TokenBucket"]

# What "stop" and "keep" mean; or the share of the tasks that may fail.
OnError = Literal["keep", "stop"] | float

_ENOUGH = 20  # tasks that must have ended before a share of them says anything
_BURST_S = 0.1  # what a bucket holds: the tokens of so many seconds


class TokenBucket:
    """Tells how long to wait so that no more than ``rate`` things happen in a second.

    What was missed in the last tenth of a second is made up for, so that waits that take a little too
    long don't add up; no more than that comes at once after a pause. One thread uses it.
    """

    def __init__(self, rate: float) -> None:
        self._interval = 1 / rate
        self._slack = max(0.0, _BURST_S - self._interval)
        self._next = _sync.monotonic()

    def take(self) -> float:
        """Take a token; return the seconds until it is there."""
        now = _sync.monotonic()
        at = max(self._next, now - self._slack)
        self._next = at + self._interval
        return max(0.0, at - now)


class ErrorLimit:
    """Says when tasks that fail are to end a run, and with which error."""

    def __init__(self, on_error: OnError) -> None:
        self._stops = on_error == "stop"
        self._share = None if isinstance(on_error, str) else on_error
        # The mutex guards the fields below, which are only counted where a share was given.
        self._mutex = _sync.Lock()
        self._ended = self._failed = 0
        self._latest: Exception | None = None

    def passed_by(self, error: Exception | None) -> Exception | None:
        """Note how a task has ended; return what the run has to end with, None if it need not end."""
        if self._share is None:
            return error if self._stops else None
        with self._mutex:
            self._ended += 1
            if error is not None:
                self._failed += 1
                self._latest = error
            return self._judge() if self._ended >= _ENOUGH else None

    def passed_at_last(self) -> Exception | None:
        """Return what the run has to end with, now that all tasks have ended."""
        with self._mutex:
            return self._judge()

    def _judge(self) -> Exception | None:
        if self._share is None or self._failed <= self._share * self._ended:
            return None
        error = TooManyFailuresError(self._failed, self._ended, self._share)
        error.__cause__, self._latest = self._latest, None  # its traceback leads back here
        return error
