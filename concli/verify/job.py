"""The job behind ``concli verify``: pattern after pattern within a budget, and each failure becomes a file."""

import hashlib
import os
import shlex
from time import perf_counter
from typing import Any, Literal, NamedTuple

from concli.errors import OutputError
from concli.metrics import Run
from concli.verify.catalogue import spec_named, spec_of
from concli.verify.explore import Exploration, explore
from concli.verify.replay import Failure, ReplayDiverged, read_failure, replay
from concli.verify.scenario import Granularity

__all__ = ["Found", "Job", "Outcome", "Row", "Verification", "replay_file"]

Outcome = Literal["waiting", "running", "passed", "violation", "no end", "cut short", "stopped", "not run", "error"]


class Job(NamedTuple):
    """What is to be run. ``schedules`` of each pattern, all patterns in ``time_s`` seconds together."""

    patterns: tuple[str, ...]
    strategy: str
    schedules: int
    scenarios: int
    operations: int
    threads: int = 3
    seed: int = 0
    time_s: float | None = None
    failures: str = "."  # the directory they are written to
    granularity: Granularity | None = None  # what the spec of each says


class Row(NamedTuple):
    """What was run of one pattern."""

    pattern: str
    outcome: Outcome = "waiting"
    explored: Exploration | None = None

    def plain(self) -> dict[str, Any]:
        """Return the row for the report."""
        told: dict[str, Any] = {"pattern": self.pattern, "outcome": self.outcome}
        if (so_far := self.explored) is not None:
            told |= {name: getattr(so_far, name) for name in _COUNTED}
            told["violations"] = len(so_far.violations)
            told["schedules_per_s"] = so_far.schedules / so_far.seconds if so_far.seconds else 0.0
            told["elapsed_s"] = so_far.seconds
        return told


_TRACED = 1000  # steps; only what has no end has more of them
_COUNTED = ("scenarios", "schedules", "distinct", "switch_points", "longest", "exhaustive", "unfinished")


class Found(NamedTuple):
    """A failure, and the file it was written to, if it could be."""

    pattern: str
    failure: Failure
    path: str | None

    def plain(self) -> dict[str, Any]:
        """Return what was found, for the report."""
        told = self.failure.to_json()
        del told["schema"], told["points"]
        trace = [list(step) for step in self.failure.trace[-_TRACED:]]
        return {**told, "pattern": self.pattern, "file": self.path, "trace": trace}


