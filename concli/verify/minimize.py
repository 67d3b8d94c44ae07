"""A failure made as small as it can be had cheaply: fewer calls first, then fewer preemptions, then fewer decisions."""

from collections.abc import Callable, Iterator

from concli.verify.run import Run, Runner
from concli.verify.scenario import Scenario
from concli.verify.strategy import Dfs, Follow, Random, Strategy

__all__ = ["minimize"]

_TRIES = 300  # schedules, for each smaller scenario
_SEARCH = 3000  # schedules, for fewer preemptions
_SETTLE = 500  # schedules, to straighten the decisions


def minimize(make: Callable[[Scenario], Runner], scenario: Scenario, found: Run) -> tuple[Scenario, Run]:
    """Return a scenario and a run of it with the same kind of violation. The same input gives the same result."""
    if found.violation is None:
        raise ValueError("there is no violation in this run")
    kind = found.violation.kind
    if kind == "step limit":
        return scenario, found  # each try would take as long
    is_smaller = True
    while is_smaller:
        is_smaller = False
        for candidate in _smaller(scenario):
            hit = _search(make(candidate), kind)
            if hit is not None:
                scenario, found, is_smaller = candidate, hit, True
                break
    runner = make(scenario)
    if found.preemptions:
        found = _first(runner, Dfs(min(found.preemptions - 1, 3)), kind, _SEARCH) or found
    return scenario, _straighten(runner, found, kind)


def _smaller(scenario: Scenario) -> Iterator[Scenario]:
    threads = scenario.threads
    if len(threads) > 1:
        for i in range(len(threads)):
            yield scenario._replace(threads=threads[:i] + threads[i + 1 :])
    for i, ops in enumerate(threads):
        for j in range(len(ops)):
            if len(ops) > 1:
                yield scenario._replace(threads=(*threads[:i], ops[:j] + ops[j + 1 :], *threads[i + 1 :]))
    for i in range(len(scenario.setup)):
        yield scenario._replace(setup=scenario.setup[:i] + scenario.setup[i + 1 :])
    if scenario.interrupts:
        yield scenario._replace(interrupts=scenario.interrupts - 1)
    if scenario.spurious:
        yield scenario._replace(spurious=scenario.spurious - 1)


def _search(runner: Runner, kind: str) -> Run | None:
    return _first(runner, Dfs(1), kind, _TRIES // 2) or _first(runner, Random(0), kind, _TRIES // 2)


def _first(runner: Runner, strategy: Strategy, kind: str, schedules: int) -> Run | None:
    for _ in range(schedules):
        if not strategy.begin():
            return None
        run = runner.run(strategy.choose)
        strategy.end()
        if run.violation is not None and run.violation.kind == kind:
            return run
    return None


def _straighten(runner: Runner, found: Run, kind: str) -> Run:
    """Replace decisions by 0, the last first, as long as it helps."""
    left = _SETTLE
    is_better = True
    while is_better and left > 0:
        is_better = False
        decisions = found.decisions
        for i in reversed(range(len(decisions))):
            if not decisions[i]:
                continue
            left -= 1
            if left < 0:
                break
            hit = _first(runner, Follow((*decisions[:i], 0, *decisions[i + 1 :])), kind, 1)
            if hit is not None and _cost(hit) < _cost(found):
                found, is_better = hit, True
                break
    return found


def _cost(run: Run) -> tuple[int, int, int]:
    return run.preemptions, sum(map(bool, run.decisions)), len(run.decisions)
