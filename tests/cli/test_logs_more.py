"""What ``concli logs process`` does with what was read: shape it, write it, go on, and start again."""

import csv
import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, RunConcli
from tests.logs.formats.test_samples import EXPECTED

SAMPLES = ROOT / "sample_logs"
PYTHON = SAMPLES / "python-service.log"
ACCESS = SAMPLES / "nginx-access.log"
ENTRY = b"2026-01-01 00:00:00 [INFO] %d\n"


def entries_of(data: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in data.splitlines()]


def start(env: dict[str, str], folder: Path, *arguments: object) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "concli", "logs", "process", "-q", *map(str, arguments)]
    pipe = subprocess.PIPE
    # Unbuffered, so that `communicate` has what `readline` has left.
    return subprocess.Popen(command, 0, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe)


def ended(process: "subprocess.Popen[bytes]") -> tuple[int, bytes, bytes]:
    out, err = process.communicate(timeout=30)
    return process.returncode, out, err


@pytest.mark.parametrize("name", EXPECTED)
def test_of_each_sample_all_is_there(concli: RunConcli, tmp_path: Path, name: str) -> None:
    done = concli("logs", "process", SAMPLES / name, "-q", "-o", "out.jsonl", "--rejects", "rejects", "--json")
    report = json.loads(done.stdout)
    totals, (found,) = report["totals"], report["result"]["formats"]
    counts = tuple(totals[part] for part in ("written", "continued", "rejected", "blank"))
    entries = entries_of((tmp_path / "out.jsonl").read_bytes())
    levels = Counter(entry.get("level", "") for entry in entries)
    assert (found["format"], counts, dict(levels)) == EXPECTED[name]
    assert report["result"]["levels"] == {level: count for level, count in EXPECTED[name][2].items() if level}
    assert (found["share"], (tmp_path / "rejects").read_bytes()) == (1, b"")


def test_the_samples_together_are_in_the_order_of_time(concli: RunConcli) -> None:
    one_by_one = entries_of(concli("logs", "process", "-q", "--to", "jsonl", SAMPLES / "*.log").stdout)
    merged = entries_of(concli("logs", "process", "-q", "--to", "jsonl", "--merge", SAMPLES / "*.log").stdout)
    merged_items, items = ([sorted(map(str, entry.items())) for entry in entries] for entries in (merged, one_by_one))
    assert sorted(merged_items) == sorted(items)
    # Within a file an entry that is too early stays behind the one before it.
    late = sum(a["timestamp"][:19] > b["timestamp"][:19] for a, b in pairwise(merged))
    assert late < 5


def test_fields_are_written_in_the_order_in_which_they_are_named(concli: RunConcli) -> None:
    options = ("-q", "--fields", "status,timestamp,nothing", "--to", "csv", "--head", 2)
    done = concli("logs", "process", ACCESS, *options)
    assert done.stdout.decode() == (
        "status,timestamp,nothing\n502,2026-11-22T16:34:34+00:00,\n500,2026-11-22T16:34:34+00:00,\n"
    )
    assert done.stderr.startswith(b"concli: no entry has nothing")


def test_a_table_of_a_mixed_directory_says_what_it_has_no_column_for(concli: RunConcli, tmp_path: Path) -> None:
    done = concli("logs", "process", SAMPLES / "[jn]*.log", "-q", "-o", "out.csv")
    assert done.returncode == 0
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("concli: there was no column for ")
    assert all(name in line for name in ("status (542)", "path (539)", "--fields"))
    text = (tmp_path / "out.csv").read_text("utf-8", "surrogateescape")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert rows[0] == ["timestamp", "level", "message", "thread", "logger"]
    assert len(rows) == 1 + 151 + 542 + 205


def test_repeats_in_a_row_are_one_with_their_number(concli: RunConcli) -> None:
    log = b"".join(ENTRY % n for n in (1, 1, 1, 2, 1))
    assert (
        concli("logs", "process", "-q", "--dedup", input=log).stdout
        == (ENTRY % 1).replace(b"\n", b" [repeated 3 times]\n") + ENTRY % 2 + ENTRY % 1
    )
    found = entries_of(concli("logs", "process", "-q", "--dedup", "--to", "jsonl", input=log).stdout)
    assert [(one["message"], one.get("repeated")) for one in found] == [("1", 3), ("2", None), ("1", None)]


