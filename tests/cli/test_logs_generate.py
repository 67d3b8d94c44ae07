"""``concli logs generate`` as a user and a script meet it."""

import json
from pathlib import Path

import pytest

from concli.cli.logs_generate import FORMATS
from concli.logs.generate import NAMES
from tests.conftest import RunConcli


def test_help_names_the_formats_there_are() -> None:
    assert set(FORMATS) == set(NAMES)
    assert len(FORMATS) == len(NAMES)


def test_a_seed_gives_the_same_log_on_standard_output_and_in_a_file(concli: RunConcli, tmp_path: Path) -> None:
    arguments = ("logs", "generate", "--format", "klog", "--size", "50k", "--seed", "7", "--damage", "1%", "-q")
    done = concli(*arguments)
    assert (done.returncode, done.stderr) == (0, b"")
    assert 50 * 1024 <= len(done.stdout) < 200 * 1024
    assert concli(*arguments, "-o", "out").stdout == b""
    assert (tmp_path / "out").read_bytes() == done.stdout


def test_the_truth_and_the_report_tell_the_same(concli: RunConcli, tmp_path: Path) -> None:
    done = concli("logs", "generate", "--lines", "300", "--traces", "5%", "--truth", "t.jsonl", "-qo", "out", "--json")
    report = json.loads(done.stdout)
    truth = [json.loads(line) for line in (tmp_path / "t.jsonl").read_text().splitlines()]
    assert report["totals"]["entries"] == len(truth)
    assert report["totals"]["lines"] == (tmp_path / "out").read_bytes().count(b"\n")
    assert report["config"]["seed"] == 0
    assert set(truth[0]) == {"line", "timestamp", "level", "message", "fields"}


def test_a_log_can_begin_at_any_time(concli: RunConcli) -> None:
    done = concli("logs", "generate", "--lines", "1", "--start", "2024-02-29T23:59:59+01:00", "-q")
    assert done.stdout.startswith(b"2024-02-29 22:59:59")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--damage", "2"], "'2' is not a share; write 1% or 0.01"),
        (["--rate", "fast"], "'fast' is not a rate; write 500, 2k/s or 90/min"),
        (["--rate", "9/s", "--duration", "long"], "'long' is not a time"),
        (["--start", "noon"], "'noon' is not a time"),
        (["--duration", "5s"], "--duration says how long to keep up a --rate"),
        (["--json"], "--json: the log goes to standard output"),
        (["--truth", "x", "-o", "x"], "--truth and -o name the same file"),
    ],
)
def test_wrong_usage_is_one_line(concli: RunConcli, arguments: list[str], words: str) -> None:
    done = concli("logs", "generate", *arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    assert words in done.stderr.decode()
    assert len(done.stderr.splitlines()) == 1
