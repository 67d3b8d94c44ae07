"""Lines that are records of names and values, and what wraps a container's lines."""

import json
from random import Random

from concli.logs.generate.clock import MICROS, Clock
from concli.logs.generate.events import Event, Words
from concli.logs.generate.layout import Layout, Line, Write, plain

__all__ = ["CRI", "DOCKER", "JOURNALD", "JSON", "LOGFMT"]

_SYSLOG = {"DEBUG": (7, "DEBUG"), "INFO": (6, "INFO"), "WARNING": (4, "WARNING")}
_SYSLOG |= {"ERROR": (3, "ERR"), "CRITICAL": (2, "CRIT")}
_LOGGERS = ("shop.orders", "shop.payments", "shop.mail", "shop.web")
_UNITS = ("shop", "nginx", "sshd", "cron")
# A line that has lost its beginning is no record any more; one that lost part of its timestamp might be.
_DAMAGE = ("torn", "nul", "long")

# What makes a line an object.
_BRACE = (0, 1)

_encoded = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _json(random: Random) -> Write:
    words = Words(random)

    def write(clock: Clock, event: Event) -> Line:
        message, stamp = plain(event), f"{clock.date}T{clock.time}.{clock.millis}Z"
        logger, took = words.pick(_LOGGERS), words.number(1, 900)
        head = f'{{"timestamp":"{stamp}","level":"{event.level}","message":'
        text = f'{head}{_encoded(message)},"logger":"{logger}","took_ms":{took}}}'
        return Line(text, _BRACE, stamp, event.level, message, {"logger": logger, "took_ms": took})

    return write


def _logfmt(random: Random) -> Write:
    words = Words(random)

    def write(clock: Clock, event: Event) -> Line:
        message, stamp = plain(event), f"{clock.date}T{clock.time}.{clock.millis}Z"
        logger, took, level = words.pick(_LOGGERS), f"{words.number(1, 900)}ms", event.level.lower()
        text = f"time={stamp} level={level} msg={_encoded(message)} logger={logger} took={took}"
        # From within the quotes on it does not begin with a name and a value.
        return Line(text, (5, text.index('msg="') + 5), stamp, level, message, {"logger": logger, "took": took})

    return write


def _journald(random: Random) -> Write:
    words = Words(random)

    def write(clock: Clock, event: Event) -> Line:
        message, unit, pid = plain(event), words.pick(_UNITS), str(words.number(300, 9000))
        priority, level = _SYSLOG[event.level]
        stamp = str(clock.second * MICROS + clock.micro)
        text = (
            f'{{"__REALTIME_TIMESTAMP":"{stamp}","PRIORITY":"{priority}","MESSAGE":{_encoded(message)},'
            f'"_HOSTNAME":"web-1","SYSLOG_IDENTIFIER":"{unit}","_PID":"{pid}"}}'
        )
        fields: dict[str, object] = {"_HOSTNAME": "web-1", "SYSLOG_IDENTIFIER": unit, "_PID": pid}
        timestamp = f"{clock.date}T{clock.time}.{clock.micro:06d}Z"
        return Line(text, _BRACE, timestamp, level, message, fields)

    return write


def _docker(random: Random) -> Write:
    words = Words(random)

    def write(clock: Clock, event: Event) -> Line:
        message = event.message
        stream = "stderr" if event.level in ("ERROR", "CRITICAL") else "stdout"
        stamp = f"{clock.date}T{clock.time}.{clock.micro:06d}{words.number(100, 1000)}Z"
        text = f'{{"log":{_encoded(message + chr(10))},"stream":"{stream}","time":"{stamp}"}}'
        return Line(text, _BRACE, stamp, "", message, {"stream": stream})

    return write


def _cri(random: Random) -> Write:
    words = Words(random)

    def write(clock: Clock, event: Event) -> Line:
        message = event.message
        stream = "stderr" if event.level in ("ERROR", "CRITICAL") else "stdout"
        stamp = f"{clock.date}T{clock.time}.{clock.micro:06d}{words.number(100, 1000)}Z"
        return Line(f"{stamp} {stream} F {message}", (0, len(stamp)), stamp, "", message, {"stream": stream})

    return write


JSON = Layout(_json, joins=False, language="python", damage=_DAMAGE)
LOGFMT = Layout(_logfmt, joins=False, language="python", damage=_DAMAGE)
JOURNALD = Layout(_journald, joins=False, language="python", damage=_DAMAGE)
DOCKER = Layout(_docker, joins=False, damage=_DAMAGE)
CRI = Layout(_cri, joins=False)
