"""Error logs of Apache httpd 2.4 and nginx, and the logs of PostgreSQL and Redis."""

import re

import numpy as np

from concli.logs._shapes import month_and_day
from concli.logs.formats._databases import POSTGRESQL, REDIS
from concli.logs.formats._layouts import Part
from concli.logs.formats._looks import NUMBER, Look, Rows, Taken, only_where, until
from concli.logs.formats._vector import Grammar
from concli.logs.formats._words import first_byte, holds_digits
from concli.logs.stamps import Moment, Place, Style

__all__ = ["APACHE_ERROR", "NGINX_ERROR", "POSTGRESQL", "REDIS"]

_CLOCK = rb"([0-9]{2}):([0-9]{2}):([0-9]{2})((?:\.[0-9]+)?)"
_TIME = rb"[0-9]{2}:[0-9]{2}:[0-9]{2}"
_REST = rb"(?P<message>[^\n]*)"


def _read_apache(match: re.Match[bytes]) -> Moment:
    name, day, hour, minute, second, fraction, year = match.groups()
    month, number = month_and_day({"name": name, "day": day})
    return Moment(int(year), month, number, int(hour), int(minute), int(second), fraction)


def _read_nginx(match: re.Match[bytes]) -> Moment:
    year, month, day, hour, minute, second = map(int, match.groups())
    return Moment(year, month, day, hour, minute, second)


_APACHE = Style(
    re.compile(rb"[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ 0-9][0-9]) " + _CLOCK + rb" ([0-9]{4})"), _read_apache, 13, 11
)
_NGINX = Style(re.compile(rb"([0-9]{4})/([0-9]{2})/([0-9]{2}) ([0-9]{2}):([0-9]{2}):([0-9]{2})"), _read_nginx, 13, 11)


def _apache(rows: Rows, width: int) -> Taken:
    cursor = rows.cursor(width, b":", b"]")
    module = until(cursor, b":", b"]")
    has_module = cursor.is_at(b":")
    cursor.step_if(has_module)
    start = np.where(has_module, cursor.places, module.starts)
    cursor.find(b"]")
    levels = rows.tools.levels.find(rows.words_at(start), cursor.places - start)
    lost = (levels == 0) | (has_module & (module.starts == module.ends))
    cursor.step()

    has_pid = rows.are_at(cursor.places, b" [pid ")
    start = cursor.places + len(" [pid ")
    cursor.find_if(has_pid, b"]")
    close = cursor.places
    pid = Part(start, np.minimum(start + first_byte(rows.words_at(start), ord(":")), close))
    has_tid = has_pid & rows.are_at(pid.ends, b":tid ")
    tid = Part(pid.ends + len(":tid "), close)
    lost |= has_pid & ~(rows.are_numbers(pid) & (has_tid | (pid.ends == close)))
    lost |= has_tid & ~rows.are_numbers(tid)
    cursor.step_if(has_pid)

    has_client = rows.are_at(cursor.places, b" [client")
    start = cursor.places + len(" [client ")
    cursor.find_if(has_client, b"]")
    client = Part(start, cursor.places)
    lost |= has_client & ((client.starts >= client.ends) | (rows.bytes_at(start - 1) != ord(" ")))
    cursor.step_if(has_client)
    cursor.expect(b" ")

    start = cursor.places
    word = rows.words_at(start)
    has_ah = rows.are_at(start, b"AH")
    colon = first_byte(word, ord(":"))
    has_code = has_ah & holds_digits(word >> np.uint64(16), colon - 2)
    has_code &= (colon < 8) & rows.are_at(start + colon, b": ")
    lost |= has_ah & ~has_code
    code = Part(start, start + colon)
    lost |= cursor.lost
    fields = {
        "module": only_where(has_module, module),
        "pid": only_where(has_pid, pid),
        "tid": only_where(has_tid, tid),
        "client": only_where(has_client, client),
        "code": only_where(has_code, code),
    }
    return Taken(lost, levels, start + (colon + 2) * has_code, fields)


