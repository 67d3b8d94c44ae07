"""Outputs are opened together, and none of them is another or an input."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from concli.errors import OutputError, UsageError
from concli.files import AppendedFile
from concli.logs.destination import Destination
from concli.logs.inputs import Input, expand


def inputs_of(*paths: Path) -> list[Input]:
    def fail(problem: object) -> None:
        raise AssertionError(problem)

    return list(expand(map(str, paths), fail))


@pytest.fixture
def path(tmp_path: Path) -> Callable[[str], str]:
    return lambda name: str(tmp_path / name)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    (tmp_path / "log").write_bytes(b"input")
    return tmp_path / "log"


def test_both_outputs_are_put_in_their_places_or_none(path: Callable[[str], str]) -> None:
    destination = Destination(path("out"), "jsonl", rejects=path("rejects"))
    for end, is_there in (("abort", False), ("commit", True)):
        outputs = destination.open([])
        for output in outputs.all():
            output.write([b"x"])
        getattr(outputs, end)()
        assert [os.path.exists(path(name)) for name in ("out", "rejects")] == [is_there, is_there]


@pytest.mark.parametrize("link", [os.link, os.symlink])
def test_an_input_is_no_output_under_any_name(
    link: Callable[[object, object], None], log: Path, path: Callable[[str], str]
) -> None:
    link(log, path("alias"))
    for destination in (Destination(path("alias")), Destination(path("out"), rejects=path("alias"))):
        with pytest.raises(OutputError, match="this is the input"):
            destination.open(inputs_of(log))
    assert log.read_bytes() == b"input"
    assert not list(log.parent.glob(".*.part"))


def test_the_rejects_are_not_the_output(path: Callable[[str], str]) -> None:
    with pytest.raises(OutputError, match="this is the output"):
        Destination(path("out"), rejects=path("out")).open([])


def test_a_rejects_file_that_cannot_be_opened_leaves_nothing(tmp_path: Path, path: Callable[[str], str]) -> None:
    with pytest.raises(OutputError, match="create it first"):
        Destination(path("out"), rejects=path("no/where")).open([])
    assert list(tmp_path.iterdir()) == []


def test_what_is_appended_to_is_kept_up_to_a_length(path: Callable[[str], str], tmp_path: Path) -> None:
    for name in ("out", "rejects"):
        (tmp_path / name).write_bytes(b"kept, cut")
    destination = Destination(path("out"), "jsonl", rejects=path("rejects"), appends=True)
    outputs = destination.open([], lambda name: 4 if name.endswith("out") else None)
    for output in outputs.all():
        assert isinstance(output, AppendedFile)
        assert not output.is_new
        output.write([b"!"])
    outputs.commit()
    assert (tmp_path / "out").read_bytes() == b"kept!"
    assert (tmp_path / "rejects").read_bytes() == b"kept, cut!"


@pytest.mark.parametrize(
    "destination", [Destination("o", "sqlite"), Destination("o", "parquet"), Destination("o", split_by="level")]
)
def test_what_is_no_one_text_file_is_not_appended_to(destination: Destination) -> None:
    with pytest.raises(UsageError, match="append to one text file"):
        destination._replace(appends=True).open([])


def test_columns_are_needed_where_all_entries_have_the_same() -> None:
    assert [to for to in ("text", "jsonl", "csv", "sqlite") if Destination(to=to).needs_columns] == ["csv", "sqlite"]
    assert not Destination(to="csv", columns=("message",)).needs_columns
    assert Destination(to="csv", columns=("message", "pid")).header() == b"message,pid\n"
    assert Destination(to="csv", columns=("message",), split_by="level").header() == b""


def test_a_database_has_the_columns(path: Callable[[str], str]) -> None:
    Destination(path("x.db"), "sqlite", ("message", "pid")).open([]).commit()
    with closing(sqlite3.connect(path("x.db"))) as database:
        assert [row[1] for row in database.execute("pragma table_info(entries)")] == ["message", "pid"]


def test_a_table_that_is_appended_to_keeps_its_columns(path: Callable[[str], str], tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b'message,"a,b"\n"x",\n')
    for to, columns in (("csv", ("message", "a,b")), ("tsv", ('message,"a,b"',))):
        assert Destination(path("out"), to, appends=True).columns_there() == columns
    assert Destination(path("out"), "csv").columns_there() is None
    assert Destination(path("none"), "csv", appends=True).columns_there() is None
