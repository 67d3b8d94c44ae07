"""Measuring a row: everybody in turns, round after round."""

import statistics
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.bench.pattern_rows.row import Contender, Row, Took

__all__ = ["Results", "Series", "Spread", "measure"]


class Spread(NamedTuple):
    """The quartiles of the figures of all rounds."""

    low: float
    median: float
    high: float

    @classmethod
    def of(cls, figures: list[float]) -> "Spread":
        """Return the spread of ``figures``, at least one."""
        if len(figures) == 1:
            return cls(figures[0], figures[0], figures[0])
        return cls(*statistics.quantiles(figures, n=4, method="inclusive"))


@dataclass(slots=True)
class Series:
    """What a contender took, round by round; ``error`` says why it has no figures."""

    contender: Contender
    operations: int
    rounds: list[Took] = field(default_factory=list)
    error: str = ""

    @property
    def is_measured(self) -> bool:
        """Whether there are figures."""
        return not self.error and bool(self.rounds)

    @property
    def each_s(self) -> float:
        """Seconds an operation, the median."""
        return statistics.median(took.each_s for took in self.rounds)

    def sides(self) -> dict[str, float]:
        """Return the operations per second of each side, medians."""
        return {side: statistics.median(took.sides[side] for took in self.rounds) for side in self.rounds[0].sides}

    def warm_up(self, seconds: float) -> None:
        """Find out how many operations take about ``seconds``. What that took doesn't count."""
        for _ in range(2):
            took = self._run()
            if took is None:
                return
            self.operations = max(1, int(took.operations * seconds / took.seconds))

    def measure(self) -> None:
        """Measure once."""
        took = self._run()
        if took is not None:
            self.rounds.append(took)

    def _run(self) -> Took | None:
        if self.contender.run is None:
            self.error = "missing"
        if self.error or self.contender.run is None:
            return None
        try:
            return self.contender.run(self.operations)
        except Exception as error:  # noqa: BLE001 - it is told in the table, and the others go on
            self.error = f"FAILED: {type(error).__name__}: {error}"
            return None


@dataclass(slots=True)
class Results:
    """A row and the figures of everybody in it."""

    row: Row
    series: list[Series]

    @property
    def concli(self) -> Series:
        """concli's own figures."""
        return self.series[0]

    def peers(self) -> list[Series]:
        """Return those whom an aim is about."""
        return [series for series in self.series[1:] if series.contender.counts]

    def ratio(self, to: Series) -> Spread | None:
        """Return how many times as fast as ``to`` concli is, round by round; None if one has no figures."""
        if not (self.concli.is_measured and to.is_measured):
            return None
        pairs = zip(self.concli.rounds, to.rounds, strict=True)
        return Spread.of([theirs.each_s / ours.each_s for ours, theirs in pairs])


def measure(row: Row, rounds: int, seconds: float) -> Results:
    """Measure everybody once a round, there and back again, so that none always comes after the same one."""
    series = [Series(contender, row.start) for contender in row.contenders]
    for one in series:
        one.warm_up(seconds * row.lengths)
    for number in range(rounds):
        for one in reversed(series) if number % 2 else series:
            one.measure()
    return Results(row, series)
