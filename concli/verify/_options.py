"""What can come next at a switch point: numbers, ``4 * strand + how``."""

from collections.abc import Sequence
from typing import Protocol

from concli.verify._strand import Strand

__all__ = ["INTERRUPT", "REASONS", "RUN", "SPURIOUS", "TIMEOUT", "Choose", "add_faults", "others"]

RUN, TIMEOUT, INTERRUPT, SPURIOUS = range(4)
REASONS = ("", "timeout fires", "interrupt", "spurious wakeup")


class Choose(Protocol):
    """Says which of the options comes next; the first ``ready`` of them go on as they are, the rest are faults.

    An option is ``4 * strand + how``. With ``can_stay`` the first is the thread that runs now.
    """

    def __call__(self, options: list[int], ready: int, can_stay: bool) -> int: ...


def others(live: Sequence[Strand], me: Strand) -> list[int]:
    """Return the strands, without ``me``, that can go on."""
    options = []
    for strand in live:
        if strand is not me:
            awaited = strand.awaited
            if awaited is None or awaited.owner is None:
                options.append(strand.code)
    return options


def add_faults(live: Sequence[Strand], options: list[int], *, interrupts: bool, spurious: bool) -> None:
    """Add what may end the waits of strands, ``me`` included, before what they wait for comes."""
    for strand in live:
        if strand.awaited is not None:
            if strand.deadline is not None:
                options.append(strand.code + TIMEOUT)
            if interrupts and strand.is_scenario:
                options.append(strand.code + INTERRUPT)
            if spurious and strand.is_condition:
                options.append(strand.code + SPURIOUS)
