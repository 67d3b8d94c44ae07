"""Failures as files: written down, and run again to the same failure or not at all."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from concli.errors import InputError
from concli.files import write_whole
from concli.verify._session import session
from concli.verify._watch import watched
from concli.verify.run import Run, Runner
from concli.verify.scenario import Scenario, Spec
from concli.verify.trace import Step, render
from concli.verify.verdict import Violation, in_short

__all__ = ["SCHEMA", "Failure", "ReplayDiverged", "read_failure", "replay"]

SCHEMA = "concli.verify/1"
_Plain = TypeVar("_Plain", int, str)


class ReplayDiverged(Exception):  # noqa: N818 - it says what happened
    """The code under test did not come to the same choices again."""


class Failure(NamedTuple):
    """A violation, and all that is needed to see it again."""

    scenario: Scenario
    violation: Violation
    decisions: tuple[int, ...]
    points: tuple[str, ...]  # what each decision was about, and between how many
    trace: tuple[Step, ...]
    seed: int
    strategy: str

    def to_json(self) -> dict[str, Any]:
        """Return the failure in terms that JSON knows."""
        return {
            "schema": SCHEMA,
            "pattern": self.scenario.spec.name,
            "scenario": self.scenario.to_json(),
            "seed": self.seed,
            "strategy": self.strategy,
            "decisions": list(self.decisions),
            "points": list(self.points),
            "violation": {"kind": self.violation.kind, "explanation": self.violation.explanation},
        }

    def write(self, path: str | Path) -> None:
        """Write the failure as a file for ``replay``, whole or not at all. Raises ``OutputError``."""
        write_whole(str(path), self.to_text().encode())

    def to_text(self) -> str:
        """Return what stands in the file: the same for the same failure."""
        return json.dumps(self.to_json(), indent=1) + "\n"

    def show(self, width: int = 120, last: int = 1000) -> str:
        """Return the violation and the ``last`` steps that lead to it, one column a thread."""
        return f"{self.violation.kind}: {self.violation.explanation}\n\n{render(self.trace, width=width, last=last)}"


class _Strict:
    """Follows decisions, and raises where they do not fit any more."""

    def __init__(self, decisions: Sequence[int], points: Sequence[str]) -> None:
        self._decisions = decisions
        self._points = points
        self._at = 0

    def choose(self, options: list[int], ready: int, can_stay: bool) -> int:
        del ready, can_stay
        at = self._at
        self._at = at + 1
        if at >= len(self._decisions):
            raise ReplayDiverged(f"there is a choice more than the {at} that were made")
        choice = self._decisions[at]
        if not 0 <= choice < len(options):
            raise ReplayDiverged(f"choice {at + 1}: option {choice} of only {len(options)}")
        return choice

    def check(self, points: Sequence[str]) -> None:
        """Compare what the choices were about."""
        for number, (was, now) in enumerate(zip(self._points, points, strict=False), 1):
            if was != now:
                raise ReplayDiverged(f"choice {number} was at {was!r} and is now at {now!r}")
        if len(self._points) != len(points):
            raise ReplayDiverged(f"{len(points)} choices instead of {len(self._points)}")


def read_failure(path: str | Path, spec_of: Callable[[str], Spec]) -> Failure:
    """Read a failure; ``spec_of`` finds the spec by its name, or raises ``ValueError`` or ``LookupError``.

    Raises ``InputError`` if the file can't be read, is none of ours or is damaged.
    """
    place = str(path)
    try:
        data = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(place, error) from error
    except (ValueError, RecursionError) as error:
        raise InputError(place, f"not a JSON document: {error}") from error
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise InputError(place, f"not a failure that concli has written: there is no schema {SCHEMA!r}")
    try:
        name, seed, strategy, violation = (
            _typed(str, data["pattern"]),
            data["seed"],
            data["strategy"],
            data["violation"],
        )
        scenario = Scenario.from_json(Spec(name, object), data["scenario"])
        failure = Failure(
            scenario,
            Violation(_typed(str, violation["kind"]), _typed(str, violation["explanation"])),
            tuple(_typed(int, decision) for decision in data["decisions"]),
            tuple(_typed(str, point) for point in data["points"]),
            (),
            _typed(int, seed),
            _typed(str, strategy),
        )
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise InputError(place, f"damaged: {type(error).__name__}: {error}") from error
    try:
        return failure._replace(scenario=scenario._replace(spec=spec_of(name)))
    except (LookupError, ValueError) as error:
        raise InputError(place, f"about {name!r}, of which nothing is known here") from error


def _typed(kind: type[_Plain], value: object) -> _Plain:
    if not isinstance(value, kind):
        raise TypeError(f"{value!r} instead of a value of type {kind.__name__}")
    return value


def replay(failure: Failure, *, step_limit: int = 20_000) -> Run:
    """Run a failure again; ``ReplayDiverged`` if the code doesn't follow it, or it does not fail the same way."""
    scenario = failure.scenario
    with session() as made, watched(made, scenario.spec.watched, scenario.granularity):
        strict = _Strict(failure.decisions, failure.points)
        try:
            run = Runner(made, scenario, step_limit=step_limit).run(strict.choose, traced=True)
        except ReplayDiverged:
            raise
        except Exception as error:
            raise ReplayDiverged(f"it can't be run any more: {in_short(error)}") from error
        strict.check(run.points)
    found = run.violation.kind if run.violation is not None else "no violation"
    if found != failure.violation.kind:
        raise ReplayDiverged(f"the schedule now ends with {found}, it did with {failure.violation.kind}")
    return run