def test_what_is_private_is_hidden_from_every_output(concli: RunConcli) -> None:
    log = b"2026-01-01 00:00:00 [INFO] anna@example.org from 192.0.2.7 has card 4711\n"
    for to in ("text", "raw", "jsonl", "csv", "logfmt"):
        done = concli("logs", "process", "-q", "--redact", "ip,email", "--redact", r"card \d+", "--to", to, input=log)
        assert done.returncode == 0
        assert not [secret for secret in (b"anna", b"192.0", b"4711") if secret in done.stdout]


@pytest.mark.parametrize("target", ["new", "new-{status}.jsonl"])
def test_there_is_a_file_for_each_value(concli: RunConcli, tmp_path: Path, target: str) -> None:
    done = concli("logs", "process", ACCESS, "-q", "--split-by", "status", "--to", "jsonl", "-o", target)
    assert (done.returncode, done.stderr) == (0, b"")
    paths = tmp_path.glob("new/*" if target == "new" else "new-*")
    files = {path.name: entries_of(path.read_bytes()) for path in paths}
    assert len(files) == 15
    assert sum(map(len, files.values())) == 542
    for name, entries in files.items():
        assert {f"{entry['status']}.jsonl" for entry in entries} == {name.removeprefix("new-")}


def test_a_database_holds_the_entries(concli: RunConcli, tmp_path: Path) -> None:
    assert concli("logs", "process", ACCESS, "-q", "-o", "out.db").returncode == 0
    with closing(sqlite3.connect(tmp_path / "out.db")) as database:
        assert database.execute("select count(*), sum(status >= 500) from entries").fetchone() == (542, 69)
        query = "select timestamp, level, path, bytes from entries limit 1"
        assert database.execute(query).fetchone() == ("2026-11-22T16:34:34+00:00", "ERROR", "/api/health", 157)


