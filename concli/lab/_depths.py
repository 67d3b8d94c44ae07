"""The depth of a queue over time, in bounded memory."""

__all__ = ["Depths"]

_KEPT = 128
_PERIOD_S = 0.02


class Depths:
    """Samples at even distances. When there are too many, each two become their mean. One thread adds."""

    def __init__(self) -> None:
        #: Seconds between two samples: as many as should pass before the next.
        self.period_s = _PERIOD_S
        self._samples: list[float] = []

    def add(self, depth: float) -> None:
        """Take in the present depth."""
        self._samples.append(depth)
        if len(self._samples) >= _KEPT:
            pairs = zip(self._samples[::2], self._samples[1::2], strict=False)
            self._samples = [(one + other) / 2 for one, other in pairs]
            self.period_s *= 2

    @property
    def samples(self) -> list[float]:
        """All samples, the first first."""
        return self._samples.copy()
