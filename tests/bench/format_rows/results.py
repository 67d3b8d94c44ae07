"""The runs of all that is measured, and the ratios between them, taken round by round."""

import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from os import devnull

from tests.bench.agree import digest
from tests.bench.format_rows.check import differences
from tests.bench.format_rows.contenders import ONE_THREAD, TWO_THREADS, Contender, Row
from tests.bench.timing import CommandError, Sample, remove_output, run

__all__ = ["Figures", "Results", "Series"]

Say = Callable[[str], None]


@dataclass(slots=True)
class Series:
    """A contender's runs. ``problem`` is why it does not count, ``note`` what is to be known of it."""

    contender: Contender
    samples: list[Sample] = field(default_factory=list)
    counted: int | None = None
    problem: str = ""
    note: str = ""

    @property
    def name(self) -> str:
        """What it is called."""
        return self.contender.command.name

    @property
    def median_s(self) -> float | None:
        """The median of what its runs took."""
        return statistics.median(sample.wall_s for sample in self.samples) if self.samples else None

    @property
    def peak_mib(self) -> float | None:
        """The largest peak of all runs."""
        return max(sample.peak_mib for sample in self.samples) if self.samples else None


class Figures:
    """A row's series, by name."""

    def __init__(self, row: Row) -> None:
        self.row = row
        self.series = {each.command.name: Series(each) for each in row.contenders}
        for series in self.series.values():
            if series.contender.command.missing:
                series.problem = "not installed"

    @property
    def problems(self) -> list[str]:
        """What is wrong, other than that something is missing."""
        return [
            f"{self.row.name}: {series.name}: {series.problem}"
            for series in self.series.values()
            if series.problem not in {"", "not installed"}
        ]

    def rate(self, name: str) -> float | None:
        """Return the 10^6 bytes of the log a second."""
        median = self.series[name].median_s
        return self.row.size / 1e6 / median if median else None

    def times(self, name: str, to: str = TWO_THREADS, *, start: float = 0.0) -> float | None:
        """Return how many times as long ``name``, less ``start`` seconds, took as ``to``.

        It is None if there is nothing to be compared.
        """
        one, other = self.series.get(name), self.series.get(to)
        if one is None or other is None or one.problem or other.problem:
            return None
        ratios = [(a.wall_s - start) / b.wall_s for a, b in zip(one.samples, other.samples, strict=False)]
        return statistics.median(ratios) if ratios else None

    def warm_up(self, say: Say) -> None:
        """Run everybody once, and look whether the work is done."""
        reference = self.series[TWO_THREADS]
        others = [series for series in self.series.values() if series is not reference]
        for series in (reference, *others):
            if series.problem:
                continue
            say(f"warming up: {self.row.name}: {series.name}")
            command = series.contender.to_check or series.contender.command
            try:
                run(command)
                series.counted = series.contender.count(command.output)
            except (CommandError, OSError, ValueError, KeyError) as error:
                series.problem = f"FAILED: {error}"
                continue
            self._look_at(series, reference)
            if series is not reference:
                remove_output(command)
        remove_output(reference.contender.command)

    def _look_at(self, series: Series, reference: Series) -> None:
        expected = series.contender.expected
        expected = reference.counted if expected is None else expected
        if series.counted != expected:
            series.problem = f"made {series.counted}, not {expected}"
        elif series is reference or reference.problem:
            return
        elif series.name == ONE_THREAD and series.contender.command.agreement == "same bytes":
            if digest(series.contender.command.output) != digest(reference.contender.command.output):
                series.problem = "not the same bytes as with 2 threads"
        elif series.contender.has_entries:
            series.note = differences(reference.contender.command.output, series.contender.command.output)

    def measure(self, say: Say) -> None:
        """Run everybody once more, who can."""
        for series in self.series.values():
            if series.problem:
                continue
            command = series.contender.command
            say(f"{self.row.name}: {series.name}")
            try:
                series.samples.append(run(command))
            except CommandError as error:
                series.problem = f"FAILED: {error}"
            if command.output != devnull:
                remove_output(command)


class Results:
    """The figures of all rows."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.figures = [Figures(row) for row in rows]

    def measure(self, rounds: int, say: Say) -> None:
        """Measure all rows, in turns."""
        for figures in self.figures:
            figures.warm_up(say)
        for number in range(rounds):
            for figures in self.figures:
                figures.measure(lambda what, number=number: say(f"round {number + 1} of {rounds}: {what}"))  # type: ignore[misc] # bound at once

    def of(self, *sections: str) -> list[Figures]:
        """Return the figures of some sections."""
        return [figures for figures in self.figures if figures.row.section in sections]

    def named(self, name: str) -> Figures | None:
        """Return the figures of a row."""
        return next((figures for figures in self.figures if figures.row.name == name), None)

    def start_s(self, name: str = TWO_THREADS) -> float:
        """Return what one takes for one line."""
        return self.figures[0].series[name].median_s or 0.0

    def net_times(self, figures: Figures, name: str) -> float | None:
        """Return how many times as long ``name`` took as concli, both without the start."""
        its, ours = (
            [sample.wall_s - self.start_s(who) for sample in figures.series[who].samples] for who in (name, TWO_THREADS)
        )
        ratios = [a / b for a, b in zip(its, ours, strict=False) if a > 0 and b > 0]
        return statistics.median(ratios) if ratios else None

    def times_base(self, figures: Figures, *, start: float = 0.0) -> float | None:
        """Return how many times as long as the base log a log took, byte for byte, each less ``start`` seconds."""
        base = self.named("base")
        if base is None:
            return None
        ours, its = base.series[TWO_THREADS], figures.series[TWO_THREADS]
        if ours.problem or its.problem:
            return None
        scale = base.row.size / figures.row.size
        pairs = zip(its.samples, ours.samples, strict=False)
        ratios = [(a.wall_s - start) / (b.wall_s - start) * scale for a, b in pairs if b.wall_s > start]
        return statistics.median(ratios) if ratios else None

    def own(self) -> Iterator[tuple[str, Series]]:
        """Yield all that is concli's, with the row's name."""
        for figures in self.figures:
            yield from (
                (figures.row.name, figures.series[name]) for name in (ONE_THREAD, TWO_THREADS) if name in figures.series
            )

    def problems(self) -> Iterable[str]:
        """Yield what is wrong."""
        for figures in self.figures:
            yield from figures.problems
