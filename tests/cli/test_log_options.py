"""The options that say how logs are read and which entries are chosen, as a user meets them."""

import bz2
import gzip
import json
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, RunConcli

SAMPLES = ROOT / "sample_logs"
PYTHON = SAMPLES / "python-service.log"
ACCESS = SAMPLES / "nginx-access.log"

Entries = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def entries(concli: RunConcli) -> Entries:
    """Process with these arguments, without a word, and return the entries."""

    def run(*arguments: object, **options: Any) -> list[dict[str, Any]]:
        done = concli("logs", "process", "-q", "--to", "jsonl", *arguments, **options)
        assert (done.returncode, done.stderr) == (0, b"")
        return [json.loads(line) for line in done.stdout.splitlines()]

    return run


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
def test_what_is_compressed_is_told_by_its_content(
    entries: Entries, tmp_path: Path, compress: Callable[[bytes], bytes]
) -> None:
    middle = PYTHON.read_bytes().index(b"\n2026", 9000) + 1
    data = PYTHON.read_bytes()
    (tmp_path / "log").write_bytes(compress(data[:middle]) + compress(data[middle:]))
    assert entries("log") == entries(PYTHON)
    assert entries(input=compress(data)) == entries(PYTHON)


def test_of_what_is_cut_off_all_that_is_readable_is_written(concli: RunConcli, tmp_path: Path) -> None:
    data = PYTHON.read_bytes()
    (tmp_path / "log.gz").write_bytes(gzip.compress(data)[:4000])
    done = concli("logs", "process", "-q", "log.gz", "-o", "out", "--to", "raw")
    assert done.returncode == 3
    assert done.stderr == b"concli: log.gz: the gzip data is cut off after 4000 bytes\n"
    out = (tmp_path / "out").read_bytes()
    assert len(out) > 5000
    assert data.startswith(out[:-1])
    assert concli("logs", "process", "-q", "log.gz", "--to", "raw").stdout == out


@pytest.mark.parametrize(("encoding", "options"), [("utf-16", []), ("latin-1", ["--encoding", "latin1"])])
def test_text_is_decoded(entries: Entries, tmp_path: Path, encoding: str, options: list[str]) -> None:
    (tmp_path / "log").write_bytes("2026-01-01 00:00:00 [INFO] Köln\n é\n".encode(encoding))
    assert entries("log", *options) == [{"timestamp": "2026-01-01T00:00:00", "level": "INFO", "message": "Köln\n é"}]


def test_a_quoted_pattern_of_names_and_a_directory_give_the_files(entries: Entries) -> None:
    assert len(entries(SAMPLES / "*.log")) == 2354
    assert len(entries(SAMPLES / "[rj]*.log")) == 266 + 151
    assert len(entries(SAMPLES)) == 2354


def test_a_format_can_be_forced(entries: Entries) -> None:
    jvm = SAMPLES / "jvm.log"
    assert [set(entries(jvm, "--format", name)[0]) - set(entries(PYTHON)[0]) for name in ("log4j", "general")] == [
        {"thread", "logger"},
        set(),
    ]


def test_a_pattern_is_a_format(entries: Entries) -> None:
    pattern = r"(?P<timestamp>\S+ \S+) +(?P<level>[A-Z]+) +\[(?P<thread>[^]]*)\] (?P<message>.*)"
    found = entries(SAMPLES / "jvm.log", "--pattern", pattern)
    assert len(found) == 151
    assert found[0] == {
        "timestamp": "2026-11-22T16:35:43.989",
        "level": "INFO",
        "message": "com.example.depot.Depot - depot starts on Java 17.0.15",
        "thread": "main",
    }


OWN = r"""
[[format]]
name = "mine"
pattern = '(?P<timestamp>\S+Z)\|(?P<level>\w)\|(?P<took>\d+)\|(?P<message>.*)'
levels = { E = "ERROR" }
types = { took = "number" }

[[format]]
name = "base"
pattern = 'my base (?P<message>.*)'
"""