class Verification:
    """One run of the job; rows and findings are there to be read at any time, by any thread."""

    def __init__(self, job: Job, run: Run) -> None:
        self.job = job
        self.found: list[Found] = []
        self.errors: dict[str, Exception] = {}  # of the machinery, by the pattern they came with
        self.unwritten: list[OutputError] = []
        self._run = run
        self._rows = {pattern: Row(pattern) for pattern in job.patterns}
        run.totals, run.result = self._totals, self._result

    def verify(self) -> None:
        """Explore all patterns. Every one of them becomes a check of the run, however it ends."""
        began = perf_counter()
        try:
            for number, pattern in enumerate(self.job.patterns):
                time_s = self.job.time_s
                if time_s is not None:
                    # In equal parts, so that the last in the line get theirs; what one leaves the others share.
                    left = began + time_s - perf_counter()
                    time_s = max(0.0, left / (len(self.job.patterns) - number))
                self._explore(pattern, time_s)
        finally:
            for pattern, row in self._rows.items():
                if row.outcome in {"waiting", "running"}:  # something has ended it all
                    was_run = row.explored is not None and row.explored.schedules
                    self._rows[pattern] = row._replace(outcome="stopped" if was_run else "not run")
            for row in self._rows.values():
                self._run.check(row.pattern, row.outcome in {"passed", "cut short"}, self._detail(row))

    def limits(self) -> str:
        """Return what the limit of time has kept from being run; empty if nothing."""
        rows = self._rows.values()
        counts = {outcome: sum(row.outcome == outcome for row in rows) for outcome in ("cut short", "not run")}
        words = [f"{count} of {len(rows)} patterns {outcome}" for outcome, count in counts.items() if count]
        if self.job.time_s is None or not words:
            return ""
        return f"the {self.job.time_s:g} s are over: {', '.join(words)}; nothing is known of what was not run"

    def _explore(self, pattern: str, time_s: float | None) -> None:
        job = self.job

        def tell(so_far: Exploration) -> None:
            self._rows[pattern] = Row(pattern, "running", so_far)

        self._rows[pattern] = Row(pattern, "running")
        try:
            spec = spec_of(pattern)
            explored = explore(
                spec._replace(granularity=job.granularity or spec.granularity),
                strategy=job.strategy,
                schedules=job.schedules,
                scenarios=job.scenarios,
                operations=job.operations,
                threads=job.threads,
                seed=job.seed,
                time_s=time_s,
                progress=tell,
            )
        except Exception as error:  # noqa: BLE001 - the other patterns are looked at all the same
            self.errors[pattern] = error
            self._rows[pattern] = self._rows[pattern]._replace(outcome="error")
            return
        for failure in explored.violations or ((explored.suspect,) if explored.suspect else ()):
            self.found.append(Found(pattern, failure, self._write(pattern, failure)))
        self._rows[pattern] = Row(pattern, self._outcome(explored), explored)

    def _outcome(self, explored: Exploration) -> Outcome:
        if explored.violations:
            return "violation"
        if explored.unfinished:
            return "no end"
        if not explored.schedules:
            return "not run"
        return "cut short" if explored.out_of_time else "passed"

    def _write(self, pattern: str, failure: Failure) -> str | None:
        digest = hashlib.sha256(failure.to_text().encode()).hexdigest()[:8]  # the same failure, the same file
        path = os.path.normpath(os.path.join(self.job.failures, f"verify-{pattern}-{digest}.json"))
        try:
            failure.write(path)
        except OutputError as error:
            self.unwritten.append(error)
            return None
        return path

    def _detail(self, row: Row) -> str:
        if row.outcome == "error":
            error = self.errors[row.pattern]
            return f"it could not be explored: {type(error).__name__}: {error}"
        so_far = row.explored
        if so_far is None or not so_far.schedules:
            return "not run: no schedule was explored"
        run = f"{so_far.schedules:,} schedules ({so_far.distinct:,} distinct)"
        if row.outcome in {"violation", "no end"}:
            one = next(one for one in self.found if one.pattern == row.pattern)
            what = one.failure.violation.kind
            replayed = "" if one.path is None else f"; replay it with concli verify --replay {shlex.quote(one.path)}"
            return f"{what}, found in {run}{replayed}"
        if row.outcome == "passed":
            return f"no violation in {run}, {'which are all' if so_far.exhaustive else 'a sample'}"
        return f"{row.outcome}: no violation in {run}; the other {self.job.schedules - so_far.schedules:,} were not run"

    def _totals(self) -> dict[str, int]:
        rows = list(self._rows.values())
        explored = [row.explored for row in rows if row.explored is not None]
        return {
            "patterns": len(rows),
            **{name.replace(" ", "_"): sum(row.outcome == name for row in rows) for name in _ENDINGS},
            "schedules": sum(one.schedules for one in explored),
            "distinct": sum(one.distinct for one in explored),
            "switch_points": sum(one.switch_points for one in explored),
            "violations": sum(len(one.violations) for one in explored),
        }

    def _result(self) -> dict[str, object]:
        return {
            "patterns": [row.plain() for row in list(self._rows.values())],
            "failures": [one.plain() for one in list(self.found)],
        }


_ENDINGS: tuple[Outcome, ...] = ("passed", "violation", "no end", "cut short", "stopped", "not run", "error")


def replay_file(path: str, run: Run) -> Found:
    """Run a failure again and return it with its trace; its outcome becomes a check of the run, which fails.

    Raises ``InputError`` if the file is no failure of a pattern of ours.
    """
    failure = read_failure(path, spec_named)
    pattern = failure.scenario.spec.name
    found = Found(pattern, failure, path)
    run.result = lambda: {"failures": [found.plain()]}
    try:
        again = replay(failure)
    except ReplayDiverged as diverged:
        detail = f"the code no longer follows {path}: {diverged}"
        run.check(pattern, False, f"{detail}; explore again to see whether it still fails")
        return found
    assert again.violation is not None  # noqa: S101 - or it would have diverged
    found = found._replace(failure=failure._replace(violation=again.violation, trace=again.trace))
    run.check(pattern, False, f"{again.violation.kind}, as in {path}")
    return found
