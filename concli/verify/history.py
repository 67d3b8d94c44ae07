"""What the calls of one schedule were and what came of them, by logical time."""

from collections.abc import Sequence
from typing import Any, NamedTuple

__all__ = ["INTERRUPTED", "NEVER", "PENDING", "Call", "Raised", "describe"]

NEVER = 1 << 60  # later than any return


class _Mark:
    """A result that no call can return."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name


PENDING = _Mark("never returned")
INTERRUPTED = _Mark("interrupted")


class Raised(NamedTuple):
    """The result of a call that raised an exception of this type (its ``__name__``)."""

    error: str

    def __repr__(self) -> str:
        return f"raised {self.error}"


class Call(NamedTuple):
    """One call: by which thread, when it began and returned, and its result.

    ``result`` is what the call returned, ``Raised(…)``, ``INTERRUPTED`` (it may or may not have taken
    effect) or ``PENDING``; one that is pending returned ``NEVER``.
    """

    thread: int
    name: str
    args: tuple[Any, ...]
    called: int = 0
    returned: int = NEVER
    result: Any = PENDING

    def __str__(self) -> str:
        return f"{self.name}({', '.join(map(repr, self.args))})"


def describe(calls: Sequence[Call]) -> str:
    """Return the calls, a line each, in the order in which they began.

    >>> print(describe([Call(1, "put", ("a",), 0, 1, None), Call(2, "get", (), 2)]))
    T1  0-1    put('a')  None
    T2  2-     get()  never returned
    """
    lines = []
    for call in sorted(calls, key=lambda call: call.called):
        span = f"{call.called}-{'' if call.returned == NEVER else call.returned}"
        lines.append(f"T{call.thread}  {span:<6} {call}  {call.result!r}")
    return "\n".join(lines)
