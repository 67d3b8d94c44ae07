"""A thread as the scheduler sees it, and the parked threads of the system that bodies are run in."""

import sys
import threading
from collections.abc import Callable
from contextvars import Context
from typing import TYPE_CHECKING, Any, Protocol

from concli.verify._baton import Baton

if TYPE_CHECKING:
    from concli.verify._scheduler import Scheduler

_PATIENCE_S = 5.0  # a thread that has nothing more to do ends sooner, unless something else holds it

__all__ = ["Abort", "Crew", "Owned", "StepLimit", "Strand", "Stuck"]


class StepLimit(Exception):  # noqa: N818 - not an error, a limit that has been reached
    """There were more steps than allowed: perhaps a livelock."""


class Stuck(Exception):  # noqa: N818 - it becomes a verdict
    """What makes or ends the object waits for ever."""


class Abort(BaseException):
    """Ends a strand whose schedule is over; no code under test should stop it."""


class Owned(Protocol):
    """Something that can be waited for: until it has no owner."""

    owner: Any


class Strand:
    """One thread of one schedule."""

    __slots__ = (
        "awaited",
        "baton",
        "code",
        "deadline",
        "ident",
        "is_condition",
        "is_lost",
        "is_over",
        "is_scenario",
        "is_told",
        "name",
        "number",
        "owner",
        "reason",
        "scheduler",
        "storage",
        "thread",
        "wakes",
    )

    def __init__(self, name: str, baton: Baton, *, is_scenario: bool = False) -> None:
        self.name = name
        self.baton = baton
        self.is_scenario = is_scenario
        self.number = self.code = 0
        self.owner: Strand | None = self  # until it has ended; what `join` waits for
        self.awaited: Owned | None = None
        self.deadline: float | None = None
        self.is_condition = False  # it waits in a condition, which may wake it for no reason
        self.reason = 0
        self.is_over = False
        self.is_lost = False  # its thread can't be used again
        self.is_told = False  # that it is to unwind
        self.ident = 0  # of the thread of the system
        self.wakes = 0  # primitives it came to since
        self.storage: dict[int, Any] = {}  # what `local` objects keep for it
        self.thread: Any = None
        self.scheduler: Scheduler | None = None


class _Member:
    """A thread of the system, parked when it has nothing to run."""

    def __init__(self) -> None:
        self.baton = Baton()
        self.strand: Strand | None = None
        self.body: Callable[[], None] | None = None
        self.tracer: Any = None
        self.is_dismissed = False
        self.thread = threading.Thread(target=self._live, name="concli-verify", daemon=True)
        self.thread.start()

    def _live(self) -> None:
        while not self.is_dismissed:
            self.baton.take()
            body, strand = self.body, self.strand
            scheduler = None if strand is None else strand.scheduler
            if body is None or strand is None or scheduler is None:
                return
            self.body = self.strand = None
            try:
                if self.tracer is not None:
                    sys.settrace(self.tracer)
                if scheduler.is_aborting:
                    continue
                Context().run(body)  # a new thread begins with no context variables
            except Abort:
                pass
            finally:
                if self.tracer is not None:
                    sys.settrace(None)
                body = None  # what that lets go, it lets go in its own turn
                scheduler.finish(strand)
                del strand, scheduler


class Crew:
    """Threads that are used again for every schedule; none twice in the same one."""

    def __init__(self, enlist: Callable[[int], object]) -> None:
        self._members: list[_Member] = []
        self._strands: list[Strand] = []  # of the schedule at hand
        self._next = 0
        self._enlist = enlist
        self.tracer: Any = None

    def new_schedule(self) -> None:
        """All threads have ended their part and are free again, but for those that would not."""
        self._next = 0
        if any(strand.is_lost for strand in self._strands):
            lost = {strand.baton for strand in self._strands if strand.is_lost}
            self._members = [member for member in self._members if member.baton not in lost]
        self._strands.clear()

    def man(self, name: str, body: Callable[[], None], *, is_scenario: bool = False) -> Strand:
        """Return a strand that will run ``body`` when it first gets the baton."""
        if self._next == len(self._members):
            member = _Member()
            self._members.append(member)
            self._enlist(member.thread.ident or 0)
        member = self._members[self._next]
        self._next += 1
        member.tracer = self.tracer
        member.body = body
        member.strand = Strand(name, member.baton, is_scenario=is_scenario)
        member.strand.ident = member.thread.ident or 0
        self._strands.append(member.strand)
        return member.strand

    def dismiss(self) -> None:
        """Let all threads end, and wait for them: also those that an interrupt has left in the midst of a schedule."""
        for strand in self._strands:
            if strand.scheduler is not None:
                strand.scheduler.is_aborting = True
        self.new_schedule()
        for member in self._members:
            member.is_dismissed = True
            member.body = member.strand = None
            member.baton.give()
        for member in self._members:
            member.thread.join(_PATIENCE_S)
            if not member.thread.is_alive():
                member.baton.close()
        self._members.clear()
