"""The benchmark of the formats runs, and what it tells the peers to do is the same work."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from concli.logs.generate.log import NAMES, Choice, Log
from tests.bench.commands import Command
from tests.bench.format_rows.aims import aims
from tests.bench.format_rows.check import base_entries, differences, lines_in
from tests.bench.format_rows.contenders import DUCKDB, ONE_THREAD, POLARS, TWO_THREADS, Contender, Row
from tests.bench.format_rows.results import Results
from tests.bench.format_rows.shapes import SHAPES
from tests.bench.format_rows.table import formats_table
from tests.bench.timing import Sample
from tests.conftest import ROOT


def test_every_format_that_can_be_made_is_measured() -> None:
    assert set(SHAPES) == set(NAMES)


@pytest.mark.parametrize("name", [name for name, shape in SHAPES.items() if shape.pattern])
def test_the_expression_of_the_peers_finds_each_entry_and_nothing_else(name: str) -> None:
    part = Log(Choice(name, traces=0.05)).part(1000)
    matches = [re.match(SHAPES[name].pattern, line) for line in part.data.decode().split("\n")[:-1]]
    entries = [match for match in matches if match and match[SHAPES[name].always]]
    assert len(entries) == part.entries


def test_the_bench_runs_and_the_work_is_done(concli_env: dict[str, str], tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    argv = ["--size", "20KiB", "--rounds", "1", "--only", "base", "--dir", str(tmp_path), "--json", str(figures)]
    script = str(ROOT / "tests" / "bench" / "log_formats.py")
    done = subprocess.run(
        [sys.executable, script, *argv], check=False, capture_output=True, text=True, env=concli_env, timeout=50
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "base: at least 2 times as fast as polars" in done.stdout
    base = next(row for row in json.loads(figures.read_text())["rows"] if row["name"] == "base")
    counted = {each["counted"] for each in base["contenders"] if each["problem"] != "not installed"}
    assert len(counted) == 1
    assert counted.pop() > 100
    assert [path.name for path in tmp_path.iterdir()] == ["figures.json"]  # nothing else is left


def test_what_is_not_known_is_named() -> None:
    script = str(ROOT / "tests" / "bench" / "log_formats.py")
    done = subprocess.run(
        [sys.executable, script, "--only", "redsi"], check=False, capture_output=True, text=True, timeout=50
    )
    assert done.returncode == 2
    assert "nothing is called redsi" in done.stderr


def test_values_that_differ_are_told_and_those_that_may_are_not(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    ours.write_text(
        '{"timestamp":"2026-03-01T06:00:00","message":"it failed\\nTraceback","status":200,"user":"a"}\n'
        '{"timestamp":"2026-03-01T06:00:01","message":"it works","status":404}\n'
    )
    theirs.write_text(
        '{"timestamp":"Mar  1","message":"it failed","status":"200","user":"b"}\n'
        '{"timestamp":"Mar  1","message":"it works","status":"404","user":"-"}\n'
    )
    assert differences(str(ours), str(theirs)) == "user differs in 1 of 2"


def test_entries_are_counted_by_what_begins_them(tmp_path: Path) -> None:
    log = tmp_path / "some.log"
    log.write_text("2026-03-01 06:00:00 [ERROR] no\nTraceback:\n2026-03-01 06:00:01 [INFO] yes\n")
    assert (base_entries(str(log)), lines_in(str(log))) == (2, 3)


def row(name: str) -> Row:
    """Return a row in which nobody runs anything."""
    names = (ONE_THREAD, TWO_THREADS, POLARS, DUCKDB)
    made = [Contender(Command(name, who, (), "", "", "none"), len) for who in names]
    return Row("start" if name == "start" else "formats", name, 100_000_000, made)


def results(**seconds: dict[str, float]) -> Results:
    """Return results with one round, in which each took so long; all logs are of one size."""
    found = Results([row(name) for name in ("start", *seconds)])
    found.figures[0].series[TWO_THREADS].samples.append(Sample(0.1, 0.1, 30))
    for figures in found.of("formats"):
        for name, series in figures.series.items():
            took = seconds[figures.row.name].get(name)
            if took is None:
                series.problem = "not installed"
            else:
                series.samples.append(Sample(took, took, 100))
                series.counted = 1000
    return found


def test_a_target_is_reached_or_missed_by_the_ratio() -> None:
    base = {ONE_THREAD: 2.0, TWO_THREADS: 1.0, POLARS: 2.0}
    found = results(base=base, asctime={**base, TWO_THREADS: 1.4}, redis={**base, TWO_THREADS: 4.0})
    verdicts = {aim.aim.partition(",")[0]: aim.reached for aim in aims(found)}
    assert verdicts == {
        "base: at least 2 times as fast as polars": True,
        "asctime: at most 1.5 times as long as the base format": True,
        "asctime: at least 2 times as fast as polars": False,
        "redis: at least 0.5 times as fast as polars": True,
        "peak memory under 200 MiB throughout": True,
    }


def test_what_is_missing_is_not_measured_and_work_that_is_not_done_is_a_target_missed() -> None:
    found = results(base={ONE_THREAD: 2.0, TWO_THREADS: 1.0})
    assert [aim.reached for aim in aims(found)] == [None, True]
    assert "missing" in formats_table(found)
    assert list(found.problems()) == []
    found.figures[1].series[POLARS].problem = "made 7, not 1000"
    assert [aim.reached for aim in aims(found)] == [False, True]
    assert "base: polars: made 7, not 1000" in formats_table(found)
    assert list(found.problems()) == ["base: polars: made 7, not 1000"]
