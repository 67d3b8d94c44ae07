"""Lines as Apache httpd, nginx, PostgreSQL and Redis write them into their logs."""

from random import Random

from concli.logs.generate.clock import MONTHS, Clock
from concli.logs.generate.events import Event, Words
from concli.logs.generate.layout import Layout, Line, Write

__all__ = ["APACHE_ERROR", "NGINX_ERROR", "POSTGRESQL", "REDIS"]

_HTTPD = {"DEBUG": "debug", "INFO": "info", "WARNING": "warn", "ERROR": "error", "CRITICAL": "crit"}
_POSTGRESQL = {"DEBUG": "DEBUG", "INFO": "LOG", "WARNING": "WARNING", "ERROR": "ERROR", "CRITICAL": "FATAL"}
_REDIS = {"DEBUG": ".", "INFO": "*", "WARNING": "#", "ERROR": "#", "CRITICAL": "#"}
_REDIS_NAMES = {".": "DEBUG", "*": "NOTICE", "#": "WARNING"}
_MODULES = ("core", "proxy", "ssl", "rewrite")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def _apache(random: Random) -> Write:
    words = Words(random)

    def write(clock: Clock, event: Event) -> Line:
        day, level, module = clock.day, _HTTPD[event.level], words.pick(_MODULES)
        pid, tid, client = (
            words.number(1000, 1016),
            words.number(5000, 5064),
            f"{words.ip()}:{words.number(1024, 65536)}",
        )
        code = f"AH{words.number(0, 3000):05d}"
        stamp = f"{_DAYS[day.weekday()]} {MONTHS[day.month]} {day.day:02d} {clock.time}.{clock.micro:06d} {day.year}"
        text = f"[{stamp}] [{module}:{level}] [pid {pid}:tid {tid}] [client {client}] {code}: {event.message}"
        fields: dict[str, object] = {"module": module, "pid": pid, "tid": tid, "client": client, "code": code}
        timestamp = f"{clock.date}T{clock.time}.{clock.micro:06d}"
        return Line(text, (1, 1 + len(stamp)), timestamp, level, event.message, fields)

    return write


def _nginx(random: Random) -> Write:
    words = Words(random)

    def write(clock: Clock, event: Event) -> Line:
        level, pid, connection = _HTTPD[event.level], words.number(19_000, 19_008), words.id()
        text = f"{clock.date.replace('-', '/')} {clock.time} [{level}] {pid}#{pid}: *{connection} {event.message}"
        fields: dict[str, object] = {"pid": pid, "tid": pid, "connection": connection}
        return Line(text, (0, 19), f"{clock.date}T{clock.time}", level, event.message, fields)

    return write


def _postgresql(random: Random) -> Write:
    words = Words(random)

    def write(clock: Clock, event: Event) -> Line:
        level, pid, user, millis = _POSTGRESQL[event.level], words.number(20_000, 20_064), words.name(), clock.millis
        message = event.message
        if event.level == "ERROR":  # what was to be done goes on over lines
            message += "\n\tSELECT price\n\tFROM price_list"
        text = f"{clock.date} {clock.time}.{millis} UTC [{pid}] {user}@shop {level}:  {message}"
        fields: dict[str, object] = {"pid": pid, "user": user, "database": "shop"}
        return Line(text, (0, 27), f"{clock.date}T{clock.time}.{millis}Z", level, message, fields)

    return write


def _redis(random: Random) -> Write:
    words = Words(random)

    def write(clock: Clock, event: Event) -> Line:
        day, sign, pid, role = clock.day, _REDIS[event.level], 19_743, words.pick(("M", "M", "M", "C"))
        stamp = f"{day.day:02d} {MONTHS[day.month]} {day.year} {clock.time}.{clock.millis}"
        timestamp, level = f"{clock.date}T{clock.time}.{clock.millis}", _REDIS_NAMES[sign]
        text = f"{pid}:{role} {stamp} {sign} {event.message}"
        return Line(text, (8, 8 + len(stamp)), timestamp, level, event.message, {"pid": pid, "role": role})

    return write


APACHE_ERROR = Layout(_apache, joins=True)
NGINX_ERROR = Layout(_nginx, joins=True)
POSTGRESQL = Layout(_postgresql, joins=True)
REDIS = Layout(_redis, joins=True)
