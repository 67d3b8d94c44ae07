"""Logs of Apache, nginx, PostgreSQL and Redis beyond their examples and the samples."""

from concli.logs.formats.servers import APACHE_ERROR, NGINX_ERROR, POSTGRESQL, REDIS
from tests.logs.formats.scanning import Entry, read, scan


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
