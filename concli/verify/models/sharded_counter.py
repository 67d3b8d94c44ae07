"""What a sharded counter is: a sum that holds all that had been counted before it was read, and maybe some more."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from concli.patterns import sharded_counter
from concli.patterns.sharded_counter import ShardedCounter
from concli.verify.history import Call
from concli.verify.scenario import Operation, Spec

__all__ = ["SHARDED_COUNTER", "Audited", "ShardedCounterModel"]


class _Sum(NamedTuple):
    total: int = 0
    # For each thread that reads: what it may find, smallest first.
    readings: tuple[tuple[int, tuple[int, ...]], ...] = ()


class ShardedCounterModel:
    """The calls ``increment``, ``count`` (by the thread's shard) and ``value``.

    A sum over shards takes time. What is counted meanwhile is in it or not, each for itself.
    """

    initial = _Sum()

    def arrive(self, state: _Sum, call: Call) -> _Sum | None:
        """Return the state after a thread has begun to read."""
        if call.name != "value":
            return None
        return state._replace(readings=(*state.readings, (call.thread, (state.total,))))

    def apply(self, state: _Sum, call: Call) -> Iterator[tuple[Any, _Sum]]:
        """Yield what the call may return, and the sum after it."""
        if call.name == "value":
            after = state._replace(readings=tuple(one for one in state.readings if one[0] != call.thread))
            for found in dict(state.readings)[call.thread]:
                yield found, after
        else:
            amount = call.args[0] if call.args else 1
            yield (
                None,
                _Sum(
                    state.total + amount,
                    tuple(
                        (thread, tuple(sorted({*found, *(one + amount for one in found)})))
                        for thread, found in state.readings
                    ),
                ),
            )


class Audited(ShardedCounter):
    """A counter, and what it should have come to."""

    expected = 0

    def note(self, amount: int = 1) -> None:
        """Remember what has been counted."""
        self.expected += amount


def _increment(counter: Audited, *amount: int) -> None:
    counter.increment(*amount)
    counter.note(*amount)


def _count(counter: Audited, *amount: int) -> None:
    counter.shard().increment(*amount)
    counter.note(*amount)


def _nothing_is_lost(counter: Audited) -> bool:
    before = counter.statistics()
    assert before == counter.statistics()  # noqa: S101 - that is what it is for
    return before.value == counter.value == counter.expected


SHARDED_COUNTER = Spec(
    "ShardedCounter",
    Audited,
    lambda **_: ShardedCounterModel(),
    operations=[
        Operation("increment", weight=3),
        Operation("increment", lambda random, _serial: (random.choice([-1, 10, 100]),), 3),
        Operation("count", lambda random, _serial: (random.choice([1, 1000]),), 2),
        Operation("value", weight=3),
    ],
    actions={"increment": _increment, "count": _count, "value": lambda counter: counter.value},
    invariant=_nothing_is_lost,
    watched=(ShardedCounter,),
    # So that shards of ended threads are folded in with a few threads as well.
    fresh=((sharded_counter, "_FOLD_AT_LEAST", lambda: 1),),
    granularity="line",
    interrupts=1,
)
