"""A log without end, and the truth about it: what a correct reader gets."""

import datetime as dt
import json
import re
from collections.abc import Iterator
from importlib import import_module
from random import Random
from typing import NamedTuple

from concli.errors import UsageError
from concli.logs.generate.clock import Clock, EvenClock
from concli.logs.generate.damage import break_line, make_odd
from concli.logs.generate.events import Events
from concli.logs.generate.layout import BROKEN, Layout, Line

__all__ = ["NAMES", "Choice", "Log", "Part", "layout"]

_PLACES = {
    "base": "python.BASE",
    "asctime": "python.ASCTIME",
    "python": "python.PYTHON",
    "general": "python.GENERAL",
    "syslog": "syslog.SYSLOG",
    "syslog5424": "syslog.SYSLOG5424",
    "common": "access.COMMON",
    "combined": "access.COMBINED",
    "log4j": "java.LOG4J",
    "logback": "java.LOGBACK",
    "hadoop": "java.HADOOP",
    "spark": "java.SPARK",
    "zookeeper": "java.ZOOKEEPER",
    "apache-error": "servers.APACHE_ERROR",
    "nginx-error": "servers.NGINX_ERROR",
    "postgresql": "servers.POSTGRESQL",
    "redis": "servers.REDIS",
    "klog": "letters.KLOG",
    "logcat": "letters.LOGCAT",
    "logfmt": "records.LOGFMT",
    "json": "records.JSON",
    "journald": "records.JOURNALD",
    "docker": "records.DOCKER",
    "cri": "records.CRI",
}
#: The formats that can be written, as those that are read are called.
NAMES = tuple(_PLACES)

_NOT_UTF_8 = re.compile("[\udc80-\udcff]")
_encoded = json.JSONEncoder(ensure_ascii=False).encode


def layout(name: str) -> Layout:
    """Return how a format is written; ``UsageError`` if it is none of ``NAMES``."""
    if name not in _PLACES:
        raise UsageError(f"no format is called {name!r}; there are {', '.join(NAMES)}")
    module, _, constant = _PLACES[name].partition(".")
    found: Layout = getattr(import_module(f"concli.logs.generate.{module}"), constant)
    return found


class Choice(NamedTuple):
    """What a log is like. ``traces`` and ``damage`` are shares of the entries; ``mean_s`` is between two of them.

    If ``even``, that is always so long.
    """

    format: str = "base"
    seed: int = 0
    start: dt.datetime = dt.datetime(2026, 3, 1, 6, tzinfo=dt.UTC)
    traces: float = 0.0
    damage: float = 0.0
    mean_s: float = 0.1
    even: bool = False


class Part(NamedTuple):
    """A piece of a log. ``lines`` are ``entries``, ``continued`` and ``rejected`` ones; ``truth`` is JSON lines."""

    data: bytes
    truth: bytes
    lines: int
    entries: int
    continued: int
    rejected: int


class Log:
    """Writes a log. The same choice gives the same log, on every machine, however large its parts are."""

    def __init__(self, choice: Choice, *, with_truth: bool = False) -> None:
        random = Random(f"{choice.format} {choice.seed}")  # noqa: S311 - nothing secret
        self._layout = layout(choice.format)
        self._write = self._layout.prepare(random)
        self._random = random.random
        make = EvenClock if choice.even else Clock
        self._clock = make(random, choice.start, choice.mean_s)
        self._events = Events(random, choice.traces, self._layout.language)
        self._damage = choice.damage
        self._with_truth = with_truth
        self._number = 0  # of lines so far
        self._open: tuple[int, Line] | None = None  # the last entry, which may go on

    def part(self, count: int) -> Part:
        """Return the next ``count`` entries, broken ones among them."""
        texts: list[str] = []
        truth: list[str] = []
        entries = broken = rejected = 0
        before = self._number
        for _ in range(count):
            self._clock.advance()
            event = self._events.next(is_trouble=self._clock.is_trouble)
            kind = ""
            if self._damage and self._random() < self._damage:
                kinds = self._layout.damage
                kind = kinds[int(self._random() * len(kinds))]
                if kind not in BROKEN:
                    event = make_odd(event, kind, self._random)
            line = self._write(self._clock, event)
            if kind in BROKEN:
                text = break_line(line, kind, self._random)
                texts.append(text)
                broken += 1
                rejected += self._stray(text, truth)
                self._number += 1
                continue
            texts.append(line.text)
            entries += 1
            if self._with_truth:
                truth += self.rest()
            self._open = self._number + 1, line
            self._number += line.text.count("\n") + 1
        texts.append("")
        lines = self._number - before
        data = "\n".join(texts).encode("utf-8", "surrogateescape")
        return Part(data, _lines(truth), lines, entries, lines - entries - rejected, rejected)

    def rest(self) -> Iterator[str]:
        """Yield the truth about the last entry, now that it is known to be over."""
        if self._open is not None:
            number, line = self._open
            self._open = None
            yield _encoded(
                {
                    "line": number,
                    "timestamp": line.timestamp,
                    "level": line.level,
                    "message": _NOT_UTF_8.sub("\ufffd", line.message),
                    "fields": line.fields,
                }
            )

    def last(self) -> bytes:
        """Return the truth that is left at the end."""
        return _lines(list(self.rest())) if self._with_truth else b""

    def _stray(self, text: str, truth: list[str]) -> bool:
        """Tell of a line that begins no entry, and whether it is rejected."""
        if self._layout.joins and self._open is not None:
            number, line = self._open
            if self._with_truth:
                self._open = number, line._replace(message=f"{line.message}\n{text}")
            return False
        if self._with_truth:
            truth += self.rest()  # so that all are in order
            truth.append(_encoded({"line": self._number + 1, "rejected": True}))
        return True


def _lines(texts: list[str]) -> bytes:
    return "".join([f"{text}\n" for text in texts]).encode()