def test_rejects_fed_back_with_a_better_pattern_give_the_missing_entries(concli: RunConcli, tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(ENTRY % 1 + b"2026/01/02 03:04:05 h|WARN|odd\n" + ENTRY % 2 + b"neither\n")
    first = concli("logs", "process", "log", "-q", "--multiline", "off", "--to", "jsonl", "--rejects", "rejects")
    assert [entry["message"] for entry in entries_of(first.stdout)] == ["1", "2"]
    pattern = r"(?P<timestamp>\S+ \S+) (?P<host>\w+)\|(?P<level>\w+)\|(?P<message>.*)"
    options = ("--pattern", pattern, "--multiline", "off", "--to", "jsonl", "--rejects", "still")
    second = concli("logs", "process", "rejects", "-q", *options)
    assert entries_of(second.stdout) == [
        {"timestamp": "2026-01-02T03:04:05", "level": "WARN", "message": "odd", "host": "h"}
    ]
    third = concli("logs", "process", "still", "-q", "--pattern", "(?P<message>.*)", "--to", "jsonl")
    assert entries_of(third.stdout) == [{"message": "neither"}]


def test_a_run_that_is_killed_and_begun_again_writes_each_entry_once(
    concli: RunConcli, concli_env: dict[str, str], tmp_path: Path
) -> None:
    log, out = tmp_path / "log", tmp_path / "out"
    arguments = ("log", "--state", "state", "-o", "out")
    expected = b""
    for round_ in range(3):
        more = b"".join(ENTRY % n for n in range(round_ * 100_000, (round_ + 1) * 100_000))
        expected += more
        with log.open("ab") as file:
            file.write(more)
        os.utime(log, (1, 1))  # long ago: nobody is still writing to it
        before = len(expected) - len(more)
        killed = start(concli_env, tmp_path, *arguments)
        while killed.poll() is None and (not out.exists() or out.stat().st_size == before):
            pass
        killed.kill()
        ended(killed)
        assert concli("logs", "process", "-q", *arguments).returncode == 0
        assert out.read_bytes() == expected


def test_what_is_appended_to_a_table_has_its_columns(concli: RunConcli, tmp_path: Path) -> None:
    for number, sample in enumerate((ACCESS, SAMPLES / "jvm.log", ACCESS)):
        log = tmp_path / f"{number}.log"
        log.write_bytes(sample.read_bytes())
        os.utime(log, (1, 1))
        done = concli("logs", "process", log, "-q", "--state", "state", "-o", "out.csv")
        assert (b"no column for" in done.stderr) == (number == 1)
    text = (tmp_path / "out.csv").read_text("utf-8", "surrogateescape")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert {len(row) for row in rows} == {14}
    assert len(rows) == 1 + 542 + 151 + 542


def test_a_state_among_the_inputs_is_not_read(concli: RunConcli, tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "log").write_bytes(ENTRY % 1)
    os.utime(folder / "log", (1, 1))
    for _ in range(2):
        done = concli("logs", "process", folder, "-q", "--state", folder / "state", "-o", "out", "--rejects", "rejects")
        assert (done.returncode, done.stderr) == (0, b"")
    assert (tmp_path / "out").read_bytes() == ENTRY % 1
    assert (tmp_path / "rejects").read_bytes() == b""


@pytest.mark.parametrize("more", [[], ["--dedup"]])
def test_following_goes_on_through_a_rotation_and_an_interrupt_loses_nothing(
    concli_env: dict[str, str], tmp_path: Path, more: list[str]
) -> None:
    log = tmp_path / "log"
    log.write_bytes(ENTRY % 1 + ENTRY % 2)
    run = start(concli_env, tmp_path, "log", "--follow", "--to", "jsonl", *more)
    assert run.stdout
    assert json.loads(run.stdout.readline())["message"] == "1"
    log.rename(tmp_path / "log.1")
    log.write_bytes(ENTRY % 3 + ENTRY % 4)
    assert [json.loads(run.stdout.readline())["message"] for _ in range(2)] == ["2", "3"]
    with log.open("ab") as file:
        file.write(b"  goes on\n" + ENTRY % 5 + ENTRY % 6)
    # Whether the last is still held back then, to see if it goes on or is repeated, depends on the time.
    while json.loads(run.stdout.readline())["message"] != "5":
        pass
    run.send_signal(signal.SIGINT)
    code, out, err = ended(run)
    assert (code, err) == (130, b"")
    assert entries_of(out)[-1]["message"] == "6"


def test_a_merge_that_waits_can_be_interrupted(concli_env: dict[str, str], tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "out").write_bytes(b"before")
    run = start(concli_env, tmp_path, PYTHON, "pipe", "--merge", "-o", "out")
    with (tmp_path / "pipe").open("wb"):  # it has been opened by the other side, too
        run.send_signal(signal.SIGINT)
        assert ended(run) == (130, b"", b"")
    assert (tmp_path / "out").read_bytes() == b"before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "pipe"]


@pytest.mark.parametrize("more", ["", "--merge", "--dedup"])
def test_whoever_closes_the_output_early_ends_it(concli_env: dict[str, str], tmp_path: Path, more: str) -> None:
    (tmp_path / "log").write_bytes(ACCESS.read_bytes() * 20)
    command = f"'{sys.executable}' -m concli logs process -q log --to jsonl {more} | head -n 1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", command], check=False, capture_output=True, env=concli_env, cwd=tmp_path, timeout=50
    )
    assert done.stdout.splitlines()[-1:] == [b"141"]
    assert done.stderr == b""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--redact", "("], "--redact"),
        (["--head", "-1"], "--head"),
        (["--fields", ","], "--fields"),
        (["--state", "s", "--to", "sqlite", "-o", "o.db"], "--state"),
        (["--state", "s", "--split-by", "level", "-o", "d"], "--state"),
        (["--state", "s", "--head", "3"], "--head"),
        (["--merge", "--follow"], "--merge"),
        (["--merge", "--state", "s"], "--merge"),
        (["--merge", "--to", "csv"], "--fields"),
        (["--follow", "--to", "sqlite", "-o", "o.db"], "--follow"),
        (["--split-by", "level"], "-o"),
        (["--to", "sqlite"], "-o"),
        (["--pattern", "(?P<message>.)", "--format", "base"], "--pattern"),
    ],
)
def test_what_makes_no_sense_is_one_line_and_exit_2(
    concli: RunConcli, tmp_path: Path, arguments: list[str], words: str
) -> None:
    done = concli("logs", "process", PYTHON, *arguments)
    assert done.returncode == 2
    (line,) = done.stderr.decode().splitlines()
    assert words in line
    assert done.stdout == b""
    assert not [path for path in tmp_path.iterdir() if path.name not in ("s", "s.lock")]


@pytest.mark.parametrize("option", [["-o", "same"], ["-o", "out", "--rejects", "./same"]])
def test_the_state_is_no_output(concli: RunConcli, tmp_path: Path, option: list[str]) -> None:
    done = concli("logs", "process", PYTHON, "--state", "same", *option)
    assert (done.returncode, len(done.stderr.splitlines())) == (3, 1)
    assert list(tmp_path.iterdir()) == []
