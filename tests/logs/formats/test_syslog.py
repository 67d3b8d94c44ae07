"""System logs."""

import pytest

from concli.logs.formats.syslog import SYSLOG, SYSLOG5424
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
    b"Nov 22 16:35:43 web1 sshd[4711]: Accepted publickey for anna",
    b"<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8",
    b"Feb  5 17:32:18 10.0.0.99 kernel: [ 12.345] usb 1-1: new device",
    b"<191>Nov 22 16:35:43 web1 " + b"a-long-program/" * 8 + b"x[1]: m",
]
ISO = [
    b"2026-11-22T16:35:43.989123+01:00 web1 systemd[1]: Started x.",
    b"2026-11-22T16:35:43+01:00 web1 systemd[1]: Started x.",
]
ODD = [
    b"Nov 22 16:35:43 web1 -- MARK --",
    b"Nov 22 16:35:43 web1 last message repeated: 3 times",
    b"Nov 22 16:35:60 web1 x:",
]
NEW = [
    b"<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - 'su root' failed for lonvick",
    b'<165>1 2003-10-11T22:14:15.003Z web1 evntslog 17 ID47 [exampleSDID@32473 iut="3" eventSource="App"] An event',
]
NEW_ODD = [
    b'<165>1 2003-10-11T22:14:15.003Z web1 a - - [x@1 a="\\] "][y@2 b="c"] \xef\xbb\xbfm',
    b'<165>1 2003-10-11T22:14:15.003Z web1 a - - [x@1 a="b"]',
    b"<0>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - %% It's time",
]


def test_it_equals_its_expression() -> None:
    check_equals_expression(SYSLOG, SAMPLES + ODD)
    check_equals_expression(SYSLOG, ISO + ODD)
    check_equals_expression(SYSLOG5424, NEW + NEW_ODD)


def test_usual_lines_are_settled_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    check_needs_no_expression(SYSLOG, SAMPLES, monkeypatch)
    for line in ISO:
        check_needs_no_expression(SYSLOG, [line] * 2, monkeypatch)
    check_needs_no_expression(SYSLOG5424, NEW, monkeypatch)


def test_it_keeps_the_common_law() -> None:
    check_common_law(SYSLOG, SAMPLES + ISO + ODD)
    check_common_law(SYSLOG5424, NEW + NEW_ODD)


def test_the_parts_of_a_line_are_found() -> None:
    entry = one(SYSLOG, SAMPLES[0])
    assert [entry[name] for name in ("host", "program", "pid")] == [b"web1", b"sshd", b"4711"]
    assert (entry["level"], entry["message"]) == (b"", b"Accepted publickey for anna")
    entry = one(SYSLOG, SAMPLES[1])
    assert (entry["level"], entry["pid"], entry["timestamp"]) == (b"CRIT", None, b"2026-10-11T22:14:15")
    entry = one(SYSLOG, ODD[0])
    assert (entry["program"], entry["message"]) == (None, b"-- MARK --")
    entry = one(SYSLOG5424, NEW[1])
    assert (entry["level"], entry["msgid"], entry["message"]) == (b"NOTICE", b"ID47", b"An event")
    assert entry["data"] == b'[exampleSDID@32473 iut="3" eventSource="App"]'
    assert one(SYSLOG5424, NEW[0])["data"] is None
    assert [one(SYSLOG5424, line)["message"] for line in NEW_ODD] == [b"m", b"", b"%% It's time"]


@pytest.mark.parametrize("priority", range(192))
def test_a_priority_says_the_level(priority: int) -> None:
    names = [b"EMERG", b"ALERT", b"CRIT", b"ERR", b"WARNING", b"NOTICE", b"INFO", b"DEBUG"]
    assert one(SYSLOG, b"<%d>Nov 22 16:35:43 web1 x: y" % priority)["level"] == names[priority % 8]


def test_years_go_on_at_new_year() -> None:
    days = [b"Dec 30", b"Dec 31", b"Jan  1", b"Jan  1", b"Dec 31", b"Feb 29"]
    data = b"\n".join(day + b" 10:00:00 web1 x: y" for day in days)
    scan = scanner_of(SYSLOG).scan(chunk_of(data, year=2027))
    assert [(e["timestamp"] or b"")[:10] for e in entries_of(scan)] == [
        b"2027-12-30", b"2027-12-31", b"2028-01-01", b"2028-01-01", b"2027-12-31", b"2028-02-29"
    ]  # fmt: skip
    scan = scanner_of(SYSLOG).scan(chunk_of(b"Feb 29 10:00:00 web1 x: y", year=2027))
    assert (scan.entries.size, scan.reasons) == (0, ["impossible date"])


def test_parts_of_any_length_are_found_across_windows() -> None:
    hosts = [b"h" * length for length in range(1, 200)]
    entries = entries_of(
        scanner_of(SYSLOG).scan(chunk_of(b"\n".join(b"Nov 22 16:35:43 %s a b c: d" % h for h in hosts)))
    )
    assert [entry["host"] for entry in entries] == hosts
    assert {(entry["program"], entry["message"]) for entry in entries} == {(None, b"a b c: d")}
    data = b"\n".join(b"Nov 22 16:35:43 %s %s[%s]: m" % (h, h, h) for h in hosts)
    entries = entries_of(scanner_of(SYSLOG).scan(chunk_of(data)))
    assert [(entry["host"], entry["program"], entry["pid"], entry["message"]) for entry in entries] == [
        (host, host, host, b"m") for host in hosts
    ]
