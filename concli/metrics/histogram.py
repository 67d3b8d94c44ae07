"""A histogram of durations in bounded memory.

A duration's bucket is the first two bytes of its IEEE 754 double: the sign, the exponent and four bits
of the mantissa. So buckets double sixteen at a time, none is wider than a sixteenth of where it begins,
and many durations find theirs without a Python instruction for each.

>>> histogram = Histogram()
>>> histogram.add_all([0.5] * 99 + [2.0])
>>> histogram.quantile(0.99), histogram.quantile(1)
(0.53125, 2.125)
"""

import math
import struct
import sys
from array import array
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate

__all__ = ["Histogram"]

_FIRST_TWO_BYTES = 3 if sys.byteorder == "little" else 0  # in units of two bytes
_NEGATIVE = 0x8000


class Histogram:
    """Counts durations in buckets of nearly equal relative width. One thread adds; any may merge and read."""

    __slots__ = ("_counts",)

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()

    def add(self, seconds: float) -> None:
        """Count one duration. What is negative counts as 0."""
        self.add_all((seconds,))

    def add_all(self, seconds: Sequence[float], times: Sequence[int] | None = None) -> None:
        """Count many durations, each once or so many ``times``; of many, each costs much less than by ``add``."""
        buckets = array("H", struct.pack(f"{len(seconds)}d", *seconds))[_FIRST_TWO_BYTES::4]
        if times is None:
            self._counts.update(Counter(buckets))  # quicker on 3.11 than at once
            return
        for bucket, count in zip(buckets, times, strict=True):
            if count:
                self._counts[bucket] += count

    def merge(self, other: "Histogram") -> None:
        """Add what ``other`` has counted."""
        self._counts.update(other._counts)  # noqa: SLF001 - one of us

    @property
    def count(self) -> int:
        """The durations counted."""
        return self._counts.total()

    def quantile(self, q: float) -> float | None:
        """Return the duration, in seconds, that the share ``q`` of all does not exceed, to 6.25%."""
        counts: Counter[int] = Counter()
        for bucket, count in self._counts.copy().items():
            counts[0 if bucket >= _NEGATIVE else bucket] += count
        if not counts:
            return None
        wanted = math.ceil(q * counts.total())
        buckets = sorted(counts)
        below = accumulate(counts[bucket] for bucket in buckets)
        bucket = next(bucket for bucket, sum_so_far in zip(buckets, below, strict=True) if sum_so_far >= wanted)
        end: float = struct.unpack(">d", struct.pack(">Hxxxxxx", bucket + 1))[0]
        return end
