"""The steps of a schedule, and how they are shown: one column a thread."""

import re
from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["Step", "render"]

_FINE = {"line", "opcode"}  # of a run of these in one thread, the last is shown


class Step(NamedTuple):
    """What one thread did at one switch point; ``place`` is ``file:line`` (for a line, with its source) or empty."""

    thread: str
    label: str
    place: str


def render(steps: Sequence[Step], *, width: int = 120, last: int = 1000) -> str:
    """Return the ``last`` steps as a table with a column for each thread, in lines of at most ``width`` characters.

    Those of a scenario come first, by their numbers. Of several lines or opcodes in a row the last is shown.
    Where there is too little room, the class of a primitive is left out, then the place of the step.

    >>> print(render([Step("T1", "acquire _mutex", ""), Step("T2", "acquire _mutex", "")], width=43))
       T1                  T2
     1 acquire _mutex
     2                     acquire _mutex
    """
    threads = sorted(dict.fromkeys(step.thread for step in steps), key=_rank)
    if not threads:
        return ""
    margin = len(str(len(steps))) + 1
    column = max(8, min(48, (width - margin) // len(threads)))
    lines = [" " * (margin + 1) + "".join(thread[: column - 2].ljust(column) for thread in threads).rstrip()]
    for number, (step, after) in enumerate(zip(steps, [*steps[1:], None], strict=True), 1):
        if number <= len(steps) - last:
            continue
        if after is not None and step.label in _FINE and after.label in _FINE and after.thread == step.thread:
            continue
        indent = " " * (column * threads.index(step.thread))
        lines.append(f"{number:>{margin}} {indent}{_text(step, column - 2)}")
    return "\n".join(lines)


def _rank(thread: str) -> tuple[bool, str]:
    return (False, thread) if re.fullmatch(r"T\d", thread) else (True, "")


def _text(step: Step, width: int) -> str:
    if step.label in _FINE and step.place:
        return step.place if len(step.place) <= width else step.place[: width - 1] + "…"
    label, place = step.label, f"  {step.place}" if step.place else ""
    short = label if label.startswith("call ") else re.sub(r"\b[A-Z]\w*\.(?=\w)", "", label)
    for text in (label + place, short + place, label, short):
        if len(text) <= width:
            return text
    return short[: width - 1] + "…"
