"""One JSON object a line: with the usual names, as journalctl writes them, and as Docker wraps a container's lines."""

import json
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from concli.logs.chunk import Chunk
from concli.logs.entries import Scan
from concli.logs.formats._partials import join_partials
from concli.logs.formats._record_shapes import json_shape
from concli.logs.formats.format import EntryScanner, Format, Reading
from concli.logs.formats.records import Number, RecordScanner, Roles

__all__ = ["DOCKER", "JOURNALD", "JOURNALD_ROLES", "JSON"]

_SYSLOG_LEVELS = [b"EMERG", b"ALERT", b"CRIT", b"ERR", b"WARNING", b"NOTICE", b"INFO", b"DEBUG"]
_PRIORITIES = {b"%d" % number: word for number, word in enumerate(_SYSLOG_LEVELS)}
# Of pino and bunyan.
_TENS = {b"10": b"TRACE", b"20": b"DEBUG", b"30": b"INFO", b"40": b"WARN", b"50": b"ERROR", b"60": b"FATAL"}

_ROLES = Roles(
    ("timestamp", "@timestamp", "time", "ts", "asctime", "datetime", "date", "Timestamp", "@t", "t", "eventTime"),
    ("level", "severity", "lvl", "levelname", "log.level", "loglevel", "log_level", "Level", "@l", "severityText"),
    ("message", "msg", "log", "text", "event", "body", "Message", "@m", "@mt"),
    _TENS,
)
JOURNALD_ROLES = Roles(("__REALTIME_TIMESTAMP",), ("PRIORITY",), ("MESSAGE",), _PRIORITIES)
_DOCKER_ROLES = Roles(("time",), (), ("log",), {})


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


# Of objects and lists in one another; more are taken for no JSON.
_DEEPEST = 100

_decoder = json.JSONDecoder(parse_float=Number, parse_constant=_refuse, strict=False)
# Makes of a text and a place in it a value and where it ends, in C.
_scan: Callable[[str, int], tuple[Any, int]] = _decoder.scan_once  # type: ignore[attr-defined] # typeshed has none


def _parse(line: str) -> dict[str, Any] | None:
    """Return the object that a line is, None if it is none."""
    if line[:1] != "{":
        return None
    try:
        record, end = _scan(line, 0)
    except (StopIteration, ValueError, RecursionError):
        return None
    if end < len(line) and not line[end:].isspace():
        return None
    if line.count("{") + line.count("[") > _DEEPEST and _depth(record) > _DEEPEST:
        return None  # writing it again would go as deep
    return record if type(record) is dict else None


def _depth(value: Any) -> int:
    """Return how many objects and lists stand in one another."""
    depth, level = 0, [value]
    while level := [each for each in level if isinstance(each, dict | list)]:
        depth += 1
        level = [inner for each in level for inner in (each.values() if isinstance(each, dict) else each)]
    return depth


def _parse_journald(line: str) -> dict[str, Any] | None:
    """Do the same for the journal's, in which a message that is not UTF-8 is a list of its bytes."""
    record = _parse(line)
    if record is None or "__REALTIME_TIMESTAMP" not in record:
        return None
    message = record.get("MESSAGE")
    if isinstance(message, list) and all(type(byte) is int and 0 <= byte < 256 for byte in message):
        record["MESSAGE"] = bytes(message).decode("utf-8", "surrogateescape")
    return record


def _parse_docker(line: str) -> dict[str, Any] | None:
    record = _parse(line)
    return record if record and isinstance(record.get("log"), str) and "time" in record else None


class _DockerScanner:
    """Takes the line feed off each message, and joins those that Docker took apart and that have none."""

    def __init__(self, reading: Reading) -> None:
        self._scanner = RecordScanner(reading, _parse_docker, _DOCKER_ROLES, "not docker", json_shape)

    def scan(self, chunk: Chunk) -> Scan:
        scan = self._scanner.scan(chunk)
        messages = scan.entries.messages
        data = np.frombuffer(messages.buffer or b"\0", np.uint8)
        starts, ends = messages.starts, messages.ends
        is_whole = (ends > starts) & (data[np.maximum(ends - 1, 0)] == ord("\n"))
        has_cr = is_whole & (ends - 1 > starts) & (data[np.maximum(ends - 2, 0)] == ord("\r"))
        ends = ends - is_whole - has_cr
        return join_partials(
            scan._replace(entries=scan.entries._replace(messages=messages._replace(ends=ends))), ~is_whole
        )


def _json(reading: Reading) -> EntryScanner:
    return RecordScanner(reading, _parse, _ROLES, "not JSON", json_shape)


def _journald(reading: Reading) -> EntryScanner:
    return RecordScanner(reading, _parse_journald, JOURNALD_ROLES, "not journald", json_shape)


JSON = Format(
    "json",
    "JSON lines with the usual names, such as time, level and msg",
    b'{"time": "2026-11-22T16:35:43.123Z", "level": "info", "msg": "listening", "port": 8731}',
    re.compile(rb'\{[ \t]*"(?:[^"\\\n]|\\.)*"[ \t]*:'),
    _json,
    joins=False,
)

JOURNALD = Format(
    "journald",
    "journald as JSON, journalctl -o json",
    b'{"__REALTIME_TIMESTAMP":"1795365343123456","PRIORITY":"6","_PID":"731","SYSLOG_IDENTIFIER":"sshd",'
    b'"MESSAGE":"Server listening on 0.0.0.0 port 22."}',
    re.compile(rb'\{(?=[^\n]*"__REALTIME_TIMESTAMP")'),
    _journald,
    joins=False,
)

DOCKER = Format(
    "docker",
    "Docker's json-file",
    b'{"log":"listening on 8731\\n","stream":"stdout","time":"2026-11-22T16:35:43.123456789Z"}',
    re.compile(rb'\{"log":"(?=[^\n]*"time":")'),
    _DockerScanner,
    ("stream",),
    joins=False,
    unfinished=re.compile(rb'\{"log":"(?:[^"\\]|\\.)*(?<!\\n)"'),
)
