"""Switch points at every line, or every opcode, of chosen code: so that races between plain reads and writes show."""

import sys
import types
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from concli.verify._session import Session

__all__ = ["watched"]


@contextmanager
def watched(session: Session, things: Iterable[Any], granularity: str) -> Iterator[None]:
    """Make the lines of classes, functions or modules switch points while the block lasts."""
    if granularity == "primitive":
        yield
        return
    if granularity not in {"line", "opcode"}:
        raise ValueError("'granularity' is 'primitive', 'line' or 'opcode'")
    codes = {code for thing in things for code in _codes(thing)}
    if not codes:
        raise ValueError("nothing is said to be watched: give the classes whose lines are to be switch points")

    def point() -> None:
        scheduler = session.current()
        if scheduler is not None:
            scheduler.point(granularity)

    if sys.version_info >= (3, 12):
        with _monitored(codes, granularity, point):
            yield
    else:
        session.crew.tracer = _tracer(codes, granularity, point)
        try:
            yield
        finally:
            session.crew.tracer = None


def _tracer(codes: set[types.CodeType], granularity: str, point: Callable[[], None]) -> Any:
    def inside(_frame: Any, event: str, _arg: Any) -> Any:
        if event == granularity:
            point()
        return inside

    def enter(frame: Any, event: str, _arg: Any) -> Any:
        if event != "call" or frame.f_code not in codes:
            return None
        if granularity == "opcode":
            frame.f_trace_opcodes = True
            frame.f_trace_lines = False
        return inside

    return enter


if sys.version_info >= (3, 12):

    @contextmanager
    def _monitored(codes: set[types.CodeType], granularity: str, point: Callable[[], None]) -> Iterator[None]:
        monitoring = sys.monitoring
        tool = next((number for number in (4, 3, 5) if monitoring.get_tool(number) is None), None)
        if tool is None:
            raise RuntimeError("no tool number of sys.monitoring is free")
        event = monitoring.events.LINE if granularity == "line" else monitoring.events.INSTRUCTION
        monitoring.use_tool_id(tool, "concli verify")
        try:
            monitoring.register_callback(tool, event, lambda _code, _where: point())
            for code in codes:
                monitoring.set_local_events(tool, code, event)
            yield
        finally:
            for code in codes:
                monitoring.set_local_events(tool, code, 0)
            monitoring.register_callback(tool, event, None)
            monitoring.free_tool_id(tool)


def _codes(thing: Any) -> Iterator[types.CodeType]:
    """Yield every code object of a class, function or module, those inside included."""
    if isinstance(thing, types.CodeType):
        yield thing
    for inner in _inside(thing):
        yield from _codes(inner)


def _inside(thing: Any) -> Iterable[Any]:
    match thing:
        case types.CodeType():
            return [constant for constant in thing.co_consts if isinstance(constant, types.CodeType)]
        case property():
            return [thing.fget, thing.fset, thing.fdel]
        case types.FunctionType():
            return [thing.__code__]
        case staticmethod() | classmethod():
            return [thing.__func__]
        case type() | types.ModuleType():
            home = thing.__module__ if isinstance(thing, type) else thing.__name__
            default = home if isinstance(thing, type) else None  # a property or a static method of a class
            return [one for one in vars(thing).values() if getattr(one, "__module__", default) == home]
    return []
