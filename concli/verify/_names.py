"""What to call a primitive and where a step was, as far as the source can tell. Only for traces: it is slow."""

import re
import sys
from linecache import getline
from types import FrameType

__all__ = ["name_of_new", "place"]

_ASSIGNMENT = re.compile(r"(?:self\.)?(\w+)(?:\s*:[^=]*)?\s*=")
_MACHINERY = ("concli.verify._", "concli.verify.run", "threading", "contextlib")


def place(*, with_source: bool = False) -> str:
    """Return ``file:line`` of the nearest code that is not machinery; empty if there is none."""
    frame = _frame()
    if frame is None or frame.f_lineno is None:
        return ""
    source = "  " + getline(frame.f_code.co_filename, frame.f_lineno).strip() if with_source else ""
    return f"{_file(frame)}:{frame.f_lineno}{source}".rstrip()


def name_of_new(kind: str) -> str:
    """Return a name for the primitive that is being made: the class and the attribute it is for."""
    frame = _frame()
    if frame is None:
        return kind
    match = _ASSIGNMENT.match(getline(frame.f_code.co_filename, frame.f_lineno).strip())
    name = match[1] if match else kind.lower()
    return f"{type(frame.f_locals['self']).__name__}.{name}" if "self" in frame.f_locals else name


def _file(frame: FrameType) -> str:
    return frame.f_code.co_filename.replace("\\", "/").rpartition("/")[2]


def _frame() -> FrameType | None:
    frame: FrameType | None = sys._getframe(2)  # noqa: SLF001 - as traceback and logging do
    while frame is not None and frame.f_globals.get("__name__", "").startswith(_MACHINERY):
        frame = frame.f_back
    return frame
