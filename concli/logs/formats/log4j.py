"""The layouts of the log4j family: log4j, logback, and those of Hadoop, Spark and ZooKeeper."""

import re

import numpy as np

from concli.logs.entries import NO_VALUE
from concli.logs.formats._layouts import Part, Parts, StepLayout
from concli.logs.formats._vector import Grammar
from concli.logs.formats._words import Cursor
from concli.logs.stamps import ISO, SHORT, Place

__all__ = ["HADOOP", "LOG4J", "LOGBACK", "SPARK", "ZOOKEEPER"]

_STAMP = (
    rb"(?P<timestamp>[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?"
    rb"(?:Z| ?[+-][0-9]{2}:?[0-9]{2}(?![0-9]))?)"
)
_LEVEL = rb"(?P<level>[A-Za-z][A-Za-z0-9_]*)"
_THREAD = rb"\[(?P<thread>[^\n]*?)\]"
_REST = rb"(?P<message>[^\n]*)"
_KNOWN = b"INFO", b"DEBUG", b"WARN", b"ERROR", b"TRACE", b"FATAL"


def _level(cursor: Cursor) -> Part:
    """Take a level, which may be padded on either side."""
    cursor.skip(b" ")
    start = cursor.places
    cursor.find(b" ")
    level = Part(start, cursor.places)
    cursor.skip(b" ")
    return level


def _thread(cursor: Cursor) -> Part:
    """Take what is in brackets, and the blanks behind it."""
    cursor.expect(b"[")
    start = cursor.places
    cursor.find(b"] ")
    thread = Part(start, cursor.places)
    cursor.step()
    cursor.skip(b" ")
    return thread


def _logger_and_dash(cursor: Cursor) -> Part:
    start = cursor.places
    cursor.find(b" ")
    logger = Part(start, cursor.places)
    cursor.skip(b" ")
    cursor.expect(b"- ")
    return logger


def _logger_and_colon(cursor: Cursor) -> Part:
    start = cursor.places
    cursor.find(b": ", b" ")
    logger = Part(start, cursor.places)
    cursor.lost |= logger.starts == logger.ends
    cursor.expect(b": ")
    return logger


def _log4j(cursor: Cursor) -> Parts:
    level = _level(cursor)
    return level, {"thread": _thread(cursor), "logger": _logger_and_dash(cursor)}


def _logback(cursor: Cursor) -> Parts:
    cursor.skip(b" ")
    thread = _thread(cursor)
    return _level(cursor), {"thread": thread, "logger": _logger_and_dash(cursor)}


def _spark(cursor: Cursor) -> Parts:
    return _level(cursor), {"logger": _logger_and_colon(cursor)}


def _hadoop(cursor: Cursor) -> Parts:
    level = _level(cursor)
    has_thread = cursor.is_at(b"[")
    if 2 * np.count_nonzero(has_thread) >= len(has_thread):
        return level, {"thread": _thread(cursor), "logger": _logger_and_colon(cursor)}
    cursor.lost |= has_thread
    none = np.full(len(has_thread), NO_VALUE, np.int64)
    return level, {"thread": Part(none, none), "logger": _logger_and_colon(cursor)}


def _zookeeper(cursor: Cursor) -> Parts:
    level = _level(cursor)
    thread = _thread(cursor)
    cursor.expect(b"- ")
    none = np.full(len(thread.starts), NO_VALUE, np.int64)
    return level, {"myid": Part(none, none), "thread": thread}


def _zookeeper_with_id(cursor: Cursor) -> Parts:
    start = cursor.places
    cursor.find(b"] ")
    myid = Part(start, cursor.places)
    cursor.step(2)
    cursor.expect(b"- ")
    level = _level(cursor)
    thread = _thread(cursor)
    cursor.expect(b"- ")
    return level, {"myid": myid, "thread": thread}


_MILLIS = Place(ISO, digits=3)
_DATES = b"0000-00-00 00:00:00,000 ", b"0000-00-00 00:00:00.000 "

LOG4J = Grammar(
    re.compile(_STAMP + rb" +" + _LEVEL + rb" +" + _THREAD + rb" +(?P<logger>[^ \n]+) +- " + _REST),
    (ISO,),
    [StepLayout(date, _MILLIS, (b" ", b"] "), _log4j) for date in _DATES],
    fields=("thread", "logger"),
    head=b"0000-00-00?00:00:00",
    known=_KNOWN,
).format(
    "log4j",
    "log4j's usual layout: time, level, [thread], logger - message",
    b"2026-11-22 16:35:43,989 INFO  [main] com.example.depot.Depot - depot starts\n",
)

LOGBACK = Grammar(
    re.compile(_STAMP + rb" +" + _THREAD + rb" +" + _LEVEL + rb" +(?P<logger>[^ \n]+) +- " + _REST),
    (ISO,),
    [StepLayout(date, _MILLIS, (b" ", b"] "), _logback) for date in reversed(_DATES)],
    fields=("thread", "logger"),
    head=b"0000-00-00?00:00:00",
    known=_KNOWN,
).format(
    "logback",
    "logback's usual layout: time, [thread], level, logger - message",
    b"2026-11-22 16:35:43.989 [main] INFO  com.example.depot.Depot - depot starts\n",
)

HADOOP = Grammar(
    re.compile(_STAMP + rb" +" + _LEVEL + rb" +(?:" + _THREAD + rb" +)?(?P<logger>[^ \n]+?): " + _REST),
    (ISO,),
    [StepLayout(date, _MILLIS, (b" ", b"] ", b": "), _hadoop) for date in _DATES],
    fields=("thread", "logger"),
    head=b"0000-00-00?00:00:00",
    known=_KNOWN,
).format(
    "hadoop",
    "Hadoop's layout: time, level, [thread] where it is known, logger: message",
    b"2015-10-18 18:01:47,978 INFO [main] org.apache.hadoop.mapreduce.v2.app.MRAppMaster: Executing with tokens:\n",
)

SPARK = Grammar(
    re.compile(
        rb"(?P<timestamp>[0-9]{2}/[0-9]{2}/[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?) +"
        + _LEVEL
        + rb" +(?P<logger>[^ \n]+?): "
        + _REST
    ),
    (SHORT,),
    [StepLayout(b"00/00/00 00:00:00 ", Place(SHORT), (b" ", b": "), _spark)],
    fields=("logger",),
    head=b"00/00/00 00:00:00",
    known=_KNOWN,
).format(
    "spark",
    "Spark's layout: short date, level, logger: message",
    b"17/06/09 20:10:40 INFO executor.CoarseGrainedExecutorBackend: Registered signal handlers\n",
)

ZOOKEEPER = Grammar(
    re.compile(_STAMP + rb" (?:\[myid:(?P<myid>[^\n]*?)\] )?- +" + _LEVEL + rb" +" + _THREAD + rb" +- " + _REST),
    (ISO,),
    [
        *(StepLayout(date + b"- ", _MILLIS, (b" ", b"] "), _zookeeper) for date in _DATES),
        *(StepLayout(date + b"[myid:", _MILLIS, (b" ", b"] "), _zookeeper_with_id) for date in _DATES),
    ],
    fields=("myid", "thread"),
    head=b"0000-00-00?00:00:00",
    known=_KNOWN,
).format(
    "zookeeper",
    "ZooKeeper's layout: time, the server's id where it has one, level, [thread:class@line] - message",
    b"2015-07-29 17:41:41,536 - INFO  [main:QuorumPeerConfig@101] - Reading configuration from: zoo.cfg\n",
)
