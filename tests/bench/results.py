"""The figures of all rounds, as a table."""

import dataclasses
import os
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.bench.commands import GROUPS, TWO_THREADS, Command
from tests.bench.timing import Sample, least_peak_mib

__all__ = ["Results", "Row"]

_HEADER = ("", "min s", "median s", "CPU s", "peak MiB", "times concli")


@dataclass(slots=True)
class Row:
    """A command and what each of its runs took, scaled to the whole log if it read less."""

    command: Command
    scale: float
    samples: list[Sample] = field(default_factory=list)

    def add(self, sample: Sample) -> None:
        """Take in a run."""
        self.samples.append(Sample(sample.wall_s * self.scale, sample.cpu_s * self.scale, sample.peak_mib))

    def ratio(self, to: "Row") -> float | None:
        """Return how many times as long it took, as the median over the rounds."""
        pairs = zip(self.samples, to.samples, strict=False)
        ratios = [mine.wall_s / other.wall_s for mine, other in pairs]
        return statistics.median(ratios) if ratios else None

    @property
    def peak_mib(self) -> float:
        """The largest peak of all runs."""
        return max(sample.peak_mib for sample in self.samples)


class Results:
    """A row for each command."""

    def __init__(self, commands: Sequence[Command], size: int) -> None:
        self.rows = {
            (command.group, command.name): Row(command, size / os.path.getsize(command.input)) for command in commands
        }

    def ratio(self, group: str, name: str, to: str = TWO_THREADS) -> float | None:
        """Return how many times as long ``name`` took as ``to``, None if one of them is missing."""
        return self.rows[group, name].ratio(self.rows[group, to])

    def table(self, group: str) -> str:
        """Return a group's figures in aligned columns."""
        lines: list[Sequence[str]] = [_HEADER]
        notes = []
        for row in self._group(group):
            name, scale = row.command.name, row.scale
            if scale > 1.01:
                name += " *"
                notes.append(
                    f"* run on the first 1/{scale:.0f} of the log, for it is slow; all seconds, start-up too, scaled up"
                )
            lines.append((name, *self._figures(row)))
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        rows = ("  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]).rstrip() for line in lines)
        return "\n".join([*rows, *notes])

    def _group(self, group: str) -> list[Row]:
        return [row for (of, _), row in self.rows.items() if of == group]

    def _figures(self, row: Row) -> tuple[str, ...]:
        if not row.samples:
            return ("missing", "", "", "", "")
        walls = [sample.wall_s for sample in row.samples]
        cpu = statistics.median(sample.cpu_s for sample in row.samples)
        floor = least_peak_mib()
        peak = f"{row.peak_mib:.0f}" if row.peak_mib > floor else f"<{floor}"
        ratio = self.ratio(row.command.group, row.command.name)
        return (
            f"{min(walls):.3f}",
            f"{statistics.median(walls):.3f}",
            f"{cpu:.3f}",
            peak,
            "-" if ratio is None else f"{ratio:.2f}",
        )

    def as_json(self) -> dict[str, list[dict[str, object]]]:
        """Return every figure."""
        return {
            group: [
                {
                    "name": row.command.name,
                    "scaled_by": row.scale,
                    "times_concli": self.ratio(group, row.command.name),
                    "runs": [dataclasses.asdict(sample) for sample in row.samples],
                }
                for row in self._group(group)
            ]
            for group in GROUPS
        }
