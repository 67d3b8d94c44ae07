"""A group of threads: a stop or a failure ends all, and each failure is raised once.

There is no model, since what happens in the threads of the group is no call. One thread of a scenario stops
the group in the end, so nobody may wait for ever; then what was begun has ended, and all is accounted for.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from random import Random

from concli.patterns import _sync
from concli.patterns.bounded_buffer import BoundedBuffer
from concli.patterns.thread_group import ThreadGroup
from concli.verify.scenario import Op, Spec

__all__ = ["THREAD_GROUP", "Team"]


class _FailureError(Exception):
    """Raised by a member that is to fail."""


class Team:
    """A group, what its members wait at, and who has come and gone."""

    def __init__(self, *, kind: type[ThreadGroup] = ThreadGroup) -> None:
        self.group = kind()
        self.work = BoundedBuffer[int]()
        self.group.on_stop(self.work.shutdown)
        self.began = self.ended = 0
        self.failed: Counter[int] = Counter()
        self.seen: Counter[int] = Counter()
        self.callbacks: list[int] = []
        self.called: list[int] = []

    def spawn(self, what: str, number: int) -> None:
        """Begin a member that fails, waits for the stop, spawns another, or does nothing."""
        self.group.spawn(self._member, what, number)

    def _member(self, what: str, number: int) -> None:
        self.began += 1
        try:
            if what == "fail":
                self.failed[number] += 1
                raise _FailureError(number)
            if what == "wait":
                self.work.get()
            if what == "spawn":
                self.spawn("fail", -number)
        finally:
            self.ended += 1

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for all, and take note of the failures."""
        try:
            return self.group.wait(timeout)
        except ExceptionGroup as group:
            self.seen.update(failure.args[0] for failure in group.exceptions)
            raise

    def on_stop(self, number: int) -> None:
        """Have a callback called that takes its time, in which it can be interrupted."""

        def call() -> None:
            _sync.sleep(1.0)
            self.called.append(number)

        self.group.on_stop(call)
        self.callbacks.append(number)

    def stop(self) -> None:
        """Stop all; if an interrupt keeps that from beginning, once more."""
        try:
            self.group.stop()
        except BaseException:
            if not self.group._is_stopped:
                self.group.stop()
            raise

    def check(self) -> None:
        """Raise if somebody has not ended, a failure is lost or doubled, or a callback."""
        # ruff: noqa: S101 - what an invariant is made of
        # ruff: noqa: SLF001 - what it is about
        assert self.began == self.ended, (self.began, self.ended)
        assert not self.group._alive, self.group._alive
        assert not self.group._idle, "somebody waits for the last to end, and it has"
        kept = Counter(failure.args[0] for failure in self.group._failures)
        assert self.failed == self.seen + kept, (self.failed, self.seen, kept)
        if self.group._is_stopped:
            assert not set(self.callbacks) - set(self.called), (self.callbacks, self.called)
        assert len(set(self.called)) == len(self.called), self.called


def _program(random: Random, thread: int, operations: int, serial: Callable[[], int]) -> Sequence[Op]:
    made = []
    for _ in range(operations - (not thread)):
        match random.choices(("spawn", "wait", "wait_for", "on_stop"), (5, 2, 1, 1))[0]:
            case "spawn":
                what = random.choices(("work", "fail", "wait", "spawn"), (3, 2, 2, 1))[0]
                made.append(Op("spawn", (what, serial())))
            case "on_stop":
                made.append(Op("on_stop", (serial(),)))
            case what:
                made.append(Op("wait", (1.0,) if what == "wait_for" or not thread else ()))
    return made if thread else [*made, Op("stop")]


THREAD_GROUP = Spec(
    "ThreadGroup",
    Team,
    raises=(ExceptionGroup,),
    invariant=Team.check,
    finish=Team.stop,
    program=_program,
    watched=(ThreadGroup,),
    interrupts=1,
)
