"""A database has a row for each entry, or is not there."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from concli.errors import OutputError
from concli.logs.output.sqlite import Database, RowBatch, Rows
from tests.logs.output.rows import KINDS, Row, all_of, entries_of, rows

COLUMNS = ("timestamp", "level", "message", "field", "json", "odd key", 'q"', "none")


def read(path: Path, query: str = "SELECT * FROM entries ORDER BY rowid") -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute(query).fetchall()


def fill(path: Path, made: list[Row], columns: tuple[str, ...]) -> int:
    database, make = Database(str(path), columns), Rows(columns)
    entries = entries_of(made, {**KINDS, "n": "number"})
    replaced = 0
    for _ in range(2):
        batches, count = make(entries, all_of(entries))
        assert database.write(batches) == sum(map(len, batches))
        replaced += count
    database.commit()
    return replaced


@settings(deadline=None, max_examples=30)
@given(made=rows())
def test_a_row_has_what_its_entry_has(tmp_path_factory: pytest.TempPathFactory, made: list[Row]) -> None:
    def text_of(row: Row, name: str) -> str | None:
        if name not in row or (name == "level" and not row[name]):
            return None
        return re.sub("[\udc80-\udcff]", "\ufffd", row[name].decode("utf-8", "surrogateescape"))

    path = tmp_path_factory.mktemp("database") / "out.db"
    fill(path, made, COLUMNS)
    assert read(path) == [tuple(text_of(row, name) for name in COLUMNS) for row in made] * 2


def test_numbers_are_numbers_where_they_fit(tmp_path: Path) -> None:
    numbers = [b"1", b"-2.5", b"007", b"9223372036854775807", b"9223372036854775808", b"1e999", b"1e3"]
    fill(tmp_path / "out.db", [{"n": number} for number in numbers], ("n",))
    expected = [1, -2.5, "007", 2**63 - 1, "9223372036854775808", "1e999", 1000.0]
    assert read(tmp_path / "out.db") == [(number,) for number in expected] * 2


def test_columns_that_differ_in_case_alone_are_told_apart(tmp_path: Path) -> None:
    fill(tmp_path / "out.db", [{"a": b"1", "A": b"2"}], ("a", "A", 'x"y'))
    assert read(tmp_path / "out.db", 'SELECT a, A_2, "x""y" FROM entries LIMIT 1') == [("1", "2", None)]


def test_bytes_that_are_not_utf8_are_counted(tmp_path: Path) -> None:
    assert fill(tmp_path / "out.db", [{"level": b"\xff", "message": b"\xff\xfe"}], ("level", "message")) == 6


def test_nothing_is_left_of_one_that_is_aborted(tmp_path: Path) -> None:
    (tmp_path / "out.db").write_bytes(b"old")
    database = Database(str(tmp_path / "out.db"))
    database.write([RowBatch([("a", "b", "c")], 3), b""])
    database.abort()
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]


def test_what_sqlite_refuses_is_an_output_error_that_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="too many columns"):
        Database(str(tmp_path / "out.db"), [str(number) for number in range(3000)])
    database = Database(str(tmp_path / "out.db"))
    with pytest.raises(OutputError):
        database.write([RowBatch([("too", "few")], 1)])
    database.abort()
    assert list(tmp_path.iterdir()) == []
