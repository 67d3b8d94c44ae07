"""Lines of the log4j family: log4j, logback, Hadoop, Spark and ZooKeeper."""

from random import Random

from concli.logs.generate.clock import Clock
from concli.logs.generate.events import Event, Words
from concli.logs.generate.layout import Layout, Line, Write, plain

__all__ = ["HADOOP", "LOG4J", "LOGBACK", "SPARK", "ZOOKEEPER"]

_LEVELS = {"DEBUG": "DEBUG", "INFO": "INFO", "WARNING": "WARN", "ERROR": "ERROR", "CRITICAL": "FATAL"}
_THREADS = ("main", "sorter-1", "sorter-2", "http-nio-8080-exec-7", "pool-2-thread-13", "IPC Server handler 3 on 9000")
_LOGGERS = ("com.example.shop.Orders", "com.example.shop.Gateway", "org.example.depot.Store", "c.e.s.Mail")
_PLACES = ("main:QuorumPeerConfig@101", "QuorumPeer[myid=1]/0:0:0:0:0:0:0:0:2181:FastLeaderElection@774")


def _log4j(random: Random) -> Write:
    words = Words(random)

    def write(clock: Clock, event: Event) -> Line:
        level, thread, logger = _LEVELS[event.level], words.pick(_THREADS), words.pick(_LOGGERS)
        message, millis = plain(event), clock.millis
        text = f"{clock.date} {clock.time},{millis} {level:<5} [{thread}] {logger} - {message}"
        fields: dict[str, object] = {"thread": thread, "logger": logger}
        return Line(text, (0, 23), f"{clock.date}T{clock.time}.{millis}", level, message, fields)

    return write


def _logback(random: Random) -> Write:
    words = Words(random)

    def write(clock: Clock, event: Event) -> Line:
        level, thread, logger = _LEVELS[event.level], words.pick(_THREADS), words.pick(_LOGGERS)
        message, millis = plain(event), clock.millis
        text = f"{clock.date} {clock.time}.{millis} [{thread}] {level:<5} {logger} - {message}"
        fields: dict[str, object] = {"thread": thread, "logger": logger}
        return Line(text, (0, 23), f"{clock.date}T{clock.time}.{millis}", level, message, fields)

    return write


def _hadoop(random: Random) -> Write:
    words = Words(random)

    def write(clock: Clock, event: Event) -> Line:
        level, thread, logger = _LEVELS[event.level], words.pick(_THREADS), words.pick(_LOGGERS)
        message, millis = plain(event), clock.millis
        text = f"{clock.date} {clock.time},{millis} {level} [{thread}] {logger}: {message}"
        fields: dict[str, object] = {"thread": thread, "logger": logger}
        return Line(text, (0, 23), f"{clock.date}T{clock.time}.{millis}", level, message, fields)

    return write


def _spark(random: Random) -> Write:
    words = Words(random)

    def write(clock: Clock, event: Event) -> Line:
        level, logger, message = _LEVELS[event.level], words.pick(_LOGGERS), plain(event)
        text = f"{clock.date[2:].replace('-', '/')} {clock.time} {level} {logger}: {message}"
        return Line(text, (0, 17), f"{clock.date}T{clock.time}", level, message, {"logger": logger})

    return write


def _zookeeper(random: Random) -> Write:
    words = Words(random)

    def write(clock: Clock, event: Event) -> Line:
        level, thread = _LEVELS[event.level], words.pick(_PLACES)
        message, millis = plain(event), clock.millis
        text = f"{clock.date} {clock.time},{millis} - {level:<5} [{thread}] - {message}"
        return Line(text, (0, 23), f"{clock.date}T{clock.time}.{millis}", level, message, {"thread": thread})

    return write


LOG4J = Layout(_log4j, joins=True, language="java")
LOGBACK = Layout(_logback, joins=True, language="java")
HADOOP = Layout(_hadoop, joins=True, language="java")
SPARK = Layout(_spark, joins=True, language="java")
ZOOKEEPER = Layout(_zookeeper, joins=True, language="java")
