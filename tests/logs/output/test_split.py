"""One file a value, each whole or not there."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from concli.errors import OutputError, UsageError
from concli.files import Output
from concli.logs.output import split
from concli.logs.output.delimited import Csv
from concli.logs.output.jsonl import JsonLines
from concli.logs.output.split import Part, SplitOutput, SplitRenderer, distinct, file_name
from concli.logs.output.sqlite import Database, Rows
from tests.logs.output.rows import Row, all_of, entries_of

ROWS: list[Row] = [
    {"timestamp": b"2026-01-01T00:00:00Z", "level": b"INFO", "message": b"1", "user": b"ann"},
    {"timestamp": b"2026-01-02T00:00:00Z", "level": b"WARN", "message": b"2", "user": b"../bob"},
    {"timestamp": b"2026-01-01T23:00:00Z", "level": b"INFO", "message": b"3"},
    {"message": b"4", "user": b"ann"},
]


def write(target: Path, by: str, rows: list[Row] = ROWS) -> dict[str, list[str]]:
    render = SplitRenderer(JsonLines(), by)
    output = SplitOutput(str(target), by, ".jsonl", b"")
    entries = entries_of(rows)
    for keep in (all_of(entries), np.arange(entries.size) == 0):
        parts, _ = render(entries, keep)
        assert output.write(parts) == sum(map(len, parts))
    output.commit()
    return {
        path.name: [json.loads(line)["message"] for line in path.read_text().splitlines()]
        for path in (target if target.is_dir() else target.parent).iterdir()
    }


def test_entries_go_to_the_file_of_their_value_in_order(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("level", "day", "user", "none")]
    for folder in folders:
        folder.mkdir()
    assert write(folders[0], "level") == {"INFO.jsonl": ["1", "3", "1"], "WARN.jsonl": ["2"], "none.jsonl": ["4"]}
    days = {"2026-01-01.jsonl": ["1", "3", "1"], "2026-01-02.jsonl": ["2"], "none.jsonl": ["4"]}
    assert write(folders[1], "day") == days
    assert write(folders[2], "user") == {"ann.jsonl": ["1", "4", "1"], "_._bob.jsonl": ["2"], "none.jsonl": ["3"]}
    assert write(folders[3], "unknown") == {"none.jsonl": ["1", "2", "3", "4", "1"]}


def test_values_that_share_a_name_share_a_file_in_order(tmp_path: Path) -> None:
    rows: list[Row] = [{"message": b"%d" % n, "x": value} for n, value in enumerate([b"a/b", b"a b", b"a/b"])]
    assert write(tmp_path, "x", rows) == {"a_b.jsonl": ["0", "1", "2", "0"]}


def test_a_template_says_where_the_value_goes(tmp_path: Path) -> None:
    assert sorted(write(tmp_path / "out-{level}.log", "level")) == ["out-INFO.log", "out-WARN.log", "out-none.log"]


def test_each_file_has_the_header(tmp_path: Path) -> None:
    render = Csv()
    output = SplitOutput(str(tmp_path), "level", ".csv", render.header)
    entries = entries_of(ROWS)
    for _ in range(2):
        output.write(SplitRenderer(render, "level")(entries, all_of(entries))[0])
    output.commit()
    assert [path.read_bytes().count(render.header) for path in tmp_path.iterdir()] == [1, 1, 1]
    assert sorted(output.paths) == sorted(map(str, tmp_path.iterdir()))


def test_a_database_can_be_split_too(tmp_path: Path) -> None:
    output = SplitOutput(str(tmp_path), "level", ".db", b"", Database)
    entries = entries_of(ROWS)
    output.write(SplitRenderer(Rows(), "level")(entries, all_of(entries))[0])
    output.commit()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["INFO.db", "WARN.db", "none.db"]


def test_nothing_is_left_of_files_that_are_aborted(tmp_path: Path) -> None:
    output = SplitOutput(str(tmp_path), "level", ".log", b"")
    output.write([Part("a", [b"x"]), Part("b", [b"y"])])
    output.abort()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_put_in_its_place_takes_none_of_the_others_along(tmp_path: Path) -> None:
    output = SplitOutput(str(tmp_path), "level", ".log", b"")
    output.write([Part(name, [b"x"]) for name in "abc"])
    (tmp_path / "b.log").mkdir()
    (tmp_path / "b.log" / "in the way").touch()
    with pytest.raises(OutputError, match=r"b\.log"):
        output.commit()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.log", "b.log"]


def test_too_many_values_are_one_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(split, "MOST_FILES", 2)
    output = SplitOutput(str(tmp_path), "user", ".log", b"")
    with pytest.raises(OutputError, match="--split-by user: there are more than 2 values"):
        output.write([Part(name, [b"x"]) for name in "abc"])
    output.abort()
    entries = entries_of(ROWS)
    with pytest.raises(OutputError, match="more than 2 values"):
        SplitRenderer(JsonLines(), "user")(entries, all_of(entries))


@pytest.mark.parametrize("target", [None, "-"])
def test_standard_output_cannot_be_split(target: str | None) -> None:
    with pytest.raises(UsageError, match=r"\{level\}"):
        SplitOutput(target, "level", ".log", b"")


@given(st.binary())
def test_a_name_never_leads_elsewhere(value: bytes) -> None:
    name = file_name(value)
    assert name not in ("", ".", "..")
    assert not set(name) & set("/\\\0")
    assert len(name.encode()) <= 240


@given(st.lists(st.none() | st.binary(max_size=40), max_size=40))
def test_distinct_values_are_numbered(values: list[bytes | None]) -> None:
    made = entries_of([{"x": b""}, *({} if value is None else {"x": value} for value in values)], padding=0)
    names, numbers = distinct(made.fields["x"])
    assert [names[number] for number in numbers.tolist()] == [b"", *(value or b"" for value in values)]
    assert len(set(names)) == len(names)


def test_it_is_an_output(tmp_path: Path) -> None:
    output: Output = SplitOutput(str(tmp_path), "level", ".log", b"")
    output.cancel()
    assert output.stat().st_ino == tmp_path.stat().st_ino
