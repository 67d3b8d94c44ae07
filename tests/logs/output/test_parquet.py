"""A Parquet file has a row for each entry, with numbers where all are numbers; or is not there."""

import importlib.util
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from concli.errors import UsageError
from concli.logs.output import parquet
from concli.logs.output.parquet import ParquetFile, Tables
from tests.logs.output.rows import KINDS, Row, all_of, entries_of, rows

needs_pyarrow = pytest.mark.skipif(importlib.util.find_spec("pyarrow") is None, reason="needs pyarrow")
COLUMNS = ("timestamp", "level", "message", "field", "json", "none")


def fill(path: Path, parts: list[list[Row]], columns: tuple[str, ...]) -> Any:
    reader = pytest.importorskip("pyarrow.parquet")
    file, make = ParquetFile(str(path), columns), Tables(columns)
    for part in parts:
        entries = entries_of(part, {**KINDS, "n": "number"})
        file.write(make(entries, all_of(entries))[0])
    file.commit()
    assert [made.name for made in path.parent.iterdir()] == [path.name]
    return reader.read_table(path)


@needs_pyarrow
@settings(deadline=None, max_examples=30)
@given(made=rows())
def test_a_row_has_what_its_entry_has(tmp_path_factory: pytest.TempPathFactory, made: list[Row]) -> None:
    def text_of(row: Row, name: str) -> str | None:
        if name not in row or (name == "level" and not row[name]):
            return None
        return re.sub("[\udc80-\udcff]", "\ufffd", row[name].decode("utf-8", "surrogateescape"))

    table = fill(tmp_path_factory.mktemp("parquet") / "out.parquet", [made, made], COLUMNS)
    assert table.to_pylist() == [{name: text_of(row, name) for name in COLUMNS} for row in made] * 2


@needs_pyarrow
@pytest.mark.parametrize("group_rows", [1, 200_000])
@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ([b"1", b"-2"], [1, -2]),
        ([b"1", b"2.5"], [1.0, 2.5]),
        ([b"1", b"007"], ["1", "007"]),
        ([None, b"1", b"x"], [None, "1", "x"]),
        ([None, b"5"], [None, 5]),
        ([b"1.5", None, b"1e3"], [1.5, None, 1000.0]),
        ([b"123456789012345678901", b"2"], ["123456789012345678901", "2"]),
        ([None], [None]),
        ([], []),
    ],
)
def test_the_type_of_a_column_is_that_of_all_its_values(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group_rows: int, numbers: list[bytes | None], expected: list[Any]
) -> None:
    monkeypatch.setattr(parquet, "_GROUP_ROWS", group_rows)
    parts: list[list[Row]] = [[{} if number is None else {"n": number}] for number in numbers]
    got = fill(tmp_path / "out.parquet", parts, ("n",)).column("n").to_pylist()
    assert got == expected
    assert list(map(type, got)) == list(map(type, expected))


@needs_pyarrow
def test_nothing_is_left_of_one_that_is_aborted(tmp_path: Path) -> None:
    file, make = ParquetFile(str(tmp_path / "out.parquet")), Tables()
    entries = entries_of([{"level": b"\xff", "message": b"x"}])
    tables, replaced = make(entries, all_of(entries))
    file.write([*tables, b""])
    file.abort()
    assert (replaced, list(tmp_path.iterdir())) == (1, [])


def test_without_pyarrow_it_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UsageError, match=r"pip install 'concli\[parquet\]'"):
        Tables()