def _nginx(rows: Rows, width: int) -> Taken:
    cursor = rows.cursor(width, b"]", b"#", b":", b" ")
    level = until(cursor, b"]")
    levels = rows.tools.levels.find(rows.words_at(level.starts), level.ends - level.starts)
    cursor.expect(b"] ")
    pid = until(cursor, b"#")
    cursor.step()
    tid = until(cursor, b":")
    cursor.expect(b": ")
    has_connection = cursor.is_at(b"*")
    cursor.step_if(has_connection)
    start = cursor.places
    cursor.find_if(has_connection, b" ")
    connection = Part(start, cursor.places)
    cursor.step_if(has_connection)
    lost = cursor.lost | (levels == 0) | ~(rows.are_numbers(pid) & rows.are_numbers(tid))
    lost |= has_connection & ~rows.are_numbers(connection)
    return Taken(
        lost, levels, cursor.places, {"pid": pid, "tid": tid, "connection": only_where(has_connection, connection)}
    )


APACHE_ERROR = Grammar(
    re.compile(
        rb"\[(?P<timestamp>[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9][0-9] " + _TIME + rb"(?:\.[0-9]+)? [0-9]{4})\] "
        rb"\[(?:(?P<module>[^\]:\n]+):)?(?P<level>[a-z]+[1-8]?)\]"
        rb"(?: \[pid 0*(?P<pid>" + NUMBER + rb")(?::tid 0*(?P<tid>" + NUMBER + rb"))?\])?"
        rb"(?: \[client (?P<client>[^\]\n]+)\])? (?:(?P<code>AH[0-9]+): )?" + _REST
    ),
    (_APACHE,),
    [
        Look(b"[??? ??? ?0 00:00:00.000000 0000] [", Place(_APACHE, 6, slice(26, 31)), _apache, at=1),
        Look(b"[??? ??? ?0 00:00:00 0000] [", Place(_APACHE, 0, slice(19, 24)), _apache, at=1),
    ],
    fields=("module", "pid", "tid", "client", "code"),
    numbers=frozenset({"pid", "tid"}),
    words=re.compile(rb"[a-z]+[1-8]?"),
    known=(b"error", b"warn", b"notice", b"info"),
).format(
    "apache-error",
    "Apache httpd 2.4 error log",
    b"[Sun Nov 22 16:35:43.123456 2026] [core:error] [pid 1234:tid 5678] [client 192.0.2.7:40130] AH00037: "
    b"Symbolic link not allowed: /srv/www/link",
    begins=rb"\[[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9][0-9] " + _TIME + rb"(?:\.[0-9]+)? [0-9]{4}\] \[[^\]\n]*\]",
)

NGINX_ERROR = Grammar(
    re.compile(
        rb"(?P<timestamp>[0-9]{4}/[0-9]{2}/[0-9]{2} " + _TIME + rb") \[(?P<level>[a-z]+)\] "
        rb"0*(?P<pid>" + NUMBER + rb")#0*(?P<tid>" + NUMBER + rb"): (?:\*0*(?P<connection>" + NUMBER + rb") )?" + _REST
    ),
    (_NGINX,),
    [Look(b"0000/00/00 00:00:00 [", Place(_NGINX), _nginx)],
    head=b"0000/00/00 00:00:00 [",
    fields=("pid", "tid", "connection"),
    numbers=frozenset({"pid", "tid", "connection"}),
    words=re.compile(rb"[a-z]+"),
    known=(b"error", b"warn", b"notice", b"info"),
).format(
    "nginx-error",
    "nginx error log",
    b'2026/11/22 16:34:39 [error] 19589#19589: *29 open() "/srv/www/key" failed (13: Permission denied), '
    b'client: 192.0.2.7, server: www.example.org, request: "GET /key HTTP/1.1"',
)
