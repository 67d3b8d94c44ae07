"""Whether a history can be explained by calls that took effect one at a time.

Source: Wing and Gong 1993, "Testing and verifying concurrent objects", with the memory of configurations
that Lowe 2017, "Testing for linearizability", adds: the same calls made and the same state reached
are looked at once.
"""

from collections.abc import Hashable, Iterable, Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

from concli.verify.history import INTERRUPTED, NEVER, Call

__all__ = ["Judgement", "Model", "Partitioned", "Phased", "linearize"]


class Model(Protocol):
    """A sequential specification. States are immutable and hashable."""

    @property
    def initial(self) -> Any:
        """The state of a new object."""
        ...

    def apply(self, state: Any, call: Call) -> Iterable[tuple[Any, Any]]:
        """Yield each (result, next state) that ``call`` may have in ``state``; nothing if it must wait.

        Don't look at ``call.result``. One that gives up after a timeout may do so in any state in
        which it must wait: yield ``Raised("Empty")`` or ``False`` there besides.
        """
        ...


@runtime_checkable
class Phased(Protocol):
    """A model some calls of which take effect twice: when they arrive (and may have to wait), and when they return."""

    def arrive(self, state: Any, call: Call) -> Hashable | None:
        """Return the state after the arrival, or None if this call takes effect but once."""
        ...


@runtime_checkable
class Partitioned(Protocol):
    """A model of an object whose parts don't depend on each other: each part is judged by itself."""

    def partition(self, call: Call) -> Hashable:
        """Return which part the call is about."""
        ...


class Judgement(NamedTuple):
    """``order`` explains the history, or as much of it as could be; ``state`` is what that leads to."""

    is_linearizable: bool
    order: tuple[Call, ...]
    state: Any


class _Path(NamedTuple):
    call: Call
    before: "_Path | None"


_Configuration = tuple[int, Any, int, _Path | None]  # the third: when the last of the calls done began


def linearize(model: Model, calls: Sequence[Call], *, at_rest: bool = False) -> Judgement:
    """Look for an order of the calls that the model allows and in which none goes before one that had returned.

    A pending call has not taken effect (a phased one may have arrived). With ``at_rest`` everything
    stands still: then no pending call may be one that the model lets proceed in the end.
    """
    if isinstance(model, Partitioned):
        parts: dict[Hashable, list[Call]] = {}
        for call in calls:
            parts.setdefault(model.partition(call), []).append(call)
        judgement = Judgement(True, (), model.initial)
        for part in parts.values():
            judgement = _search(model, part, at_rest=at_rest)
            if not judgement.is_linearizable:
                break
        return judgement
    return _search(model, calls, at_rest=at_rest)


def _search(model: Model, given: Sequence[Call], *, at_rest: bool) -> Judgement:
    calls = sorted(given, key=lambda call: call.called)
    must = sum(1 << i for i, call in enumerate(calls) if call.result is not INTERRUPTED and call.returned != NEVER)
    arrive = model.arrive if isinstance(model, Phased) else None
    # A configuration: which calls have taken effect (above those, which have arrived), and the state.
    stack: list[_Configuration] = [(0, model.initial, -1, None)]
    seen: set[tuple[int, Any]] = set()
    best: tuple[int, _Path | None, Any] = (-1, None, model.initial)
    while stack:
        done, state, latest, path = stack.pop()
        if done & must == must and not (at_rest and _somebody_can_proceed(model, calls, done, state)):
            return Judgement(True, _unroll(path), state)
        progress = done.bit_count()
        if progress > best[0]:
            best = (progress, path, state)
        for i in _next(calls, done, must, latest):
            call = calls[i]
            later = max(latest, call.called)
            if arrive is not None and not done >> (len(calls) + i) & 1:
                arrived = arrive(state, call)
                if arrived is not None:
                    _push(stack, seen, (done | 1 << (len(calls) + i), arrived, later, path))
                    continue
            if call.returned != NEVER:
                for result, after in model.apply(state, call):
                    if result == call.result or call.result is INTERRUPTED:
                        _push(stack, seen, (done | 1 << i, after, later, _Path(call, path)))
    return Judgement(False, _unroll(best[1]), best[2])


def _next(calls: list[Call], done: int, must: int, latest: int) -> list[int]:
    """Return which calls may take effect now: those that no call still to come had returned before."""
    left = must & ~done
    bound = min((call.returned for i, call in enumerate(calls) if left >> i & 1), default=NEVER)
    found = []
    for i, call in enumerate(calls):
        if call.called > bound:
            break
        if not done >> i & 1 and call.returned > latest:
            found.append(i)
    return found


def _push(
    stack: list[_Configuration],
    seen: set[tuple[int, Any]],
    configuration: _Configuration,
) -> None:
    key = configuration[:2]
    if key not in seen:
        seen.add(key)
        stack.append(configuration)


def _somebody_can_proceed(model: Model, calls: Sequence[Call], done: int, state: Any) -> bool:
    for i, call in enumerate(calls):
        if call.returned == NEVER and not done >> i & 1:
            if isinstance(model, Phased) and not done >> (len(calls) + i) & 1 and model.arrive(state, call) is not None:
                return True  # it stands still, so it has arrived
            for _ in model.apply(state, call):
                return True
    return False


def _unroll(path: _Path | None) -> tuple[Call, ...]:
    order: list[Call] = []
    while path is not None:
        order.append(path.call)
        path = path.before
    return tuple(reversed(order))
