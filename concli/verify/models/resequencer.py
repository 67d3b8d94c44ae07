"""What a resequencer is: numbered items in any order in, in the order of their numbers out.

Nothing that is interrupted has taken effect.
"""

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any, NamedTuple

from concli.patterns.bounded_buffer import ShutDown
from concli.patterns.resequencer import Resequencer
from concli.verify.history import INTERRUPTED, Call, Raised
from concli.verify.scenario import Op, Spec

__all__ = ["RESEQUENCER", "ResequencerModel", "SequenceState", "make_resequencer"]


class SequenceState(NamedTuple):
    """The numbers inside, the one whose turn is next, and whether all has ended."""

    held: frozenset[int] = frozenset()
    next: int = 0
    is_shutdown: bool = False


class ResequencerModel:
    """``put(number)``, ``get()``, ``shutdown(immediate)`` and ``drain()``."""

    initial = SequenceState()

    def __init__(self, maxsize: int, is_sized: bool = False) -> None:
        self._maxsize = maxsize
        self._size = _size if is_sized else _one

    def apply(self, state: SequenceState, call: Call) -> Iterator[tuple[Any, SequenceState]]:
        """Yield what the call may return, and what is then inside."""
        return iter(()) if call.result is INTERRUPTED else self._apply(state, call)

    def _apply(self, state: SequenceState, call: Call) -> Iterator[tuple[Any, SequenceState]]:
        held, turn, is_shutdown = state
        match call.name, call.args:
            case "put", (number,):
                if is_shutdown:
                    yield Raised("ShutDown"), state
                elif number < turn or number in held:
                    yield Raised("ValueError"), state
                elif number == turn or sum(map(self._size, (number, *held))) <= self._maxsize:
                    yield None, state._replace(held=held | {number})
            case "get", _ if turn in held:
                yield turn, SequenceState(held - {turn}, turn + 1, is_shutdown)
            case "get", _ if is_shutdown:
                yield Raised("ShutDown"), state
            case "drain", _:
                yield tuple(sorted(held)), SequenceState(frozenset(), turn, True)
            case "shutdown", immediate:
                yield None, SequenceState(frozenset() if immediate else held, turn, True)


def _one(_number: int) -> int:
    return 1


def _size(number: int) -> int:
    return 1 + number % 2


def make_resequencer(
    maxsize: int, is_sized: bool = False, *, kind: type[Resequencer[int]] = Resequencer
) -> Resequencer[int]:
    """Return a resequencer of plain numbers, the odd ones larger if it ``is_sized``."""
    return kind(maxsize, number=int, sizer=_size if is_sized else None)


def _program(random: Random, _thread: int, operations: int, _serial: Callable[[], int]) -> Sequence[Op]:
    """Put numbers in any order, some twice, and get about as often."""
    made = []
    for _ in range(operations):
        draw = random.random()
        if draw < 0.45:
            made.append(Op("put", (random.randrange(4),)))
        elif draw < 0.9:
            made.append(Op("get"))
        else:
            made.append(random.choice((Op("shutdown"), Op("shutdown", (True,)), Op("drain"))))
    return made


def _nobody_waits_in_vain(resequencer: Resequencer[int]) -> None:
    # ruff: noqa: S101 - what an invariant is made of
    # ruff: noqa: SLF001 - what it is about
    statistics = resequencer.statistics()
    assert statistics.puts >= statistics.gets + statistics.depth, statistics
    assert statistics.size == sum(size for _, size in resequencer._held.values()), statistics
    lines = resequencer._getters, resequencer._putters
    assert all(set(line._began) == set(line) for line in lines), "a wait is timed that has ended"
    assert not (resequencer.is_shutdown and (lines[0] or lines[1])), "somebody waits although all has ended"
    assert not (resequencer._next in resequencer._held and lines[0]), "somebody waits for what is there"


RESEQUENCER = Spec(
    "Resequencer",
    make_resequencer,
    ResequencerModel,
    configs=[{"maxsize": 1}, {"maxsize": 2}, {"maxsize": 2, "is_sized": True}],
    actions={"drain": lambda resequencer: tuple(resequencer.drain())},
    raises=(ShutDown, ValueError),
    invariant=_nobody_waits_in_vain,
    finish=Resequencer.shutdown,
    program=_program,
    watched=(Resequencer,),
    interrupts=1,
)
