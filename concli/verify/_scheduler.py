"""The controlled scheduler: real threads of which one runs at a time, passing a baton.

A thread that comes to a switch point asks the strategy who goes on, and if that is another hands it the
baton itself; there is no thread in the middle. Every wait is for a thing to have no ``owner``: a lock
that is free, a thread that has ended.
"""

import threading

from concli.verify._names import place
from concli.verify._options import INTERRUPT, REASONS, RUN, TIMEOUT, Choose, add_faults, others
from concli.verify._strand import Abort, Owned, StepLimit, Strand, Stuck
from concli.verify.trace import Step

_PATIENCE_S = 10.0  # no thread runs that long between two switch points, unless it waits for what isn't scheduled
_GRACE_S = 0.2
_LENIENCE = 100  # so many times a thread that is being unwound gets what it waits for
_OUTSIDE = "it waits outside the scheduler; have its locks and threads come from concli.patterns.sync"

__all__ = ["Scheduler"]


class Scheduler:
    """One schedule. The thread that makes it is strand 0, which sets up, waits for the others, and judges."""

    def __init__(
        self, choose: Choose, main: Strand, *, limit: int, interrupts: int = 0, spurious: int = 0, traced: bool = False
    ) -> None:
        self.choose = choose
        self.main = self.current = main
        self.strands = [main]
        self.live = [main]
        self.limit = limit
        self.interrupts = interrupts
        self.spurious = spurious
        self.steps = 0
        self.called_at = -1  # the step at which a call of the scenario began: see `Lock.acquire`
        self.timed = 0  # strands that wait with a deadline
        self.now = 1000.0
        self.decisions: list[int] = []
        self.preemptions = 0
        self.trace: list[Step] | None = [] if traced else None
        self.points: list[str] = []  # with a trace: what each decision was about
        self.crash: BaseException | None = None  # what ended the whole schedule
        self.is_aborting = False

    def point(self, label: str, what: object = None) -> None:
        """Let the strategy have another strand go on here."""
        me = self.current
        if self.is_aborting:
            self._unwind_one(me, must_raise=False)
            return
        self.steps += 1
        if self.trace is not None:
            self.note(me, label, what)
        options = [me.code]
        for strand in self.live:
            if strand is not me:
                awaited = strand.awaited
                if awaited is None or awaited.owner is None:
                    options.append(strand.code)
        ready = len(options)
        if self.timed or self.interrupts or self.spurious:
            add_faults(self.live, options, interrupts=self.interrupts > 0, spurious=self.spurious > 0)
        if self.steps > self.limit:
            self._overrun()
        if len(options) > 1:
            choice = self._decide(options, ready, can_stay=True)
            if choice:
                self.preemptions += 1
                self._hand_over(me, options[choice])

    def wait(self, awaited: Owned, timeout: float, label: str, *, is_condition: bool = False) -> int:
        """Wait until ``awaited`` has no owner, for ``timeout`` seconds or (negative) for ever; return what ended it."""
        me = self.current
        if self.is_aborting:
            self._unwind_one(me, must_raise=me is not self.main and (not me.is_told or me.wakes >= _LENIENCE))
            return RUN
        self.steps += 1
        if self.trace is not None:
            self.note(me, label, awaited)
        me.awaited = awaited
        me.is_condition = is_condition
        if timeout >= 0:
            me.deadline = self.now + timeout
            self.timed += 1
        if self.steps > self.limit:
            self._overrun()
        options = others(self.live, self.current)
        ready = len(options)
        if self.timed or self.interrupts or self.spurious:
            add_faults(self.live, options, interrupts=self.interrupts > 0, spurious=self.spurious > 0)
        if not options:
            self._hand_over(me, self._at_rest())
        else:
            choice = self._decide(options, ready, can_stay=False) if len(options) > 1 else 0
            if choice >= ready > 0:
                self.preemptions += 1  # of a sort: it came although somebody could go on
            self._hand_over(me, options[choice])
        me.awaited = None
        if me.deadline is not None:
            me.deadline = None
            self.timed -= 1
        return me.reason

    def wait_until_quiet(self) -> None:
        """Let the strands go on (only strand 0 calls this) until none can."""
        main = self.main
        self.live.remove(main)
        options = others(self.live, self.current)
        if options:
            choice = self._decide(options, len(options), can_stay=False) if len(options) > 1 else 0
            self._hand_over(main, options[choice])
        if self.crash is not None:
            raise self.crash
        self.live.insert(0, main)

    def begin(self, strand: Strand) -> None:
        """Take in a strand that has been given a thread."""
        strand.number = len(self.strands)
        strand.code = 4 * strand.number
        strand.scheduler = self
        self.strands.append(strand)
        self.live.append(strand)

    def finish(self, me: Strand) -> None:
        """End a strand and let another go on; its thread then parks by itself."""
        me.owner = None
        me.is_over = True
        self.live.remove(me)
        me.storage.clear()
        if self.is_aborting:
            self.main.baton.give()
            return
        if self.trace is not None:
            self.note(me, "ends", None)
        options = others(self.live, self.current)
        ready = len(options)
        if self.timed or self.interrupts or self.spurious:
            add_faults(self.live, options, interrupts=self.interrupts > 0, spurious=self.spurious > 0)
        try:
            choice = self._decide(options, ready, can_stay=False) if len(options) > 1 else 0
            code = options[choice] if options else self._at_rest()
        except Abort:
            self.main.baton.give()
            return
        if choice >= ready > 0:
            self.preemptions += 1
        self._wake(code)

    def _at_rest(self) -> int:
        """Return who goes on when nobody can: strand 0, unless it is stuck as well."""
        if self.main.awaited is not None:
            self.fail(Stuck("what makes or ends the object waits for ever"))
        return self.main.code

    def fail(self, crash: BaseException) -> None:
        """End the schedule here and now. Raises ``Abort``, or in strand 0 the crash itself."""
        self.crash = self.crash or crash
        self.is_aborting = True
        self.current.is_told = True
        if self.current is self.main:
            raise crash
        raise Abort

    def unwind(self) -> None:
        """Have every strand that is left end, one after the other, by an ``Abort`` at the place where it waits."""
        self.is_aborting = True
        main, running = self.main, self.current
        left, stuck = [strand for strand in self.strands if strand is not main and not strand.is_over], []
        if left:
            # After an interrupt of strand 0 another may be running still, and either ends or hands over to one that
            # does; or the interrupt came just before that was given the baton, or just before strand 0 took it.
            main.baton.take_within(0 if running is main or running.is_over else _GRACE_S)
        for strand in left:
            if not strand.is_over:
                self.current = strand
                strand.baton.give()
                if not main.baton.take_within(_PATIENCE_S):
                    stuck.append(strand.name)
        self.current = main
        if stuck:
            raise RuntimeError(f"no end comes of {', '.join(stuck)}: {_OUTSIDE}")

    def _unwind_one(self, me: Strand, *, must_raise: bool) -> None:
        """Raise ``Abort``, if it is time for that; where it is not, a finaliser may have come here."""
        me.wakes += 1
        if must_raise or me.wakes > 10 * _LENIENCE:
            if me is self.main:
                raise RuntimeError("the schedule is over")
            if threading.get_ident() != me.ident:
                return  # a finaliser in a thread that has ended
            me.is_told = True
            if me.wakes > 20 * _LENIENCE:
                # It swallows whatever is thrown: it is left where it is, for ever, at no cost but its memory.
                me.is_lost = True
                self.finish(me)
                _never = threading.Lock()
                _never.acquire()
                _never.acquire()
            raise Abort

    def _overrun(self) -> None:
        self.fail(StepLimit(f"no end after {self.limit} steps"))

    def _decide(self, options: list[int], ready: int, *, can_stay: bool) -> int:
        if self.trace is not None:
            last = self.trace[-1] if self.trace else None
            self.points.append(f"{last.thread if last else 'main'} {last.label if last else 'waits'} /{len(options)}")
        try:
            choice = self.choose(options, ready, can_stay)
        except BaseException as crash:
            self.fail(crash)
            raise
        self.decisions.append(choice)
        return choice

    def _wake(self, code: int) -> Strand:
        strand = self.strands[code >> 2]
        how = strand.reason = code & 3
        if how:
            if how == TIMEOUT:
                self.now = max(self.now, strand.deadline or 0.0)
            elif how == INTERRUPT:
                self.interrupts -= 1
            else:
                self.spurious -= 1
            if self.trace is not None:
                self.trace.append(Step(strand.name, REASONS[how], ""))
        if strand is not self.current:
            self.current = strand
            strand.baton.give()
        return strand

    def _hand_over(self, me: Strand, code: int) -> None:
        if self._wake(code) is me:
            return
        if me is not self.main:
            me.baton.take()
        else:
            steps = -1
            while not me.baton.take_within(_PATIENCE_S):
                if steps == self.steps:
                    raise RuntimeError(f"{self.current.name} has got stuck: {_OUTSIDE}")
                steps = self.steps
        if self.is_aborting:
            if me is self.main and self.crash is not None:
                self.current = me
                raise self.crash
            self._unwind_one(me, must_raise=not me.is_told)

    def note(self, me: Strand, label: str, what: object) -> None:
        """Put a step into the trace; there is one."""
        name = getattr(what, "name", "") or ""
        assert self.trace is not None  # noqa: S101 - for the type checker
        where = "" if label == "call" else place(with_source=label in {"line", "opcode"})
        self.trace.append(Step(me.name, f"{label} {name}".rstrip(), where))
