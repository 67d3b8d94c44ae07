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
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether nothing was wrong in what was run to its end, and all was."""
        return not self.violations and not self.unfinished

    def show(self) -> str:
        """Return the result in words, with the trace of each violation."""
        extent = "exhaustive" if self.exhaustive else "not exhaustive"
        first = (
            f"{self.name}: {len(self.violations)} violations in {self.schedules} schedules ({self.distinct} distinct, "
            f"{extent}) of {self.scenarios} scenarios by {self.strategy}, {self.switch_points} switch points"
        )
        lines = [first]
        if self.unfinished:
            lines.append(f"{self.unfinished} schedules were given up at the limit of steps: perhaps a livelock")
        return "\n\n".join([*lines, *(failure.show() for failure in self.violations)])


class _Tally:
    """What is counted while it goes on."""

    def __init__(self) -> None:
        self.scenarios = self.schedules = self.switch_points = self.longest = self.unfinished = self.distinct = 0
        self.seen: set[tuple[int, ...]] = set()
        self.suspect: Failure | None = None
        self.violations: list[Failure] = []
        self.exhausted = 0

    def count(self, run: Run) -> None:
        self.schedules += 1
        self.switch_points += run.steps
        self.longest = max(self.longest, run.steps)
        self.seen.add(run.decisions)


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
    progress: Callable[[int, int], object] | None = None,
) -> Exploration:
    """Explore at most ``schedules`` schedules, for at most ``time_s`` seconds, up to ``violations`` violations.

    ``strategy`` is ``"random"``, ``"pct"`` (or ``"pct 5"``, its depth) or ``"dfs"`` (or ``"dfs 1"``, its bound
    of preemptions; ``"dfs all"`` has none). A spec gets ``scenarios`` scenarios of ``threads`` by ``operations``
    calls, which share the schedules. Each violation is made small, and comes with its trace. ``progress`` is told
    now and then how many schedules of how many have been run.

    While it runs, no other thread of the process may use objects made in it, and there is one exploration at a time.
    """
    source = _Source(seed)  # noqa: S311 - nothing secret
    drawn = (
        [what]
        if isinstance(what, Scenario)
        else [generate(what, source, threads=threads, operations=operations) for _ in range(scenarios)]
    )
    tally = _Tally()
    began = perf_counter()
    until = None if time_s is None else began + time_s
    with session() as made:
        for number, one in enumerate(drawn):
            if tally.schedules >= schedules or (until is not None and perf_counter() >= until):
                break
            share = (schedules - tally.schedules) // (len(drawn) - number)
            chooser = make_strategy(strategy, source.randrange(1 << 32))
            tally.scenarios += 1
            tally.seen = set()
            with watched(made, one.spec.watched, one.granularity):
                for _ in _schedules(made, one, chooser, tally, max(1, share), until, step_limit, seed, violations):
                    if progress is not None and tally.schedules % 100 == 0:
                        progress(tally.schedules, schedules)
            tally.distinct += len(tally.seen)
            if len(tally.violations) >= violations:
                break
    return Exploration(
        what.spec.name if isinstance(what, Scenario) else what.name,
        strategy,
        seed,
        tally.scenarios,
        tally.schedules,
        tally.distinct,
        tally.switch_points,
        tally.longest,
        tally.exhausted == len(drawn) and not tally.unfinished,
        tally.unfinished,
        tuple(tally.violations),
        tally.suspect,
        perf_counter() - began,
    )


def _schedules(
    made: Session,
    scenario: Scenario,
    chooser: Strategy,
    tally: _Tally,
    share: int,
    until: float | None,
    step_limit: int,
    seed: int,
    enough: int,
) -> Iterator[None]:
    """Run the schedules of one scenario, one at each turn."""
    runner = Runner(made, scenario, step_limit=step_limit)
    for _ in range(share):
        if not chooser.begin():
            break
        run = runner.run(chooser.choose)
        chooser.end()
        tally.count(run)
        if run.violation is not None:
            if run.violation.kind == "step limit":
                tally.unfinished += 1
                tally.suspect = tally.suspect or _write_down(made, scenario, run, step_limit, seed, chooser.name)
            else:
                tally.violations.append(_write_down(made, scenario, run, step_limit, seed, chooser.name))
                if len(tally.violations) >= enough:
                    return
        yield
        if until is not None and perf_counter() >= until:
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
