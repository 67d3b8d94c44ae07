"""A histogram of durations in bounded memory."""

import math
from itertools import accumulate

__all__ = ["Histogram"]

# Eight buckets for each doubling, so that a bucket is at most 12.5% wide, from a nanosecond on.
_PER_DOUBLING = 8
_FIRST = 1e-9
_BUCKETS = 60 * _PER_DOUBLING


class Histogram:
    """Counts durations in buckets of equal relative width. One thread adds; any may merge and read."""

    def __init__(self) -> None:
        self._counts = [0] * _BUCKETS

    def add(self, seconds: float) -> None:
        """Count one duration."""
        place = math.log2(seconds / _FIRST) * _PER_DOUBLING if seconds > _FIRST else 0
        self._counts[min(int(place), _BUCKETS - 1)] += 1

    def merge(self, other: "Histogram") -> None:
        """Add what ``other`` has counted."""
        self._counts = [a + b for a, b in zip(self._counts, other._counts, strict=True)]  # noqa: SLF001 - one of us

    def quantile(self, q: float) -> float | None:
        """Return the duration, in seconds, that the share ``q`` of all does not exceed, to 12.5%."""
        total = sum(self._counts)
        if not total:
            return None
        wanted = math.ceil(q * total)
        place = next(place for place, below in enumerate(accumulate(self._counts)) if below >= wanted)
        return _FIRST * math.exp2((place + 1) / _PER_DOUBLING)
