"""Logs of Apache, nginx, PostgreSQL and Redis beyond their examples and the samples."""

import pytest

from concli.logs.formats.format import Format
from concli.logs.formats.servers import APACHE_ERROR, NGINX_ERROR, POSTGRESQL, REDIS
from tests.logs.formats.scanning import Entry, read, scan
from tests.logs.formats.vector import check_common_law, check_equals_expression, check_needs_no_expression

_APACHE = b"[Sun Nov 22 16:35:43.123456 2026] "
SAMPLES: dict[str, list[bytes]] = {
    "apache-error": [
        _APACHE + b"[core:error] [pid 12:tid 140735196197696] [client 192.0.2.7:40130] AH00037: Symbolic link",
        _APACHE + b"[ssl:trace1] [pid 12] (2)No such file: [client ::1] AH02: x",
        _APACHE + b"[notice] caught SIGTERM",
        _APACHE + b"[mpm_event:notice] [client ::1] AH1: b",
    ],
    "nginx-error": [
        b'2026/11/22 16:34:39 [error] 19589#19589: *29 open() "/srv/www/key" failed (13: Permission denied)',
        b"2026/11/22 16:34:34 [emerg] 1#2: bind() failed",
        b"2026/11/22 16:34:34 [info] 1#2: *5 ",
    ],
    "postgresql": [
        b"2026-11-22 16:37:15.219 UTC [21105] clerk@library ERROR:  division by zero",
        b"2026-11-22 16:37:15.219 UTC [21105] clerk@library STATEMENT:  SELECT 1",
        b"2026-11-22 16:37:15.219 UTC [1] LOG:  a@b c",
        b"2026-11-22 16:37:15.219 UTC [1]: [7-1] @ DEBUG2:  x",
        b"2026-11-22 16:37:15.219 UTC [1] [12-34] LOG:  x",
    ],
    "redis": [
        b"19743:M 22 Nov 2026 16:34:44.391 # Server initialized",
        b"1:C 22 Nov 2026 16:34:44.392 * x",
        b"1234567:S 22 Nov 2026 16:34:44.392 - ",
    ],
}
FORMATS = [APACHE_ERROR, NGINX_ERROR, POSTGRESQL, REDIS]
each = pytest.mark.parametrize("tested", FORMATS, ids=lambda tested: tested.name)


@each
def test_it_equals_its_expression(tested: Format) -> None:
    more = [
        b"1:signal-handler (1795365343) x",
        b"2026-11-22 16:37:15 CEST [1] LOG:  x",
        b"[Sun Nov 22 16:35:43 2026] [x] ",
    ]
    check_equals_expression(tested, SAMPLES[tested.name] + more)


@each
def test_usual_lines_are_settled_at_once(tested: Format, monkeypatch: pytest.MonkeyPatch) -> None:
    check_needs_no_expression(tested, SAMPLES[tested.name] * 3, monkeypatch)


@each
def test_it_keeps_the_common_law(tested: Format) -> None:
    one_line = tested._replace(example=tested.example.split(b"\n")[0])
    check_common_law(one_line, SAMPLES[tested.name])


@pytest.mark.parametrize("zone", [b"+03", b"CEST", b"+0530", b"+05:30"])
@pytest.mark.parametrize("fraction", [b"", b".219"])
def test_postgresql_in_any_zone_is_settled_at_once(
    zone: bytes, fraction: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [line.replace(b".219 UTC", fraction + b" " + zone) for line in SAMPLES["postgresql"]]
    check_needs_no_expression(POSTGRESQL, lines, monkeypatch)
    check_equals_expression(POSTGRESQL, lines)


def test_apache_without_fractions_is_settled_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    check_needs_no_expression(
        APACHE_ERROR, [line.replace(b".123456", b"") for line in SAMPLES["apache-error"]], monkeypatch
    )


def test_redis_tells_of_a_crash_in_seconds_and_without_a_level() -> None:
    (entry,) = read(REDIS, b"1:signal-handler (1795365343) Received SIGTERM")
    assert entry == Entry(b"2026-11-22T16:35:43Z", b"", b"Received SIGTERM", {"pid": 1})


def test_apache_names_module_process_client_and_code_where_it_has_them() -> None:
    text = (
        b"[Sun Nov 22 16:35:43.123456 2026] [core:error] [pid 12:tid 34] [client ::1:40130] AH00037: no link\n"
        b"[Sun Nov 22 16:35:43 2026] [notice] caught SIGTERM\n"
        b"[Sun Nov 22 16:35:43.5 2026] [ssl:trace1] [pid 12] (2)No such file: [client ::1] AH02: x\n"
    )
    assert read(APACHE_ERROR, text) == [
        Entry(
            b"2026-11-22T16:35:43.123456",
            b"error",
            b"no link",
            {"module": "core", "pid": 12, "tid": 34, "client": "::1:40130", "code": "AH00037"},
        ),
        Entry(b"2026-11-22T16:35:43", b"notice", b"caught SIGTERM", {}),
        Entry(
            b"2026-11-22T16:35:43.5",
            b"trace1",
            b"(2)No such file: [client ::1] AH02: x",
            {"module": "ssl", "pid": 12},
        ),
    ]


def test_nginx_has_messages_without_a_connection() -> None:
    (entry,) = read(NGINX_ERROR, b"2026/11/22 16:34:34 [emerg] 1#2: bind() failed")
    assert entry == Entry(b"2026-11-22T16:34:34", b"emerg", b"bind() failed", {"pid": 1, "tid": 2})


def test_postgresql_has_statements_over_several_lines_and_zones() -> None:
    text = (
        b"2026-11-22 16:37:14 CET [1] LOG:  statement: SELECT\n\n\t1;\n"
        b"2026-11-22 16:37:14.5 +03 [1] [7-1] a@b DEBUG2:  x: y\n"
    )
    assert read(POSTGRESQL, text) == [
        Entry(b"2026-11-22T16:37:14", b"LOG", b"statement: SELECT\n\n\t1;", {"pid": 1}),
        Entry(
            b"2026-11-22T16:37:14.5+03:00", b"DEBUG2", b"x: y", {"pid": 1, "number": 7, "user": "a", "database": "b"}
        ),
    ]


def test_redis_marks_are_levels_and_an_impossible_date_is_none() -> None:
    lines = [b"1:M 22 Nov 2026 16:34:44.391 %b x" % mark for mark in (b"#", b"*", b"-", b".")]
    assert [entry.level for entry in read(REDIS, b"\n".join(lines))] == [b"WARNING", b"NOTICE", b"VERBOSE", b"DEBUG"]
    found = scan(REDIS, b"1:M 31 Nov 2026 16:34:44.391 # x")
    assert found.reasons == ["impossible date"]
