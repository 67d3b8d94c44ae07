"""What ``--engine auto`` takes: threads, unless the work holds the GIL and is large enough for processes to pay.

>>> choose(Work(holds_gil=True, seconds=30), workers=4, gil=True, cpus=4).name
'processes'
>>> choose(Work(holds_gil=True, seconds=0.1), workers=4, gil=True, cpus=4).name
'threads'
"""

import sys
from typing import NamedTuple

from concli.metrics.host import usable_cpus

__all__ = ["Choice", "Work", "choose"]

# Until a worker is at work: its interpreter, and the imports of a job that needs numpy.
_START_S = 0.25
# What the parent's own part of a unit costs a second of work, in pickles and copies.
_TOLL = 0.05
_GAIN_S = 0.5  # less is not worth the memory of more processes


class Work(NamedTuple):
    """What is known of the work: whether it ``holds_gil``, and how many seconds one thread would take for it.

    Where only its ``bytes`` are known, ``bytes_per_s`` is what one thread does. None is not known.
    """

    holds_gil: bool
    seconds: float | None = None
    bytes: int | None = None
    bytes_per_s: float = 50e6

    @property
    def expected_s(self) -> float | None:
        """The seconds for one thread, as far as can be told."""
        if self.seconds is not None or self.bytes is None:
            return self.seconds
        return self.bytes / self.bytes_per_s


class Choice(NamedTuple):
    """The name of an engine, and why it is that one."""

    name: str
    reason: str


def choose(work: Work, *, workers: int, gil: bool | None = None, cpus: int | None = None) -> Choice:
    """Choose an engine of this machine for ``workers`` at a time; ``gil`` and ``cpus`` are by default as they are here.

    A cluster is never chosen: whoever has one says so.
    """
    has_gil = getattr(sys, "_is_gil_enabled", lambda: True)() if gil is None else gil
    at_once = min(workers, usable_cpus() if cpus is None else cpus)
    if not has_gil:
        return Choice("threads", "this interpreter runs threads at the same time: it has no GIL")
    if not work.holds_gil:
        return Choice("threads", "this work leaves the GIL, so threads do it at the same time")
    if at_once < 2:
        return Choice("threads", "one at a time needs no other process")
    expected_s = work.expected_s
    if expected_s is None:
        return Choice("processes", "this work holds the GIL, and its size is not known")
    saved_s = expected_s - (_START_S + expected_s * (1 + _TOLL) / at_once)
    if saved_s < _GAIN_S:
        return Choice("threads", f"about {expected_s:.1f} s of work is too little for worker processes to pay")
    return Choice(
        "processes", f"this work holds the GIL; {at_once} processes save about {saved_s:.0f} of {expected_s:.0f} s"
    )
