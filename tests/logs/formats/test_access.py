"""Access logs."""

import re

import pytest

from concli.logs.formats.access import COMBINED, COMMON
from tests.conftest import ROOT
from tests.logs.formats.vector import (
    check_common_law,
    check_equals_expression,
    check_needs_no_expression,
    chunk_of,
    entries_of,
    one,
    scanner_of,
)

SAMPLES = [
    b'127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif HTTP/1.0" 200 2326',
    b'::1 - - [22/Nov/2026:16:34:34 +0000] "DELETE /a b HTTP/1.1" 405 -',
    b'web.example.org - - [22/Nov/2026:17:34:34 +0000] "POST /' + b"long/" * 40 + b' HTTP/2.0" 500 0',
]
TAILS = [b' "-" "curl/7.88.1"', b' "http://www.example.org/" "' + b"Mozilla (X11) " * 9 + b'"', b' "" ""']
LONGER = [line + tail for line, tail in zip(SAMPLES, TAILS, strict=True)]
ODD = [
    b'10.0.0.1 - a name [22/Nov/2026:16:34:34 +0000] "GET /x HTTP/1.1" 200 17',
    b'10.0.0.1 - - [22/Nov/2026:16:34:34 +0000] "\\x16\\x03\\x01" 400 157',
    b'10.0.0.1 - - [22/Nov/2026:16:34:34 +0000] "GET /a\\" b HTTP/1.1" 400 157',
    b'10.0.0.1 - - [22/Nov/2026:16:34:34 +0000] "GET /a\\ HTTP/1.1" 400 157',
    b'10.0.0.1 - - [22/Nov/2026:16:34:34 +0000] "-" 408 0',
    b'10.0.0.1 - - [22/Nov/2026:16:34:34 +0000] "GET /x HTTP/1.1" 200 123456789012',
]


def test_it_equals_its_expression() -> None:
    check_equals_expression(COMMON, SAMPLES + ODD)
    check_equals_expression(COMBINED, LONGER)
    odd = [line + b' "-" "it \\"says\\" \\\\" "10.0.0.7"' for line in ODD]
    check_equals_expression(COMBINED, LONGER + [line + b' "192.0.2.1"' for line in LONGER] + odd)


def test_usual_lines_are_settled_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    check_needs_no_expression(COMMON, SAMPLES, monkeypatch)
    check_needs_no_expression(COMBINED, LONGER, monkeypatch)
    check_needs_no_expression(COMBINED, [LONGER[0], LONGER[1] + b' "192.0.2.1"'], monkeypatch)


def test_it_keeps_the_common_law() -> None:
    check_common_law(COMMON, SAMPLES + ODD)
    check_common_law(COMBINED, LONGER)


def test_the_parts_of_a_line_are_found() -> None:
    assert one(COMBINED, LONGER[0]) == {
        "raw": LONGER[0],
        "timestamp": b"2000-10-10T13:55:36-07:00",
        "level": b"INFO",
        "remote_addr": b"127.0.0.1",
        "ident": None,
        "user": b"frank",
        "method": b"GET",
        "path": b"/apache_pb.gif",
        "protocol": b"HTTP/1.0",
        "status": b"200",
        "bytes": b"2326",
        "referer": None,
        "user_agent": b"curl/7.88.1",
        "extra": None,
        "message": b"GET /apache_pb.gif HTTP/1.0",
    }
    assert one(COMMON, SAMPLES[1])["bytes"] is None
    assert [one(COMMON, line)["level"] for line in SAMPLES] == [b"INFO", b"WARNING", b"ERROR"]


def test_a_request_that_is_none_is_only_the_message() -> None:
    entry = one(COMMON, ODD[1])
    assert (entry["message"], entry["method"], entry["path"]) == (b"\\x16\\x03\\x01", None, None)
    assert one(COMMON, ODD[2])["path"] == b'/a\\" b'
    assert one(COMMON, ODD[0])["user"] == b"a name"


def test_a_real_log_is_read_whole() -> None:
    data = (ROOT / "sample_logs/nginx-access.log").read_bytes()
    entries = entries_of(scanner_of(COMBINED).scan(chunk_of(data)))
    assert len(entries) == 542
    for entry, line in zip(entries, data.split(b"\n"), strict=False):
        parts = re.match(rb'(\S+) - (.*?) \[.*?\] "(.*?)" (\d+) (\d+) "(.*?)" "(.*?)"\Z', line)
        assert parts
        assert [entry["remote_addr"], entry["message"], (entry["status"] or b"").rjust(3, b"0"), entry["bytes"]] == [
            parts[1], parts[3], parts[4], parts[5]
        ]  # fmt: skip
        assert [entry["referer"] or b"-", entry["user_agent"] or b"-"] == [parts[6], parts[7]]