def test_formats_of_ones_own_are_detected_and_can_be_forced(entries: Entries, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(OWN)
    (tmp_path / "log").write_text("2026-01-01T00:00:00Z|E|12|boom\n  more\n2026-01-01T00:00:01Z|I|x|\n")
    expected = [{"timestamp": "2026-01-01T00:00:00Z", "level": "ERROR", "message": "boom\n  more", "took": 12}]
    expected[0]["message"] = "boom\n  more\n2026-01-01T00:00:01Z|I|x|"
    assert entries("log", "--formats", "own.toml") == expected
    assert entries("log", "--formats", "own.toml", "--format", "mine") == expected
    # One with the name of a built-in format takes its place.
    (tmp_path / "base").write_text("my base 1\nmy base 2\n")
    for options in ([], ["--format", "base"]):
        assert entries("base", "--formats", "own.toml", *options) == [{"message": "1"}, {"message": "2"}]
    assert len(entries(ACCESS, "--formats", "own.toml")) == 542


def test_a_zone_is_given_to_timestamps_without_one(entries: Entries) -> None:
    assert entries(PYTHON, "--tz", "Europe/Berlin", "--head", 1)[0]["timestamp"] == "2026-11-22T16:35:43+01:00"
    assert entries(PYTHON, "--tz", "utc", "--head", 1)[0]["timestamp"] in (
        "2026-11-22T16:35:43Z",
        "2026-11-22T16:35:43+00:00",
    )
    assert entries(ACCESS, "--tz", "Asia/Tokyo", "--head", 1)[0]["timestamp"] == "2026-11-22T16:34:34+00:00"


def test_a_year_is_given_and_rolls_over(entries: Entries) -> None:
    log = b"Dec 31 23:59:59 host cron[1]: a\nJan  1 00:00:00 host cron[1]: b\n"
    stamps = ["2019-12-31T23:59:59", "2020-01-01T00:00:00"]
    assert [entry["timestamp"] for entry in entries("--year", 2019, input=log)] == stamps


def test_lines_that_go_on_belong_to_the_entry_before_if_that_is_wanted(entries: Entries) -> None:
    jvm = SAMPLES / "jvm.log"
    assert "\n" not in "".join(entry["message"] for entry in entries(jvm, "--multiline", "off"))
    assert entries(jvm, "--multiline", r"\d{4}-") == entries(jvm)


def test_longer_lines_are_rejected(concli: RunConcli, tmp_path: Path) -> None:
    done = concli("logs", "process", "-q", PYTHON, "--max-line", "70", "--rejects", "rejects", "--multiline", "off")
    long = [line for line in PYTHON.read_bytes().splitlines() if len(line) > 70]
    rejects = [json.loads(line) for line in (tmp_path / "rejects").read_bytes().splitlines()]
    assert len([one for one in rejects if one["reason"] == "line too long"]) == len(long)
    assert not set(done.stdout.splitlines()) & set(long)


def test_entries_are_chosen(entries: Entries) -> None:
    def levels(*arguments: object) -> dict[str, int]:
        found = [entry["level"] for entry in entries(PYTHON, *arguments)]
        return {level: found.count(level) for level in found}

    assert levels("--level", "err", "--level", "critical") == {"ERROR": 33, "CRITICAL": 2}
    assert levels("--min-level", "warning") == {"WARNING": 17, "ERROR": 33, "CRITICAL": 2}
    assert levels("--grep", "listening", "--exclude", "9999") == {"INFO": 1}
    halves = [sum(levels(option, "2026-11-22 16:36").values()) for option in ("--since", "--until")]
    assert (sum(halves), min(halves) > 50) == (367, True)
    assert levels("--where", "level = ERROR and message ~ 'order'").keys() == {"ERROR"}
    assert len(entries(ACCESS, "--where", "status >= 500 and method = 'GET'")) < 69
    assert 10 < sum(levels("--sample", "20%").values()) < 150
    assert levels("--sample", "0.2", "--seed", 4) == levels("--sample", "20%", "--seed", "4")


@pytest.mark.parametrize("command", ["process", "stats"])
@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--tz", "Mars/Phobos"),
        ("--where", "status >"),
        ("--pattern", "("),
        ("--pattern", "no group"),
        ("--format", "nonsense"),
        ("--since", "gestern"),
        ("--until", "25:00"),
        ("--sample", "300%"),
        ("--min-level", "loud"),
        ("--encoding", "klingon"),
        ("--multiline", "("),
        ("--year", "0"),
        ("--exclude", "("),
    ],
)
def test_a_value_that_makes_no_sense_is_one_line_and_exit_2(
    concli: RunConcli, command: str, option: str, value: str
) -> None:
    done = concli("logs", command, PYTHON, option, value)
    assert done.returncode == 2
    (line,) = done.stderr.decode().splitlines()
    assert option in line or value in line
    assert done.stdout == b""


def test_stats_choose_and_read_alike(concli: RunConcli) -> None:
    done = concli(
        "logs", "stats", ACCESS, "--where", "status >= 500", "--top", "status", "--format", "combined", "--json", "-q"
    )
    report = json.loads(done.stdout)
    assert report["totals"]["filtered"] == 542 - 69
    assert set(report["result"]["levels"]) == {"ERROR"}


def test_a_field_that_no_entry_has_is_worth_a_word(concli: RunConcli) -> None:
    for command, options in (("process", ["--where", "nothing > 1"]), ("stats", ["--top", "nothing"])):
        done = concli("logs", command, PYTHON, "-q", *options)
        assert done.returncode == 0
        assert done.stderr == b"concli: no entry has nothing; see `concli logs formats`, and quote text in --where\n"
