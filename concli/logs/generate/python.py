"""Lines as Python's logging writes them, those of the base format, and ones for the fallback."""

from random import Random

from concli.logs.generate.clock import Clock
from concli.logs.generate.events import Event, Words
from concli.logs.generate.layout import Layout, Line, Write, plain

__all__ = ["ASCTIME", "BASE", "GENERAL", "PYTHON"]

_LOGGERS = ("shop.orders", "shop.payments", "shop.mail", "shop.db.pool", "shop.web", "root")


def _base(_random: Random) -> Write:
    def write(clock: Clock, event: Event) -> Line:
        message = plain(event)
        text = f"{clock.date} {clock.time} [{event.level}] {message}"
        return Line(text, (0, 19), f"{clock.date}T{clock.time}", event.level, message, {})

    return write


def _asctime(random: Random) -> Write:
    words = Words(random)

    def write(clock: Clock, event: Event) -> Line:
        message, logger, millis = plain(event), words.pick(_LOGGERS), clock.millis
        text = f"{clock.date} {clock.time},{millis} - {logger} - {event.level} - {message}"
        return Line(text, (0, 23), f"{clock.date}T{clock.time}.{millis}", event.level, message, {"logger": logger})

    return write


def _python(random: Random) -> Write:
    words = Words(random)

    def write(_clock: Clock, event: Event) -> Line:
        message, logger, level = plain(event), words.pick(_LOGGERS), event.level
        return Line(f"{level}:{logger}:{message}", (0, len(level)), None, level, message, {"logger": logger})

    return write


def _general(_random: Random) -> Write:
    def write(clock: Clock, event: Event) -> Line:
        message, level = plain(event), event.level
        stamp = f"{clock.date.replace('-', '/')} {clock.time}.{clock.millis}"
        return Line(
            f"{stamp} {level} {message}", (0, 23), f"{clock.date}T{clock.time}.{clock.millis}", level, message, {}
        )

    return write


BASE = Layout(_base, joins=True, language="python")
ASCTIME = Layout(_asctime, joins=True, language="python")
PYTHON = Layout(_python, joins=True, language="python")
GENERAL = Layout(_general, joins=True, language="python")
