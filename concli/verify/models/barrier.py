"""What a barrier is: calls that return together, each with its own number, or all fail."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from concli.patterns.barrier import Barrier, BrokenBarrierError
from concli.verify.history import INTERRUPTED, Call, Raised
from concli.verify.scenario import Operation, Spec

__all__ = ["BARRIER", "ActionFailedError", "BarrierModel", "BarrierState", "make_barrier"]

_BROKEN, _FAILED = Raised("BrokenBarrierError"), Raised("ActionFailedError")
_FAILS_AT = 2  # the round whose action fails


class ActionFailedError(Exception):
    """Raised by the action of a barrier, in its second round."""


class BarrierState(NamedTuple):
    """Who waits in this round, in the order of arrival; what those of earlier rounds are still to get."""

    waiting: tuple[int, ...] = ()
    is_broken: bool = False
    rounds: int = 0  # as far as it matters: up to the one whose action fails
    outcomes: tuple[tuple[int, Any], ...] = ()  # thread and result, sorted

    def broken(self, *, is_broken: bool = True, but: int = 0) -> "BarrierState":
        """Return the state with all that wait told so, ``but`` one."""
        told = [(thread, _BROKEN) for thread in self.waiting if thread != but]
        return self._replace(waiting=(), is_broken=is_broken, outcomes=_in_order(*self.outcomes, *told))


class BarrierModel:
    """The calls ``wait``, ``abort``, ``reset`` and ``look``; a wait arrives, later its round is complete or broken."""

    initial = BarrierState()

    def __init__(self, parties: int, *, fails: bool = False, timeout: float | None = None) -> None:
        self._parties = parties
        self._fails_at = _FAILS_AT if fails else 0
        self._timeout = timeout

    def arrive(self, state: BarrierState, call: Call) -> BarrierState | None:
        """Return the state after a thread has come to wait."""
        if call.name != "wait" or state.is_broken:
            return None
        waiting = (*state.waiting, call.thread)
        if len(waiting) < self._parties:
            return state._replace(waiting=waiting)
        rounds = min(state.rounds + 1, _FAILS_AT + 1)
        if rounds == self._fails_at:
            failed = state._replace(waiting=waiting, rounds=rounds).broken(but=call.thread)
            return failed._replace(outcomes=_in_order(*failed.outcomes, (call.thread, _FAILED)))
        told = [(thread, index) for index, thread in enumerate(waiting)]
        return BarrierState((), False, rounds, _in_order(*state.outcomes, *told))

    def apply(self, state: BarrierState, call: Call) -> Iterator[tuple[Any, BarrierState]]:
        """Yield what the call may return, and what it changes."""
        if call.name == "abort":
            yield None, state.broken()
        elif call.name == "reset":
            yield None, state.broken(is_broken=False)
        elif call.name == "look":
            yield (len(state.waiting), state.is_broken), state
        elif call.thread in state.waiting:
            if self._timeout is not None or call.args:
                yield _BROKEN, state.broken(but=call.thread)
            elif call.result is INTERRUPTED:
                yield INTERRUPTED, state.broken(but=call.thread)
        else:
            own = next((one for one in state.outcomes if one[0] == call.thread), None)
            if own is not None:
                yield own[1], state._replace(outcomes=tuple(one for one in state.outcomes if one != own))
            elif state.is_broken:
                yield _BROKEN, state


def _in_order(*outcomes: tuple[int, Any]) -> tuple[tuple[int, Any], ...]:
    return tuple(sorted(outcomes, key=lambda one: one[0]))


def make_barrier(
    parties: int, *, fails: bool = False, timeout: float | None = None, kind: type[Barrier] = Barrier
) -> Barrier:
    """Return a barrier; if it ``fails``, the action of the second round raises."""
    rounds = 0

    def act() -> None:
        nonlocal rounds
        rounds += 1
        assert barrier.n_waiting == parties - 1  # noqa: S101 - all are there, and none of the next round
        if fails and rounds == _FAILS_AT:
            raise ActionFailedError

    barrier = kind(parties, act, timeout)
    return barrier


def _look(barrier: Barrier) -> tuple[int, bool]:
    now = barrier.statistics()
    return now.waiting, now.is_broken


def _adds_up(barrier: Barrier) -> bool:
    now = barrier.statistics()
    assert now.waiting < now.parties, now  # noqa: S101 - that is what it is for
    assert not (now.is_broken and now.waiting), now  # noqa: S101 - that is what it is for
    assert 0 <= now.mean_skew_s <= now.max_skew_s, now  # noqa: S101 - that is what it is for
    return (barrier.n_waiting, barrier.broken) == (now.waiting, now.is_broken) and now.waited_s >= 0


BARRIER = Spec(
    "Barrier",
    make_barrier,
    BarrierModel,
    operations=[
        Operation("wait", weight=10),
        Operation("wait", lambda _random, _serial: (1.0,), 3),
        Operation("look"),
        Operation("reset"),
        Operation("abort"),
    ],
    configs=[{"parties": 2}, {"parties": 3}, {"parties": 2, "fails": True}, {"parties": 2, "timeout": 1.0}],
    actions={"look": _look},
    raises=(BrokenBarrierError, ActionFailedError),
    invariant=_adds_up,
    watched=(Barrier,),
    interrupts=1,
)
