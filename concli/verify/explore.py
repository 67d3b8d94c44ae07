"""Run many schedules of one scenario, or of many drawn from a spec, and say what they came to."""

from collections.abc import Callable, Iterator
from random import Random as _Source
from time import perf_counter
from typing import NamedTuple

from concli.verify._session import Session, session
from concli.verify._watch import watched
from concli.verify.minimize import minimize
from concli.verify.replay import Failure
from concli.verify.run import Run, Runner
from concli.verify.scenario import Scenario, Spec, generate
from concli.verify.strategy import Follow, Strategy, make_strategy

__all__ = ["Exploration", "explore"]


class Exploration(NamedTuple):
    """What was run, and what was found. ``switch_points`` are those of all schedules together."""

    name: str
    strategy: str
    seed: int
    scenarios: int
    schedules: int
    distinct: int  # schedules that differ in a decision, or in their scenario
    switch_points: int
    longest: int  # switch points in one schedule
    exhaustive: bool  # all schedules within the strategy's bound, of every scenario
    unfinished: int  # schedules given up at the limit of steps: nothing is said of those
    violations: tuple[Failure, ...]
    suspect: Failure | None  # the first of the unfinished
    out_of_time: bool  # the time was over before all schedules were run
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether nothing was wrong in what was run to its end, and all was."""
        return not self.violations and not self.unfinished

    def show(self, width: int = 120) -> str:
        """Return the result in words, with the trace of each violation in lines of at most ``width`` characters."""
        extent = "exhaustive" if self.exhaustive else "not exhaustive"
        what = f"{len(self.violations) or 'no'} violation{'s' * (len(self.violations) > 1)}"
        first = (
            f"{self.name}: {what} in {self.schedules} schedules ({self.distinct} distinct, {extent}), "
            f"{self.switch_points} switch points, by {self.strategy}"
        )
        lines = [first]
        if self.unfinished:
            lines.append(f"{self.unfinished} schedules were given up at the limit of steps: perhaps a livelock")
        return "\n\n".join([*lines, *(failure.show(width) for failure in self.violations)])


class _Part:
    """A scenario, and how far it has been explored."""

    def __init__(self, scenario: Scenario, chooser: Strategy) -> None:
        self.scenario = scenario
        self.chooser = chooser
        self.seen: set[int] = set()


class _Tally:
    """What is counted while it goes on."""

    def __init__(self, name: str, strategy: str, seed: int) -> None:
        self._name, self._strategy, self._seed = name, strategy, seed
        self._began = perf_counter()
        self.scenarios = self.schedules = self.switch_points = self.longest = self.unfinished = self.distinct = 0
        self.suspect: Failure | None = None
        self.violations: list[Failure] = []
        self.exhausted = 0
        self.out_of_time = False

    def result(self, scenarios: int) -> Exploration:
        """Return how it stands, ``scenarios`` being those there are."""
        return Exploration(
            self._name,
            self._strategy,
            self._seed,
            self.scenarios,
            self.schedules,
            self.distinct,
            self.switch_points,
            self.longest,
            self.exhausted == scenarios and not self.unfinished,
            self.unfinished,
            tuple(self.violations),
            self.suspect,
            self.out_of_time,
            perf_counter() - self._began,
        )

    def is_over(self, until: float | None) -> bool:
        self.out_of_time = until is not None and perf_counter() >= until
        return self.out_of_time

    def count(self, run: Run, part: _Part) -> None:
        self.scenarios += not part.seen
        self.schedules += 1
        self.switch_points += run.steps
        self.longest = max(self.longest, run.steps)
        decided = hash(run.decisions)  # in a line-by-line schedule there are hundreds
        if decided not in part.seen:
            part.seen.add(decided)
            self.distinct += 1


def explore(
    what: Scenario | Spec,
    *,
    strategy: str = "random",
    schedules: int = 1000,
    time_s: float | None = None,
    seed: int = 0,
    scenarios: int = 10,
    threads: int = 3,
    operations: int = 4,
    step_limit: int = 20_000,
    violations: int = 1,
    progress: Callable[[Exploration], object] | None = None,
) -> Exploration:
    """Explore at most ``schedules`` schedules, for at most ``time_s`` seconds, up to ``violations`` violations.

    ``strategy`` is ``"random"``, ``"pct"`` (or ``"pct 5"``, its depth) or ``"dfs"`` (or ``"dfs 1"``, its bound
    of preemptions; ``"dfs all"`` has none). A spec gets ``scenarios`` scenarios of ``threads`` by ``operations``
    calls, which share the schedules; what one has no use for, because all of it has been run, the others get. Each
    violation is made small, and comes with its trace. ``progress`` is told now and then how it stands, and a last
    time when it ends, in whatever way.

    While it runs, no other thread of the process may use objects made in it, and there is one exploration at a time.
    """
    source = _Source(seed)  # noqa: S311 - nothing secret
    drawn = (
        [what]
        if isinstance(what, Scenario)
        else [
            generate(what, source, threads=threads, operations=operations, has_faults=number % 2 == 1)
            for number in range(scenarios)
        ]
    )
    parts = [_Part(one, make_strategy(strategy, source.randrange(1 << 32))) for one in drawn]
    tally = _Tally(what.spec.name if isinstance(what, Scenario) else what.name, strategy, seed)
    until = None if time_s is None else perf_counter() + time_s

    def is_enough() -> bool:
        return tally.schedules >= schedules or len(tally.violations) >= violations or tally.is_over(until)

    try:
        with session() as made:
            while parts and not is_enough():
                for number, part in enumerate(parts):
                    if is_enough():
                        break
                    share = max(1, (schedules - tally.schedules) // (len(parts) - number))
                    with watched(made, part.scenario.spec.watched, part.scenario.granularity):
                        for _ in _schedules(made, part, tally, share, until, step_limit, seed, violations):
                            if progress is not None and tally.schedules % 100 == 0:
                                progress(tally.result(len(drawn)))
                parts = [part for part in parts if not part.chooser.is_exhausted]
    finally:
        if progress is not None:
            progress(tally.result(len(drawn)))
    return tally.result(len(drawn))


def _schedules(
    made: Session,
    part: _Part,
    tally: _Tally,
    share: int,
    until: float | None,
    step_limit: int,
    seed: int,
    enough: int,
) -> Iterator[None]:
    """Run the schedules of one scenario, one at each turn."""
    scenario, chooser = part.scenario, part.chooser
    runner = Runner(made, scenario, step_limit=step_limit)
    for _ in range(share):
        if not chooser.begin():
            break
        run = runner.run(chooser.choose)
        chooser.end()
        tally.count(run, part)
        if run.violation is not None:
            if run.violation.kind == "step limit":
                tally.unfinished += 1
                tally.suspect = tally.suspect or _write_down(made, scenario, run, step_limit, seed, chooser.name)
            else:
                tally.violations.append(_write_down(made, scenario, run, step_limit, seed, chooser.name))
                if len(tally.violations) >= enough:
                    return
        yield
        if tally.is_over(until):
            break
    if chooser.is_exhausted:
        tally.exhausted += 1


def _write_down(made: Session, scenario: Scenario, run: Run, step_limit: int, seed: int, strategy: str) -> Failure:
    """Make a failure small, and run it once more for its trace."""

    def make(candidate: Scenario) -> Runner:
        return Runner(made, candidate, step_limit=step_limit)

    scenario, run = minimize(make, scenario, run)
    follow = Follow(run.decisions)
    follow.begin()
    traced = make(scenario).run(follow.choose, traced=True)
    if traced.violation is None or run.violation is None or traced.violation.kind != run.violation.kind:
        raise RuntimeError("the code under test does not do the same again with the same schedule")
    return Failure(scenario, traced.violation, traced.decisions, traced.points, traced.trace, seed, strategy)
