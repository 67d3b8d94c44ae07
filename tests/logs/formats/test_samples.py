"""What is made of the real logs, counted line by line."""

from collections import Counter

import pytest

from concli.logs.detect import detect
from concli.logs.formats.registry import all_formats, by_name
from tests.conftest import ROOT
from tests.logs.formats.scanning import Entry, entries_of, raws_of, scan

SAMPLES = ROOT / "sample_logs"

# The format; entries, lines that go on, rejects and blank lines; and how many entries have each level.
EXPECTED: dict[str, tuple[str, tuple[int, int, int, int], dict[str, int]]] = {
    "dpkg.log": ("general", (500, 0, 0, 0), {"": 500}),
    "jvm.log": ("log4j", (151, 393, 0, 0), {"INFO": 53, "DEBUG": 58, "ERROR": 31, "WARN": 7, "FATAL": 2}),
    "nginx-access.log": ("combined", (542, 0, 0, 0), {"INFO": 264, "WARNING": 209, "ERROR": 69}),
    "nginx-error.log": ("nginx-error", (205, 3, 0, 0), {"error": 204, "warn": 1}),
    "postgresql.log": (
        "postgresql",
        (323, 115, 0, 0),
        {
            "LOG": 230,
            "ERROR": 25,
            "FATAL": 4,
            "WARNING": 1,
            "STATEMENT": 32,
            "DETAIL": 18,
            "CONTEXT": 8,
            "HINT": 5,
        },
    ),
    "python-service.log": (
        "base",
        (367, 195, 0, 0),
        {"DEBUG": 222, "INFO": 93, "WARNING": 17, "ERROR": 33, "CRITICAL": 2},
    ),
    "redis.log": ("redis", (266, 0, 0, 0), {"WARNING": 35, "NOTICE": 107, "VERBOSE": 118, "DEBUG": 5, "": 1}),
}

# One entry of each, by number.
ENTRIES: dict[str, tuple[int, Entry]] = {
    "dpkg.log": (250, Entry(b"2026-05-09T07:29:24", b"", b"status unpacked wget:amd64 1.21.3-1+deb12u1", {})),
    "jvm.log": (
        0,
        Entry(
            b"2026-11-22T16:35:43.989",
            b"INFO",
            b"depot starts on Java 17.0.15",
            {"thread": "main", "logger": "com.example.depot.Depot"},
        ),
    ),
    "nginx-error.log": (
        5,
        Entry(
            b"2026-11-22T16:34:38",
            b"error",
            b'open() "/srv/www/html/\nline" failed (2: No such file or directory), client: 127.0.0.20, server: '
            b'www.example.org, request: "GET /files/%0Aline HTTP/1.1", host: "www.example.org", referrer: '
            b'"https://search.example.com/?q=tea+%22pot%22"',
            {"pid": 19589, "tid": 19589, "connection": 28},
        ),
    ),
    "postgresql.log": (
        5,
        Entry(
            b"2026-11-22T16:37:15.067Z",
            b"LOG",
            b"connection received: host=[local]",
            {"pid": 21101, "user": "[unknown]", "database": "[unknown]"},
        ),
    ),
    "python-service.log": (
        366,
        Entry(b"2026-11-22T16:36:59", b"INFO", "bye – „bis bald“".encode(), {}),  # noqa: RUF001 - it is what the log has
    ),
    "redis.log": (
        2,
        Entry(b"2026-11-22T16:34:44.389", b"WARNING", b"Configuration loaded", {"pid": 19743, "role": "C"}),
    ),
}


def test_there_is_no_sample_without_its_counts() -> None:
    assert sorted(path.name for path in SAMPLES.glob("*.log")) == sorted(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_each_line_of_a_sample_is_what_it_is(name: str) -> None:
    data = (SAMPLES / name).read_bytes()
    detection = detect(data[: 64 * 1024], all_formats())
    found = scan(detection.format, data)
    counts = (found.entries.size, found.continued, len(found.rejected), found.blank)
    entries = entries_of(found)
    levels = Counter(entry.level.decode() for entry in entries)
    assert (detection.format.name, counts, dict(levels)) == EXPECTED[name]
    assert detection.share == 1
    if name in ENTRIES:
        number, entry = ENTRIES[name]
        assert entries[number] == entry
    # Nothing but the blank lines at the end is not in an entry.
    assert b"\n".join(raws_of(found)) == data.rstrip(b"\n")


def test_the_line_redis_writes_from_a_signal_handler_is_an_entry() -> None:
    entries = entries_of(scan(by_name("redis"), (SAMPLES / "redis.log").read_bytes()))
    (entry,) = (entry for entry in entries if not entry.level)
    assert entry == Entry(
        b"2026-11-22T16:35:41Z",
        b"",
        b"Received SIGTERM scheduling shutdown...",
        {"pid": 20416},
    )
