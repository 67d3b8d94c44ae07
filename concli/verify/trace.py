"""The steps of a schedule, and how they are shown: one column a thread."""

from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["Step", "render"]


class Step(NamedTuple):
    """What one thread did at one switch point; ``place`` is ``file:line`` or empty."""

    thread: str
    label: str
    place: str


def render(steps: Sequence[Step], *, width: int = 120) -> str:
    """Return the steps as a table with a column for each thread, in lines of at most ``width`` characters.

    The place of a step stands behind it where there is room. Of several lines or opcodes in a row the last is shown.

    >>> print(render([Step("T1", "acquire _mutex", ""), Step("T2", "acquire _mutex", "")], width=43))
       T1                  T2
     1 acquire _mutex
     2                     acquire _mutex
    """
    threads = list(dict.fromkeys(step.thread for step in steps))
    if not threads:
        return ""
    margin = len(str(len(steps))) + 1
    column = max(8, min(48, (width - margin) // len(threads)))
    lines = [" " * (margin + 1) + "".join(thread[: column - 2].ljust(column) for thread in threads).rstrip()]
    fine = {"line", "opcode"}  # of a run of these in one thread, the last is shown
    for number, (step, after) in enumerate(zip(steps, [*steps[1:], None], strict=True), 1):
        if after is not None and step.label in fine and after.label in fine and after.thread == step.thread:
            continue
        text = f"{step.label}  {step.place}".rstrip()
        if len(text) > column - 2:
            text = step.label if len(step.label) <= column - 2 else step.label[: column - 3] + "…"
        indent = " " * (column * threads.index(step.thread))
        lines.append(f"{number:>{margin}} {indent}{text}")
    return "\n".join(lines)
