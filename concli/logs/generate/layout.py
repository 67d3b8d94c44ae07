"""What all families of formats make: a line, and what a correct reader gets of it."""

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from concli.logs.generate.clock import Clock
from concli.logs.generate.events import Event

__all__ = ["BROKEN", "ODD", "Layout", "Line", "Write", "plain"]


class Line(NamedTuple):
    """An entry as it is written, and as it is to be read.

    ``text`` has no line feed at its end. ``stamp`` is where in it the timestamp is, or whatever else it is without
    which, and without what is before, it is no entry. A ``message`` has its continuation lines behind line feeds;
    ``timestamp`` is ISO 8601, None if there is none.
    """

    text: str
    stamp: tuple[int, int]
    timestamp: str | None
    level: str
    message: str
    fields: dict[str, object]


Write = Callable[[Clock, Event], Line]

#: Damage after which a line is no entry any more, and damage with which it still is one.
BROKEN = ("torn", "nul", "cut")
ODD = ("utf8", "long")


class Layout(NamedTuple):
    """A format to write. ``prepare`` returns what writes an event, drawing what it needs besides.

    If it ``joins``, a line that begins no entry belongs to the entry before it. ``language`` is that of stack
    traces, "" if there can't be any; ``damage`` the kinds it can have.
    """

    prepare: Callable[[Random], Write]
    joins: bool
    language: str = ""
    damage: tuple[str, ...] = BROKEN + ODD


def plain(event: Event) -> str:
    """Return the message with its stack trace, as it is where nothing is escaped."""
    return "\n".join((event.message, *event.trace)) if event.trace else event.message
