"""The words of ``--op``: what is done to each chunk, one after the other.

Frequencies are in cycles a sample, as ``numpy.fft.fftfreq`` gives them: 0 is the mean, 0.5 the finest stripes
along an axis, about 0.707 those along a diagonal.

>>> operations(["fft2,power", "lowpass:0.1"])
(Operation(name='fft2', low=0.0, high=inf), Operation(name='power', low=0.0, high=inf), \
Operation(name='lowpass', low=0.0, high=0.1))
"""

import math
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from concli.errors import UsageError

__all__ = ["NAMES", "Operation", "operations"]

_PLAIN = ("fft2", "ifft2", "rfft2", "irfft2", "power", "magnitude", "phase", "autocorrelate")
_FILTERS = {"lowpass": 1, "highpass": 1, "bandpass": 2}

#: How each is written.
NAMES = (*_PLAIN, "lowpass:R", "highpass:R", "bandpass:A,B")

# A comma parts operations, and the two ends of a band.
_COMMA = re.compile(r",(?=\s*[a-z])")


class Operation(NamedTuple):
    """One of them; a filter keeps the frequencies from ``low`` to ``high``, both included."""

    name: str
    low: float = 0.0
    high: float = math.inf

    @property
    def is_filter(self) -> bool:
        """Whether it keeps a band of frequencies."""
        return self.name in _FILTERS


def operations(words: Iterable[str]) -> tuple[Operation, ...]:
    """Return what the words say, in their order; a word may hold several with commas. Raises ``UsageError``."""
    return tuple(_operation(part.strip()) for word in words for part in _COMMA.split(word))


def _operation(text: str) -> Operation:
    name, colon, rest = text.partition(":")
    if name in _PLAIN and not colon:
        return Operation(name)
    if name not in _FILTERS:
        raise UsageError(f"--op: there is no operation {text!r}; choose from {', '.join(NAMES)}")
    limits = list(_numbers(rest))
    if len(limits) != _FILTERS[name] or any(not 0 <= limit < math.inf for limit in limits) or limits != sorted(limits):
        form = "A,B with A not above B" if _FILTERS[name] == 2 else "R"
        raise UsageError(f"--op {text}: write {name}:{form}, in cycles a sample: 0 is the mean, 0.5 the finest stripes")
    if name == "lowpass":
        return Operation(name, high=limits[0])
    return Operation(name, limits[0], limits[1] if len(limits) > 1 else math.inf)


def _numbers(text: str) -> Iterator[float]:
    for part in text.split(","):
        try:
            yield float(part)
        except ValueError:
            yield math.nan
