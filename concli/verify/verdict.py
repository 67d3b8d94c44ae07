"""What the calls of a schedule, and the threads that still wait at its end, say of the code."""

import os
import traceback
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from concli.verify._strand import Strand
from concli.verify.history import Call, describe
from concli.verify.linearizability import Judgement, Model, linearize

__all__ = ["KINDS", "Judge", "Violation", "in_short"]

KINDS = (
    "not linearizable",
    "deadlock",
    "lost wakeup",
    "exception",
    "invariant",
    "thread left behind",
    "step limit",
)


_RUN = os.path.join(os.path.dirname(__file__), "run.py")  # from where the calls are made


class Violation(NamedTuple):
    """What is wrong, one of ``KINDS``, and the reason in words."""

    kind: str
    explanation: str


class Judge:
    """Judges histories; one that it has judged before it doesn't judge again."""

    def __init__(self, model: Model | None, raises: tuple[type[Exception], ...]) -> None:
        self._model = model
        self._raises = raises
        self._verdicts: dict[tuple[Call, ...], Violation | None] = {}

    def judge(
        self, calls: tuple[Call, ...], errors: Mapping[int, Exception], blocked: Sequence[Strand]
    ) -> Violation | None:
        """Return what is wrong. ``errors`` are the exceptions of calls, ``blocked`` the threads that wait for ever."""
        for i, error in errors.items():
            if not isinstance(error, self._raises):
                return Violation("exception", f"T{calls[i].thread} {calls[i]} raised {in_short(error)}")
        if self._model is None:
            return _hang(calls, blocked) if blocked else None
        try:
            return self._verdicts[calls]
        except KeyError:
            verdict = self._verdicts[calls] = self._search(self._model, calls, blocked)
            return verdict
        except TypeError:  # an argument or a result that can't be hashed
            return self._search(self._model, calls, blocked)

    def _search(self, model: Model, calls: tuple[Call, ...], blocked: Sequence[Strand]) -> Violation | None:
        judgement = linearize(model, calls, at_rest=bool(blocked))
        if judgement.is_linearizable:
            return None
        if blocked:
            if _is_stuck_at_a_lock(blocked):
                return _hang(calls, blocked)
            if linearize(model, calls).is_linearizable:
                return Violation("lost wakeup", f"a call that could proceed waits for ever:\n{describe(calls)}")
        return Violation("not linearizable", _explain(judgement, calls))


def in_short(error: BaseException) -> str:
    """Return an exception and where it came from, in a line that is the same on every machine."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != _RUN]
    places = [f"{frame.filename.replace(chr(92), '/').rpartition('/')[2]}:{frame.lineno}" for frame in frames[-3:]]
    what = "".join(traceback.format_exception_only(error)).strip()
    return f"{what} ({' > '.join(places)})" if places else what


def _hang(calls: Sequence[Call], blocked: Sequence[Strand]) -> Violation:
    names = ", ".join(strand.name for strand in blocked)
    return Violation("deadlock", f"{names} can't go on:\n{describe(calls)}")


def _is_stuck_at_a_lock(blocked: Sequence[Strand]) -> bool:
    """Tell whether one waits for what another holds that has ended or waits itself."""
    for strand in blocked:
        owner: Any = strand.awaited.owner if strand.awaited is not None else None
        if isinstance(owner, Strand) and owner is not strand and (owner.is_over or owner.awaited is not None):
            return True
    return False


def _explain(judgement: Judgement, calls: Sequence[Call]) -> str:
    order = ", ".join(f"T{call.thread} {call} = {call.result!r}" for call in judgement.order) or "nothing"
    return (
        f"no order of the calls explains\n{describe(calls)}\nthe longest that does: {order}; then {judgement.state!r}"
    )
