"""One schedule of a scenario, from the making of the object to the verdict."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from concli.verify._options import Choose
from concli.verify._primitives import Interrupt
from concli.verify._scheduler import Scheduler
from concli.verify._session import Session
from concli.verify._strand import StepLimit, Strand, Stuck
from concli.verify._threads import Thread, Uncaught
from concli.verify.history import INTERRUPTED, NEVER, PENDING, Call, Raised
from concli.verify.scenario import Op, Scenario
from concli.verify.trace import Step
from concli.verify.verdict import Judge, Violation, in_short

__all__ = ["Run", "Runner"]


class Run(NamedTuple):
    """What became of one schedule. ``trace`` and ``points`` are there if they were asked for."""

    violation: Violation | None
    decisions: tuple[int, ...]
    steps: int
    preemptions: int
    calls: tuple[Call, ...]
    trace: tuple[Step, ...] = ()
    points: tuple[str, ...] = ()


class _Log:
    """The calls of one schedule while it goes on."""

    def __init__(self) -> None:
        self.ticks = 0
        self.entries: list[list[Any]] = []  # the fields of each `Call`
        self.errors: dict[int, Exception] = {}  # what calls raised, by their place among the entries

    def calls(self) -> tuple[Call, ...]:
        return tuple([Call._make(entry) for entry in self.entries])


class Runner:
    """Runs schedules of one scenario."""

    def __init__(self, session: Session, scenario: Scenario, *, step_limit: int = 20_000) -> None:
        self.scenario = scenario
        self._session = session
        self._step_limit = step_limit
        spec = scenario.spec
        self._judge = Judge(None if spec.model is None else spec.model(**scenario.config), spec.raises)
        self._names = [f"T{number}" for number in range(1, len(scenario.threads) + 1)]

    def run(self, choose: Choose, *, traced: bool = False) -> Run:
        """Run one schedule; ``choose`` decides. What ``choose`` or the making of the object raises is raised."""
        scenario, session = self.scenario, self._session
        scheduler = Scheduler(
            choose,
            Strand("main", session.baton),
            limit=self._step_limit,
            interrupts=scenario.interrupts,
            spurious=scenario.spurious,
            traced=traced,
        )
        log = _Log()
        with session.schedule(scheduler), _fresh(scenario):
            violation = self._play(scheduler, log)
        return Run(
            violation,
            tuple(scheduler.decisions),
            scheduler.steps,
            scheduler.preemptions,
            log.calls(),
            tuple(scheduler.trace or ()),
            tuple(scheduler.points),
        )

    def _play(self, scheduler: Scheduler, log: _Log) -> Violation | None:
        spec = self.scenario.spec
        main = scheduler.main
        main.scheduler = scheduler
        main.thread = Thread(scheduler, None, name="main")
        main.thread.strand = main
        own: list[Strand] = []
        try:
            instance = spec.make(**self.scenario.config)
            self._program(scheduler, 0, self.scenario.setup, instance, log)()
            for number, (name, ops) in enumerate(zip(self._names, self.scenario.threads, strict=True), 1):
                body = self._program(scheduler, number, ops, instance, log)
                strand = self._session.crew.man(name, body, is_scenario=True)
                strand.thread = Thread(scheduler, None, name=name)
                strand.thread.strand = strand
                scheduler.begin(strand)
                own.append(strand)
            scheduler.wait_until_quiet()
            blocked = [strand for strand in own if not strand.is_over]
            violation = self._judge.judge(log.calls(), log.errors, blocked)
            if violation is None and spec.invariant is not None:
                violation = _check(spec.invariant, instance)
            if violation is None:
                violation = self._finish(scheduler, instance, own)
            else:
                self._end_all_the_same(scheduler, instance, own)
        except Stuck as stuck:
            return Violation("deadlock", str(stuck))
        except StepLimit as limit:
            return Violation("step limit", f"{limit}: perhaps a livelock; nothing is known of what would come")
        except Uncaught as uncaught:
            return Violation("exception", f"in a thread of the object: {in_short(uncaught.error)}")
        return violation

    def _end_all_the_same(self, scheduler: Scheduler, instance: Any, own: list[Strand]) -> None:
        """After a violation: threads of the object end best by the way that is meant for it. The trace ends before."""
        trace = scheduler.trace or []
        length = len(trace)
        with suppress(StepLimit, Uncaught, Stuck):
            self._finish(scheduler, instance, own)
        del trace[length:]

    def _finish(self, scheduler: Scheduler, instance: Any, own: list[Strand]) -> Violation | None:
        finish = self.scenario.spec.finish
        if finish is not None:
            scheduler.interrupts = scheduler.spurious = 0
            try:
                finish(instance)
            except Exception as error:
                if error is scheduler.crash:
                    raise
                return Violation("exception", f"at the end: {in_short(error)}")
            scheduler.wait_until_quiet()
        left = [strand.name for strand in scheduler.live if strand is not scheduler.main and strand not in own]
        return Violation("thread left behind", f"has not ended: {', '.join(left)}") if left else None

    def _program(
        self,
        scheduler: Scheduler,
        thread: int,
        ops: tuple[Op, ...],
        instance: Any,
        log: _Log,
    ) -> Callable[[], None]:
        actions = self.scenario.spec.actions

        def body() -> None:
            for name, args in ops:
                named = None if scheduler.trace is None else _Named(f"{name}({', '.join(map(repr, args))})")
                scheduler.point("call", named)
                scheduler.called_at = scheduler.steps
                entry = [thread, name, args, log.ticks, NEVER, PENDING]
                number = len(log.entries)
                log.entries.append(entry)
                log.ticks += 1
                try:
                    action = actions.get(name)
                    entry[5] = getattr(instance, name)(*args) if action is None else action(instance, *args)
                except Interrupt:
                    entry[5] = INTERRUPTED
                except Exception as error:
                    if error is scheduler.crash:
                        raise
                    log.errors[number] = error
                    entry[5] = Raised(type(error).__name__)
                entry[4] = log.ticks
                log.ticks += 1
                if scheduler.trace is not None:
                    scheduler.trace.append(Step(scheduler.current.name, f"{name} -> {entry[5]!r}", ""))

        return body


class _Named(NamedTuple):
    name: str


def _check(invariant: Callable[[Any], object], instance: Any) -> Violation | None:
    try:
        holds = invariant(instance)
    except Exception as error:  # noqa: BLE001 - it is the verdict
        return Violation("invariant", in_short(error))
    return Violation("invariant", "it does not hold when everything stands still") if holds is False else None


@contextmanager
def _fresh(scenario: Scenario) -> Iterator[None]:
    """Have module globals of the patterns made anew for one schedule."""
    if not scenario.spec.fresh:
        yield
        return
    before = [(module, name, getattr(module, name)) for module, name, _ in scenario.spec.fresh]
    try:
        for module, name, make in scenario.spec.fresh:
            setattr(module, name, make())
        yield
    finally:
        for module, name, value in before:
            setattr(module, name, value)
